// telemetry.logs and telemetry.events → Postgres.

import { BRIDGE_VARIABLES, startBridge } from '@runlight/bridge-core/bridge'
import { readEnvironment } from '@runlight/contracts/environment'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { runService } from '@runlight/service/run'
import manifest from '../package.json' with { type: 'json' }
import { connect } from './connection.ts'
import { createPostgresSink } from './postgres-sink.ts'

const CONNECTIONS = 8

const log = createLog({
  component: 'bridge-postgres',
  instance: process.env['RUNLIGHT_INSTANCE'] ?? '0',
  level: 'info',
})

await runService(log, async () => {
  const environment = readEnvironment([...BRIDGE_VARIABLES, 'postgresUrl', 'postgresPassword', 'lokiLabels'])
  log.level = environment.logLevel
  const metrics = createMetrics()
  const sink = createPostgresSink({
    sql: connect({
      url: environment.postgresUrl,
      password: environment.postgresPassword,
      name: `runlight-bridge-postgres-${environment.instance}`,
      connections: CONNECTIONS,
      // A process that was stopped in the middle of a transaction must not keep its partition locked.
      timeouts: { statement: 60_000, idleTransaction: 20_000 },
    }),
    logTopic: environment.logTopic,
    eventTopic: environment.eventTopic,
    deadLetterTopic: environment.deadLetterTopic,
    labels: environment.lokiLabels,
    metrics,
    log,
  })
  return startBridge({
    ...{ environment, version: manifest.version, log, metrics, sink },
    limits: {
      lingerMillis: 0,
      records: 5_000,
      bytes: 2 * 1024 * 1024,
      spanMillis: 24 * 3_600_000,
      uncommittedSpanMillis: Number.POSITIVE_INFINITY,
    },
  })
})
