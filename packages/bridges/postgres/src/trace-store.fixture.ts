// A real PostgreSQL with the roles and tables of the trace store.

import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { Sql } from 'postgres'
import { startPostgres } from '../../../../regression/fixtures/postgres.ts'
import type { TestPostgres } from '../../../../regression/fixtures/postgres.ts'
import { connect } from './connection.ts'
import { migrateUp, readMigrations } from './migrate.ts'
import { createPostgresSink } from './postgres-sink.ts'
import { ensureRoles } from './roles.ts'

export interface TestTraceStore {
  postgres: TestPostgres
  /** As the superuser. */
  sql: Sql
  /** A sink as the writer; whoever makes it closes it. */
  sink: () => ReturnType<typeof createPostgresSink>
  /** Removes all rows. */
  clear: () => Promise<void>
  stop: () => Promise<void>
}

export async function startTraceStore(): Promise<TestTraceStore> {
  const postgres = await startPostgres()
  const sql = postgres.connect()
  const word = 'unused: every role is trusted'
  await ensureRoles({
    sql,
    passwords: { writer: word, reader: word, grafana: word },
    canLogIn: () => Promise.resolve(false),
  })
  await migrateUp(sql, await readMigrations())
  return {
    postgres,
    sql,
    sink: () =>
      createPostgresSink({
        sql: connect({ url: postgres.url('runlight_writer'), password: '', name: 'test', connections: 4 }),
        logTopic: 'telemetry.logs',
        eventTopic: 'telemetry.events',
        labels: 'perRun',
        metrics: createMetrics(),
        log: createLog({ component: 'test', instance: '0', level: 'error' }),
      }),
    clear: async () => {
      await sql`truncate logs, log_stream, runs, workflow_traces, positions, producer_ranges`
    },
    stop: async () => {
      await sql.end({ timeout: 1 })
      await postgres.stop()
    },
  }
}
