// From the worker's line to those who follow its run, over the bus, the bridge and the store.

import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { METRICS } from '@runlight/contracts/metrics'
import { ROLES } from '@runlight/contracts/tables'
import { openTelemetry } from '@runlight/sdk/telemetry'
import { startDeliveryStack } from '../delivery/delivery-stack.ts'
import type { DeliveryStack } from '../delivery/delivery-stack.ts'
import { until } from '../fixtures/server-process.ts'
import { startApiProcess } from '../reading/api-process.ts'
import type { ApiProcess } from '../reading/api-process.ts'
import { startFollowers } from './followers.ts'
import { histogramOf, keepCommitTimes, split, withinBounds } from './live-split.ts'
import { timings } from './reading.ts'
import type { Reading, ReadingFigure } from './reading.ts'

export interface ReadLiveOptions {
  linesPerSecond: number
  followers: number
  /** How long lines flow, and how much of that is not counted at first. */
  seconds: number
  warmUpSeconds: number
  /** Heap of the API, in MiB. */
  heapMiB: number
}

/** So many of the followers read what they get; the others only take the bytes. */
const PARSING = 5

/** Enough for the bridges not to be what is measured. */
const MEMORY = {
  loki: { memoryMiB: 1_024, heapMiB: 512 },
  postgres: { memoryMiB: 2_048, heapMiB: 1_280 },
}

export async function measureLive(options: ReadLiveOptions): Promise<Reading> {
  const before = loadavg()[0] ?? 0
  const stack = await startDeliveryStack({ memory: MEMORY })
  let api: ApiProcess | undefined
  try {
    await keepCommitTimes(stack)
    await stack.startBridge('postgres')
    api = await startApiProcess({
      postgresUrl: stack.postgres.url(ROLES.reader),
      brokers: stack.kafka.brokers,
      heapMiB: options.heapMiB,
    })
    const figures = [
      ...(await follow(stack, api, options, 1, 'of one run')),
      ...(await follow(stack, api, options, options.followers, 'of a run each')),
    ]
    const load: [number, number] = [before, loadavg()[0] ?? 0]
    const { linesPerSecond, followers } = options
    const about = `${linesPerSecond} lines a second in all, ${followers} followers`
    return { name: 'From a line to who follows it', about, load, cpus: cpus().length, figures }
  } finally {
    await api?.stop()
    await stack.stop()
  }
}

async function follow(
  { kafka: { brokers }, sql }: DeliveryStack,
  api: ApiProcess,
  { linesPerSecond, followers: count, seconds, warmUpSeconds }: ReadLiveOptions,
  runs: number,
  what: string,
): Promise<ReadingFigure[]> {
  const telemetry = openTelemetry({ brokers, limits: false, closeOnExit: false })
  const runIds = Array.from({ length: runs }, (_, index) => `run-${runs}-${index}`)
  const contexts = runIds.map((runId) => telemetry.context({ runId, nodeRef: 'build' }))
  for (const context of contexts) context.logger.info('the first line')
  const streamOf = (runId: string) => `${api.url}/workflows/runs/${runId}/stream`
  await until(async () => {
    for (const runId of runIds) {
      const { ok } = await fetch(`${api.url}/workflows/runs/${runId}/logs?limit=1`)
      if (!ok) throw new Error(`${runId} is not stored yet.`)
    }
  })
  const addresses = Array.from({ length: count }, (_, index) => streamOf(runIds[index % runs] as string))
  const followers = await startFollowers({ addresses, parsing: PARSING })
  try {
    const stop = new AbortController()
    let line = 0
    const flowing = (async () => {
      const begun = performance.now()
      while (!stop.signal.aborted) {
        const due = ((performance.now() - begun) * linesPerSecond) / 1000
        for (; line < due; line++) {
          contexts[line % runs]?.logger.info(`line ${line} `.padEnd(100, 'the quick brown fox '))
        }
        await sleep(5)
      }
    })()
    await sleep(warmUpSeconds * 1_000)
    await followers.seen()
    const written = await histogramOf(api.url, METRICS.streamLatency.name)
    const [cpu, from, at] = [api.cpu(), line, performance.now()]
    await sleep((seconds - warmUpSeconds) * 1_000)
    const spent = (performance.now() - at) / 1_000
    const [used, said] = [(api.cpu() - cpu) / spent, (line - from) / spent]
    const seen = await followers.seen()
    const writtenNow = await histogramOf(api.url, METRICS.streamLatency.name)
    stop.abort()
    await flowing
    const read = seen.lines.reduce((sum, own) => sum + own, 0) / spent
    return [
      { what: `followers ${what}: lines said`, value: said, unit: 'lines/s' },
      { what: `lines that each of the ${PARSING} who read them got`, value: read / PARSING, unit: 'lines/s' },
      ...timings('from the line to the follower', seen.latencies, 250),
      ...(await split(sql, { from: `run-${runs}-`, below: `run-${runs}.` }, seen.received)),
      ...withinBounds(written, writtenNow, [100, 250, 500]),
      { what: "  lateness of the followers' own timers, p50", value: seen.late[0], unit: 'ms' },
      { what: "  lateness of the followers' own timers, p99", value: seen.late[1], unit: 'ms' },
      { what: 'gaps', value: seen.gaps, unit: '', target: 0 },
      { what: 'CPU of the API a second', value: used, unit: 'CPU s' },
      {
        what: 'to all followers',
        value: seen.bytes.reduce((sum, own) => sum + own, 0) / spent / 1024 ** 2,
        unit: 'MiB',
      },
    ]
  } finally {
    await followers.stop()
    await telemetry.close(60_000)
  }
}
