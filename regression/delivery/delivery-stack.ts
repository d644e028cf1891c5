// What the scenarios run on: a real broker, Loki and PostgreSQL, provisioned as `up` does it, and bridges as processes.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Admin } from 'kafkajs'
import type { Sql } from 'postgres'
import { consumerGroup, TOPICS } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import { startKafka } from '../fixtures/kafka.ts'
import type { TestKafka, TestKafkaOptions } from '../fixtures/kafka.ts'
import { startLoki } from '../fixtures/loki.ts'
import type { LokiSettings, TestLoki } from '../fixtures/loki.ts'
import { startPostgres } from '../fixtures/postgres.ts'
import type { TestPostgres } from '../fixtures/postgres.ts'
import { until } from '../fixtures/server-process.ts'
import { startBridgeProcess } from './bridge-process.ts'
import type { BridgeProcess } from './bridge-process.ts'

export interface DeliveryStack {
  kafka: TestKafka
  loki: TestLoki
  postgres: TestPostgres
  /** As the superuser. */
  sql: Sql
  admin: Admin
  /** Those that are meant to run. */
  bridges: BridgeProcess[]
  startBridge: (sink: SinkName, env?: Readonly<Record<string, string>>) => Promise<BridgeProcess>
  /** The command, with its verb and options; gives what it changed. @throws with its own words */
  provision: (...args: string[]) => Promise<string[]>
  /** Largest resident memory of any bridge of a sink so far, in MiB. */
  peakMemory: (sink: SinkName) => number
  /** What a bridge of a sink may take, in MiB. */
  memoryLimit: (sink: SinkName) => number
  stop: () => Promise<void>
}

/** The topics that a sink takes. */
export const SINK_TOPICS: Readonly<Record<SinkName, readonly string[]>> = {
  loki: [TOPICS.logs],
  postgres: [TOPICS.logs, TOPICS.events],
}

const run = promisify(execFile)

export interface DeliverySettings {
  kafka?: TestKafkaOptions
  loki?: LokiSettings
  /** More variables of the bridges and of provision. */
  env?: Readonly<Record<string, string>>
  /** What each bridge gets in a stack, in MiB. */
  memory: Readonly<Record<SinkName, { memoryMiB: number; heapMiB: number }>>
}

/** Starts the servers and provisions them; bridges are the scenario's to start. */
export async function startDeliveryStack(settings: DeliverySettings): Promise<DeliveryStack> {
  const [kafka, postgres, loki] = await Promise.all([
    startKafka(settings.kafka),
    startPostgres(),
    startLoki(settings.loki),
  ])
  const folder = await mkdtemp(join(tmpdir(), 'runlight-delivery-'))
  const password = join(folder, 'password')
  await writeFile(password, 'unused: every role is trusted')
  const env = {
    LOG_KAFKA_BROKERS: kafka.brokers.join(','),
    RUNLIGHT_LOKI_URL: loki.url.href,
    RUNLIGHT_LOG_LEVEL: 'info',
    // What has to be waited for after SIGKILL.
    RUNLIGHT_BRIDGE_SESSION_SECONDS: '3',
    ...Object.fromEntries(
      ['', 'WRITER_', 'READER_', 'GRAFANA_'].map((role) => [`RUNLIGHT_POSTGRES_${role}PASSWORD_FILE`, password]),
    ),
    ...settings.env,
  }
  const provision = async (...args: string[]): Promise<string[]> => {
    const main = fileURLToPath(new URL('../../packages/provision/src/main.ts', import.meta.url))
    const { stdout } = await run(process.execPath, ['--import', 'tsx', main, ...args], {
      env: { ...process.env, ...env, RUNLIGHT_POSTGRES_URL: postgres.url().href },
    })
    // What it had to wait for stands before its report.
    return (JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { changes: string[] }).changes
  }
  await provision('up')
  const sql = postgres.connect()
  const admin = kafka.client().admin({ retry: { retries: Number.MAX_SAFE_INTEGER, maxRetryTime: 1_000 } })
  await admin.connect()
  const bridges: BridgeProcess[] = []
  const all: BridgeProcess[] = []
  return {
    ...{ kafka, loki, postgres, sql, admin, bridges, provision },
    startBridge: async (sink, more = {}) => {
      const own = {
        ...env,
        RUNLIGHT_POSTGRES_URL: postgres.url('runlight_writer').href,
        NODE_OPTIONS: `--max-old-space-size=${settings.memory[sink].heapMiB}`,
        ...more,
      }
      const bridge = await startBridgeProcess(sink, String(all.length), own)
      bridges.push(bridge)
      all.push(bridge)
      return bridge
    },
    peakMemory: (sink) => Math.max(0, ...all.filter((own) => own.sink === sink).map((own) => own.peakMemory())),
    memoryLimit: (sink) => settings.memory[sink].memoryMiB,
    stop: async () => {
      await Promise.all(all.map((bridge) => bridge.kill()))
      await admin.disconnect()
      await sql.end({ timeout: 1 })
      await Promise.all([kafka.stop(), postgres.stop(), loki.stop(), ...all.map((bridge) => bridge.forget())])
      await rm(folder, { recursive: true })
    },
  }
}

/** First offset that a sink's group has not committed, for each partition of a topic. */
export async function committedOffsets(
  { admin }: DeliveryStack,
  sink: SinkName,
  topic: string,
): Promise<Map<number, number>> {
  // A coordinator that has just started may still be loading its groups; kafkajs does not ask again by itself.
  const answers = await firstAnswer(() => admin.fetchOffsets({ groupId: consumerGroup(sink), topics: [topic] }))
  const partitions = answers.flatMap((answer) => answer.partitions)
  return new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
}

async function firstAnswer<T>(ask: () => Promise<T>): Promise<T> {
  let answer: T | undefined
  await until(async () => (answer = await ask()))
  return answer as T
}

/** How many records the sinks' groups have committed, and how many there are, over all topics. */
export async function progress(
  stack: DeliveryStack,
  sinks: readonly SinkName[] = ['loki', 'postgres'],
): Promise<{ committed: number; total: number }> {
  let committed = 0
  let total = 0
  for (const sink of sinks) {
    for (const topic of SINK_TOPICS[sink]) {
      const done = await committedOffsets(stack, sink, topic)
      for (const { partition, high } of await stack.admin.fetchTopicOffsets(topic)) {
        committed += done.get(partition) ?? 0
        total += Number(high)
      }
    }
  }
  return { committed, total }
}

const STUCK_MS = 120_000
const LOOK_MS = 100

/**
 * Waits until a condition on the progress holds.
 * @throws Error with the ends of the bridges' logs when nothing has moved for two minutes, or a bridge has ended
 */
export async function untilProgress(
  stack: DeliveryStack,
  what: string,
  reached: (progress: { committed: number; total: number }) => boolean,
  sinks?: readonly SinkName[],
): Promise<void> {
  let last = ''
  let moved = Date.now()
  const ended = new Set<BridgeProcess>()
  for (const bridge of stack.bridges) void bridge.exited.then(() => ended.add(bridge))
  for (;;) {
    const now = await progress(stack, sinks)
    if (reached(now)) return
    const text = JSON.stringify(now)
    if (text !== last) moved = Date.now()
    last = text
    const dead = stack.bridges.filter((bridge) => ended.has(bridge))
    if (dead.length > 0 || Date.now() - moved > STUCK_MS) {
      const why = dead.length > 0 ? 'a bridge has ended' : 'nothing has moved for two minutes'
      const tails = stack.bridges.map(({ sink, instance, log }) => `${sink} ${instance}:\n${log().slice(-3_000)}`)
      throw new Error(`While waiting for ${what} (${text}), ${why}.\n${tails.join('\n')}`)
    }
    await sleep(LOOK_MS)
  }
}

/** Waits until everything on the bus is stored and committed. */
export function untilDelivered(stack: DeliveryStack, sinks?: readonly SinkName[]): Promise<void> {
  return untilProgress(stack, 'everything to be stored', ({ committed, total }) => committed >= total, sinks)
}
