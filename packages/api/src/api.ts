// The API with everything that it asks: connected, listening, and taken down again.

import type { Log } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { FastifyInstance } from 'fastify'
import manifest from '../package.json' with { type: 'json' }
import { connectLetterBus } from './dead-letters/bus.ts'
import { settledReplays } from './dead-letters/settled.ts'
import { readinessChecks } from './readiness.ts'
import { createServer } from './server.ts'
import { connectBus } from './status/bus.ts'
import { lokiHealth, lokiVersion } from './status/loki.ts'
import { rememberSettled } from './status/telemetry.ts'
import { connectEngine } from './status/temporal.ts'
import { DEFAULT_POOL, openDatabase } from './store/database.ts'
import type { DatabaseSettings } from './store/database.ts'

export interface ApiSettings {
  listen: { host: string; port: number }
  postgres: Pick<DatabaseSettings, 'url' | 'password'> & Partial<DatabaseSettings>
  lokiUrl: URL
  temporal: { address: string; namespace: string }
  brokers: string[]
  topics: { logs: string; events: string }
  deadLetterTopic: string
  /** Name of this instance among several. */
  instance: string
  log: Log
}

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
  const database = openDatabase({ ...DEFAULT_POOL, ...settings.postgres })
  const bus = connectBus({ brokers, topics, clientId: `runlight-api-${instance}` })
  const letterBus = connectLetterBus({ brokers, deadLetterTopic, clientId: `runlight-api-${instance}-dead-letters` })
  const engine = connectEngine(settings.temporal)
  const sources = {
    ...{ database, bus, engine, topics },
    settled: rememberSettled(),
    lokiHealth: lokiHealth(settings.lokiUrl),
    lokiVersion: lokiVersion(settings.lokiUrl),
    version: manifest.version,
    letterBus,
    settledReplays: settledReplays(letterBus, database, deadLetterTopic),
  }
  let state = 'running'
  const server = createServer({
    version: manifest.version,
    log: settings.log,
    metrics: createMetrics(),
    sources,
    state: () => state,
    ready: readinessChecks(sources),
  })
  const letGo = () => Promise.all([database.close(), bus.close(), letterBus.close(), engine.close()])
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
