// telemetry.logs and telemetry.events → Postgres.

import { BRIDGE_VARIABLES, startBridge } from '@runlight/bridge-core/bridge'
import { readGenerations } from '@runlight/bridge-core/generations'
import { createKafka } from '@runlight/bridge-core/kafka-client'
import { untilDone } from '@runlight/bridge-core/until-done'
import { readEnvironment } from '@runlight/contracts/environment'
import type { Environment } from '@runlight/contracts/environment'
import { createLog } from '@runlight/service/log'
import type { Log } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { Metrics } from '@runlight/service/metrics'
import { runService } from '@runlight/service/run'
import type { Sql } from 'postgres'
import manifest from '../package.json' with { type: 'json' }
import { connect } from './connection.ts'
import { createPostgresSink } from './postgres-sink.ts'
import { startRetention } from './retention.ts'

const CONNECTIONS = 8

const log = createLog({
  component: 'bridge-postgres',
  instance: process.env['RUNLIGHT_INSTANCE'] ?? '0',
  level: 'info',
})

await runService(log, async () => {
  const environment = readEnvironment([...BRIDGE_VARIABLES, 'postgresUrl', 'postgresPassword', 'lokiLabels', 'logDays'])
  log.level = environment.logLevel
  const metrics = createMetrics()
  const sql = connect({
    url: environment.postgresUrl,
    password: environment.postgresPassword,
    name: `runlight-bridge-postgres-${environment.instance}`,
    connections: CONNECTIONS,
    // A process that was stopped in the middle of a transaction must not keep its partition locked.
    timeouts: { statement: 60_000, idleTransaction: 20_000 },
  })
  const sink = createPostgresSink({
    sql,
    logTopic: environment.logTopic,
    eventTopic: environment.eventTopic,
    deadLetterTopic: environment.deadLetterTopic,
    labels: environment.lokiLabels,
    metrics,
    log,
  })
  const bridge = await startBridge({
    ...{ environment, version: manifest.version, log, metrics, sink },
    limits: {
      lingerMillis: 0,
      records: 5_000,
      bytes: 2 * 1024 * 1024,
      spanMillis: 24 * 3_600_000,
      uncommittedSpanMillis: Number.POSITIVE_INFINITY,
    },
  })
  const stopRetention = lookAfterDays(environment, { sql, metrics, log })
  return {
    ...bridge,
    stop: async () => {
      await stopRetention()
      await bridge.stop()
    },
  }
})

/** Looks after the days of logs as soon as the broker answers; gives what stops it, without waiting for the broker. */
function lookAfterDays(
  environment: Environment<'brokers' | 'instance' | 'generationsTopic' | 'logTopic' | 'logDays'>,
  common: { sql: Sql; metrics: Metrics; log: Log },
): () => Promise<void> {
  const { brokers, instance, generationsTopic, logTopic: topic, logDays: daysKept } = environment
  const { log } = common
  const clientId = `runlight-bridge-postgres-${instance}-retention`
  const kafka = createKafka({ brokers, clientId, log })
  const admin = kafka.admin({ retry: { retries: 3 } })
  const abort = new AbortController()
  const { signal } = abort
  const begin = async () => {
    await admin.connect()
    return (await readGenerations(kafka, generationsTopic)).get(topic) ?? ''
  }
  const begun = untilDone({ log, signal, what: 'Looking up what is known of the days of logs' }, begin).then(
    (generation) => startRetention({ ...common, admin, daysKept, logTopic: { topic, generation } }),
  )
  const stop = begun.catch(() => undefined)
  return async () => {
    abort.abort(new Error('The process ends.'))
    await (
      await stop
    )?.()
    // Not awaited: it may wait for a broker that is away.
    admin.disconnect().catch(() => undefined)
  }
}
