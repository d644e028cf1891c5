// The bridge to Loki, from a topic that is full to the last line acknowledged, beside a naive loop over the same records.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { TOPICS, replayTopic } from '@runlight/contracts/topics'
import { startKafka } from '../fixtures/kafka.ts'
import type { TestKafka } from '../fixtures/kafka.ts'
import { startLoki } from '../fixtures/loki.ts'
import type { TestLoki } from '../fixtures/loki.ts'
import { freePorts, startProcess, temporaryFolder, until } from '../fixtures/server-process.ts'
import type { Figure, Measurement } from './figures.ts'

export interface LokiBridgeOptions {
  lines: number
  /** Runs that the lines belong to; each has two nodes. */
  runs: number
}

const PARTITIONS = 4
/** As in the measurements of others that docs/performance.md names. */
const LINE_BYTES = 293
const CHUNK = 5_000

export async function measureLokiBridge({ lines, runs }: LokiBridgeOptions): Promise<Measurement> {
  const before = loadavg()[0] ?? 0
  const [kafka, loki] = await Promise.all([startKafka(), startLoki()])
  try {
    await fill(kafka, lines, runs)
    const figures = [await naive(kafka, loki, lines), await bridge(kafka, loki, lines)]
    const load: [number, number] = [before, loadavg()[0] ?? 0]
    return { name: `bus to Loki, ${runs} runs`, lines, load, cpus: cpus().length, figures }
  } finally {
    await Promise.all([kafka.stop(), loki.stop()])
  }
}

async function fill(kafka: TestKafka, lines: number, runs: number): Promise<void> {
  const topics = [TOPICS.logs, replayTopic('loki')]
  await kafka.createTopics([
    { topic: TOPICS.logs, partitions: PARTITIONS },
    { topic: replayTopic('loki'), partitions: 1 },
    { topic: TOPICS.deadLetters, partitions: 1 },
    { topic: TOPICS.generations, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ])
  const producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const createdAt = new Date().toISOString()
  const generations = topics.map((topic) => {
    return { key: topic, value: JSON.stringify({ schemaVersion: 1, topic, generation: 'measured', createdAt }) }
  })
  await producer.send({ topic: TOPICS.generations, messages: generations })
  for (let from = 0; from < lines; from += CHUNK) {
    const messages = Array.from({ length: Math.min(CHUNK, lines - from) }, (_, index) => line(from + index, runs))
    await producer.send({ topic: TOPICS.logs, messages })
  }
  await producer.disconnect()
}

function line(number: number, runs: number): { key: string; value: string; partition: number } {
  const run = number % runs
  const entry = {
    ...{ schemaVersion: 1, type: 'task', orgId: 'acme', runId: `run-${run}`, execution: 1, attempt: 1 },
    nodeRef: Math.floor(number / runs) % 2 ? 'fetch' : 'join',
    ...{ timestamp: new Date().toISOString(), level: 'info', stream: 'stdout' },
    producer: { id: `producer-${run}`, seq: Math.floor(number / runs) + 1 },
    message: '',
  }
  const room = LINE_BYTES - JSON.stringify(entry).length
  entry.message = `line ${number} `.padEnd(room, 'the quick brown fox ').slice(0, room)
  return { key: entry.runId, value: JSON.stringify(entry), partition: run % PARTITIONS }
}

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url))

async function naive(kafka: TestKafka, loki: TestLoki, lines: number): Promise<Figure> {
  const place = [kafka.brokers[0] ?? '', TOPICS.logs, loki.url.origin, String(lines)]
  const child = spawn(process.execPath, ['--import', 'tsx', script('naive-loki.ts'), ...place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The naive loop ended with ${code}.`)
  const found = JSON.parse(output) as { lines: number; seconds: number; cpuSeconds: number; peakMiB: number }
  return {
    what: 'naive loop, nothing committed',
    linesPerSecond: found.lines / found.seconds,
    cpuSecondsPerMillion: (found.cpuSeconds / found.lines) * 1e6,
    peakMiB: found.peakMiB,
  }
}

interface Sample {
  at: number
  delivered: number
  cpuSeconds: number
}

async function bridge(kafka: TestKafka, loki: TestLoki, lines: number): Promise<Figure> {
  const [port] = (await freePorts(1)) as [number]
  const folder = await temporaryFolder('bench')
  const own = await startProcess({
    file: process.execPath,
    args: ['--import', 'tsx', script('../../packages/bridges/loki/src/main.ts')],
    folder,
    env: {
      LOG_KAFKA_BROKERS: kafka.brokers.join(','),
      RUNLIGHT_LOKI_URL: loki.url.href,
      RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
      RUNLIGHT_LOG_LEVEL: 'warn',
    },
  })
  try {
    const first = await reached(port, 1)
    const last = await reached(port, lines)
    const count = last.delivered - first.delivered
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${own.pid}/status`, 'utf8'))?.[1]
    return {
      what: 'bridge to Loki, everything committed',
      linesPerSecond: (count / (last.at - first.at)) * 1000,
      cpuSecondsPerMillion: ((last.cpuSeconds - first.cpuSeconds) / count) * 1e6,
      peakMiB: Number(peak) / 1024,
    }
  } finally {
    await own.kill()
    await folder.remove()
  }
}

/** Waits until so many lines are acknowledged. */
async function reached(port: number, lines: number): Promise<Sample> {
  let sample: Sample | undefined
  await until(async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const value = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
        (sum, own) => sum + Number(own[1]),
        0,
      )
    sample = {
      at: performance.now(),
      delivered: value('runlight_bridge_records_delivered_total'),
      cpuSeconds: value('process_cpu_seconds_total'),
    }
    if (sample.delivered < lines) throw new Error(`${sample.delivered} of ${lines} lines are acknowledged.`)
  }, 900_000)
  return sample as Sample
}
