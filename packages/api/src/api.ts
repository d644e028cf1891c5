// The API with everything that it asks: connected, listening, and taken down again.

import type { LabelMode } from '@runlight/contracts/labels'
import type { ComponentPage } from '@runlight/contracts/variable'
import type { Log } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { FastifyInstance } from 'fastify'
import manifest from '../package.json' with { type: 'json' }
import { connectLetterBus } from './dead-letters/bus.ts'
import { settledLoki } from './dead-letters/settled.ts'
import { createControl } from './engine/control.ts'
import { listenForPositions } from './live/listener.ts'
import { Live } from './live/live.ts'
import { connectLoki } from './past/loki-query.ts'
import { readinessChecks } from './readiness.ts'
import { createServer } from './server.ts'
import { connectBus } from './status/bus.ts'
import { lokiHealth, lokiVersion } from './status/loki.ts'
import { rememberSettled } from './status/telemetry.ts'
import { componentPages } from './status/pages.ts'
import { connectTemporal, createEngine } from './status/temporal.ts'
import { DEFAULT_POOL, openDatabase } from './store/database.ts'
import type { DatabaseSettings } from './store/database.ts'

export interface ApiSettings {
  listen: { host: string; port: number }
  postgres: Pick<DatabaseSettings, 'url' | 'password'> & Partial<DatabaseSettings>
  /** Where announcements are listened for, when `postgres` leads through a connection pooler. */
  postgresDirectUrl?: URL
  lokiUrl: URL
  /** How the Loki bridge labels its streams. */
  lokiLabels: LabelMode
  temporal: { address: string; namespace: string }
  /** How runs are started: the task queue of their worker, and what the ids begin with that they are given. */
  start: { taskQueue: string; runPrefix: string }
  /** Readiness pages of components whose health and version are told. */
  componentPages?: readonly ComponentPage[]
  brokers: string[]
  topics: { logs: string; events: string }
  deadLetterTopic: string
  live?: Partial<LiveBounds>
  /** Origins besides its own from which browsers may use it, as they write them. */
  origins?: readonly string[]
  /** How long a reader may take nothing of its answer, in milliseconds; streams have a bound of their own. */
  stalledMs?: number
  /** Name of this instance among several. */
  instance: string
  log: Log
}

/** Bounds of the live streams. */
export interface LiveBounds {
  /** Most streams at a time. */
  streams: number
  /** What is kept of one run for its followers, and of all together, in bytes. */
  bufferBytes: number
  totalBufferBytes: number
  heartbeatMs: number
}

const LIVE_BOUNDS: LiveBounds = {
  streams: 2_500,
  bufferBytes: 8 * 1024 * 1024,
  totalBufferBytes: 64 * 1024 * 1024,
  heartbeatMs: 15_000,
}

const STALLED_MS = 120_000

/**
 * How long a stream waits for the bus, in milliseconds: longer than a request does. The end of a run is told once, and a bus
 * that only takes its time must not be what makes it incomplete.
 */
const STREAM_PATIENCE_MS = 5_000

/** Connections for what readers are given before they join the live stream, and for what the hub reads for all. */
const BACKFILL_POOL = { purpose: 'live', connections: 4, queries: 5_000 }
const HUB_POOL = { purpose: 'hub', connections: 3, queries: 64 }

export interface Api {
  server: FastifyInstance
  /** Takes no new requests, finishes those that are under way, and lets go of all connections. */
  stop: () => Promise<void>
}

/**
 * Starts the API. No store has to be there: what is away makes answers degraded, or a 503, until it is back.
 * @throws the server's error when the address can't be bound
 */
export async function startApi(settings: ApiSettings): Promise<Api> {
  const { topics, brokers, instance, deadLetterTopic } = settings
  const { postgres, log } = settings
  const database = openDatabase({ ...DEFAULT_POOL, ...postgres })
  const backfillDatabase = openDatabase({ ...DEFAULT_POOL, ...postgres, ...BACKFILL_POOL })
  const hubDatabase = openDatabase({ ...DEFAULT_POOL, ...postgres, ...HUB_POOL })
  const metrics = createMetrics()
  const bus = connectBus({ brokers, topics, clientId: `runlight-api-${instance}` })
  const letterBus = connectLetterBus({
    ...{ brokers, deadLetterTopic, logTopic: topics.logs },
    clientId: `runlight-api-${instance}-dead-letters`,
  })
  const temporal = connectTemporal(settings.temporal.address)
  const { namespace } = settings.temporal
  const engine = createEngine(temporal, namespace)
  const { taskQueue, runPrefix } = settings.start
  const sources = {
    ...{ database, bus, engine, topics, runPrefix },
    control: createControl({ connection: temporal, namespace, taskQueue, engine }),
    settled: rememberSettled(),
    lokiHealth: lokiHealth(settings.lokiUrl),
    lokiVersion: lokiVersion(settings.lokiUrl),
    pages: componentPages(settings.componentPages ?? []),
    past: { loki: connectLoki(settings.lokiUrl), labels: settings.lokiLabels, topic: topics.logs },
    version: manifest.version,
    letterBus,
    // What ends a stream waits for nobody's page.
    settledLoki: settledLoki(letterBus, hubDatabase, deadLetterTopic),
  }
  const bounds = { ...LIVE_BOUNDS, ...settings.live }
  const streamSources = {
    ...sources,
    // Requests that wait for the store hold up nobody who joins a stream.
    database: backfillDatabase,
    settledLoki: () => sources.settledLoki(STREAM_PATIENCE_MS),
  }
  const live = new Live({
    sources: streamSources,
    hubDatabase,
    listen: (told) =>
      listenForPositions({ url: settings.postgresDirectUrl ?? postgres.url, password: postgres.password, ...told }),
    ring: { bytes: bounds.bufferBytes, totalBytes: bounds.totalBufferBytes },
    ...{ streams: bounds.streams, heartbeatMs: bounds.heartbeatMs, metrics, log },
  })
  let state = 'running'
  const server = createServer({
    version: manifest.version,
    ...{ log, metrics, sources, streamSources, live },
    origins: settings.origins ?? [],
    stalledMs: settings.stalledMs ?? STALLED_MS,
    state: () => state,
    ready: readinessChecks(sources),
  })
  const databases = [database, backfillDatabase, hubDatabase]
  const letGo = async () => {
    await live.close()
    await Promise.all([...databases.map((one) => one.close()), bus.close(), letterBus.close(), temporal.close()])
  }
  try {
    await server.listen(settings.listen)
  } catch (cause) {
    await letGo()
    throw cause
  }
  return {
    server,
    stop: async () => {
      state = 'stopping'
      await server.close()
      await letGo()
    },
  }
}
