// The API as a process.

import { readEnvironment } from '@runlight/contracts/environment'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { runService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { readinessChecks } from './readiness.ts'
import { createServer } from './server.ts'
import { connectBus } from './status/bus.ts'
import { lokiHealth } from './status/loki.ts'
import type { StatusSources } from './status/read.ts'
import { rememberSettled } from './status/telemetry.ts'
import { connectEngine } from './status/temporal.ts'
import { DEFAULT_POOL, openDatabase } from './store/database.ts'

const base = readEnvironment(['instance', 'logLevel'])
const log = createLog({ component: 'api', instance: base.instance, level: base.logLevel })

await runService(log, async () => {
  const env = readEnvironment([
    'listen',
    'postgresUrl',
    'postgresPassword',
    'lokiUrl',
    'lokiLabels',
    'temporalAddress',
    'temporalNamespace',
    'brokers',
    'logTopic',
    'eventTopic',
  ])
  const database = openDatabase({ url: env.postgresUrl, password: env.postgresPassword, ...DEFAULT_POOL })
  const bus = connectBus({ brokers: env.brokers, logTopic: env.logTopic, clientId: `runlight-api-${base.instance}` })
  const engine = connectEngine({ address: env.temporalAddress, namespace: env.temporalNamespace })
  const topics = { logs: env.logTopic, events: env.eventTopic }
  const sources: StatusSources = {
    ...{ database, bus, engine, topics },
    settled: rememberSettled(),
    lokiHealth: lokiHealth(env.lokiUrl),
  }

  let state = 'running'
  const server = createServer({
    version: manifest.version,
    log,
    metrics: createMetrics(),
    sources,
    state: () => state,
    ready: readinessChecks(sources),
  })
  await server.listen(env.listen)
  return {
    ended: new Promise(() => undefined),
    stop: async () => {
      state = 'stopping'
      await server.close()
      await Promise.all([database.close(), bus.close(), engine.close()])
    },
  }
})
