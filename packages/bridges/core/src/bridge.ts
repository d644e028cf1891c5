// A bridge from start to stop: connections, health, metrics, and the consumption between them.

import type { Environment } from '@runlight/contracts/environment'
import { consumerGroup } from '@runlight/contracts/topics'
import { serveEndpoints } from '@runlight/service/endpoints'
import type { Checks } from '@runlight/service/endpoints'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import type { RunningService } from '@runlight/service/run'
import type { Kafka } from 'kafkajs'
import { STALL_MS, consume } from './consume.ts'
import type { Consumption } from './consume.ts'
import type { BatchLimits } from './queue.ts'
import { DeadLetterWriter } from './dead-letters.ts'
import { DecodedBudget } from './decoded-budget.ts'
import { readGenerations } from './generations.ts'
import { createKafka } from './kafka-client.ts'
import { watchLag } from './lag.ts'
import { MemoryBudget } from './memory.ts'
import { createBridgeMetrics } from './metrics.ts'
import { consumedTopics } from './sink.ts'
import type { Sink } from './sink.ts'
import { noLongerThan, untilDone } from './until-done.ts'

/** Variables that every bridge reads. */
export const BRIDGE_VARIABLES = [
  'brokers',
  'logTopic',
  'eventTopic',
  'deadLetterTopic',
  'generationsTopic',
  'sessionSeconds',
  'listen',
  'instance',
  'logLevel',
] as const

export interface BridgeSettings {
  environment: Environment<(typeof BRIDGE_VARIABLES)[number]>
  version: string
  log: Log
  metrics: Metrics
  sink: Sink
  limits: BatchLimits
  /** How long the consumer may stand still before the process ends, in milliseconds. */
  stallMillis?: number
}

/** How long connections may take to close when the process stops, in milliseconds. */
const CLOSE_DEADLINE_MS = 2_000

/** Records taken from the bus and not yet stored, over all partitions, in bytes. */
const MEMORY_BYTES = 32 * 1024 * 1024
/** Of them decoded, or made of what was decoded, at the same time. */
const DECODED_BYTES = 32 * 1024 * 1024

/**
 * The life of a bridge; /healthz and /readyz tell where it is.
 *
 *   starting  health is served; waits for the topics' generations, then for its group and its first assignment
 *   running   is in its group: fetches, delivers, commits
 *   pausing   has no partitions: the group is being rebalanced, or the broker is away. Fetches nothing; what is under way
 *             ends, but is not acknowledged any more: whoever gets the partition delivers it again, and changes nothing
 *   draining  was asked to stop: fetches nothing, ends the batches under way, commits them; the rest is for the next one
 *   stopped   left the group, closed its connections
 *   failed    can't go on: the process ends with exit code 1 and the reason as the last line of its log
 *
 * A partition whose batch the store does not take is no state of the bridge: that partition alone is repeated and, once
 * it holds its share of memory, not fetched any more.
 */
export type BridgeState = 'starting' | 'running' | 'pausing' | 'draining' | 'stopped' | 'failed'

/** Starts a bridge. It answers /healthz and /metrics at once, /readyz once it is in its group and its store answers. */
export async function startBridge(settings: BridgeSettings): Promise<RunningService> {
  const { environment: env, version, log, metrics, sink, limits, stallMillis = STALL_MS } = settings
  const bridgeMetrics = createBridgeMetrics(metrics, sink)
  const kafka = createKafka({ brokers: env.brokers, clientId: `runlight-bridge-${sink.name}-${env.instance}`, log })
  const admin = kafka.admin({ retry: { retries: 3 } })
  const deadLetters = new DeadLetterWriter(kafka, env.deadLetterTopic, sink.name)
  const memory = new MemoryBudget(MEMORY_BYTES, (taken) => bridgeMetrics.inFlight.set({ sink: sink.name }, taken))
  const decoded = new DecodedBudget(DECODED_BYTES)
  let state: BridgeState = 'starting'
  let consumption: Consumption | undefined = undefined
  const abort = new AbortController()
  const { failed, fail } = failure(() => {
    state = 'failed'
    abort.abort()
  })

  const endpoints = await serveEndpoints({
    listen: env.listen,
    component: `bridge-${sink.name}`,
    version,
    registry: metrics.registry,
    state: () => (state === 'running' && !consumption?.joined() ? 'pausing' : state),
    live: () => liveChecks(consumption?.stillFor() ?? 0, stallMillis),
    ready: () => readyChecks(sink, consumption?.joined() ?? false),
  })
  log.info({ port: endpoints.port }, 'Health and metrics are served.')

  const starting = { log, signal: abort.signal }
  const generations = await untilDone({ ...starting, what: 'Reading the generations of the topics' }, () =>
    knownGenerations(kafka, env.generationsTopic, sink),
  )
  await untilDone({ ...starting, what: 'Connecting to the broker' }, () => admin.connect())
  const groupId = consumerGroup(sink.name)
  const stored = new Map<string, bigint>()
  consumption = await Promise.race([
    consume({
      ...{
        kafka,
        admin,
        generations,
        sink,
        deadLetters,
        memory,
        decoded,
        log,
        limits,
        fail,
        groupId,
        stored,
        stallMillis,
      },
      starting: abort.signal,
      sessionTimeout: env.sessionSeconds * 1000,
      metrics: bridgeMetrics,
      readGenerations: () => readGenerations(kafka, env.generationsTopic),
    }),
    failed,
  ])
  const { lanes, stop, brokerAnswered } = consumption
  const stopLag = watchLag({ admin, sink, lanes, metrics: bridgeMetrics, onAnswer: brokerAnswered })
  if (state === 'starting') state = 'running'

  return {
    ended: failed,
    stop: async () => {
      if (state !== 'failed') state = 'draining'
      stopLag()
      await stop()
      // A broker that is away must not hold up the end; everything that counts has been done.
      await noLongerThan(CLOSE_DEADLINE_MS, Promise.allSettled([deadLetters.close(), admin.disconnect(), sink.close()]))
      state = 'stopped'
      await endpoints.close()
    },
  }
}

/** A promise that only ever rejects: with the first reason for which the bridge can't go on. */
function failure(onFailure: () => void): { failed: Promise<never>; fail: (cause: unknown) => void } {
  let reject: (cause: unknown) => void = () => undefined
  const failed = new Promise<never>((_, refuse) => (reject = refuse))
  failed.catch(() => undefined)
  return {
    failed,
    fail: (cause) => {
      onFailure()
      reject(cause)
    },
  }
}

function liveChecks(still: number, stallMillis: number): Checks {
  const ok = still <= stallMillis
  return {
    consumer: ok
      ? { ok }
      : { ok, detail: `It, or the writer of dead letters, has stood still for ${Math.round(still / 1000)} s.` },
  }
}

async function readyChecks(sink: Sink, joined: boolean): Promise<Checks> {
  const store = await sink.check().then(
    () => ({ ok: true }),
    (cause: unknown) => ({ ok: false, detail: (cause as Error).message }),
  )
  const group = joined ? { ok: true } : { ok: false, detail: 'This instance is not a member of its consumer group.' }
  return { [sink.name]: store, group }
}

// Without its generation a record without a producer has no identity, so nothing is taken before provision has run.
async function knownGenerations(kafka: Kafka, topic: string, sink: Sink): Promise<ReadonlyMap<string, string>> {
  const generations = await readGenerations(kafka, topic)
  const missing = consumedTopics(sink).filter((own) => !generations.has(own))
  if (missing.length === 0) return generations
  throw new Error(`${missing.join(', ')}: no generation is known yet. Run provision if this does not end.`)
}
