// A real PostgreSQL with the roles and tables of the trace store.

import { testContext } from '@runlight/bridge-core/batch.fixture'
import type { PartitionBatch, Sink } from '@runlight/bridge-core/sink'
import type { LabelMode } from '@runlight/contracts/labels'
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
  sink: (labels?: LabelMode) => Sink
  /** Everything that is stored, without the times of writing. */
  everything: () => Promise<Record<string, unknown[]>>
  /** Messages of all logs in the order of their offsets. */
  messages: () => Promise<string[]>
  /** Removes all rows. */
  clear: () => Promise<void>
  stop: () => Promise<void>
}

export async function startTraceStore(): Promise<TestTraceStore> {
  const postgres = await startPostgres()
  const sql = postgres.connect()
  await prepareTables(sql)
  return {
    postgres,
    sql,
    sink: (labels = 'perRun') =>
      createPostgresSink({
        sql: connect({ url: postgres.url('runlight_writer'), password: '', name: 'test', connections: 4 }),
        logTopic: 'telemetry.logs',
        eventTopic: 'telemetry.events',
        deadLetterTopic: 'telemetry.dlq',
        labels,
        metrics: createMetrics(),
        log: createLog({ component: 'test', instance: '0', level: 'error' }),
      }),
    everything: () => readEverything(sql),
    messages: async () => {
      const rows = await sql<{ message: string }[]>`select message from logs order by kafka_partition, kafka_offset`
      return rows.map(({ message }) => message)
    },
    clear: async () => {
      await sql`truncate logs, log_stream, runs, workflow_traces, positions, producer_ranges, dead_letters, log_days`
    },
    stop: async () => {
      await sql.end({ timeout: 1 })
      await postgres.stop()
    },
  }
}

/** Makes the roles and tables of a server that has just been started. */
export async function prepareTables(sql: Sql): Promise<void> {
  const word = 'unused: every role is trusted'
  await ensureRoles({
    sql,
    passwords: { writer: word, reader: word, grafana: word },
    canLogIn: () => Promise.resolve(false),
  })
  await migrateUp(sql, await readMigrations())
}

async function readEverything(sql: Sql) {
  return {
    logs: await sql`select * from logs order by kafka_partition, kafka_offset`,
    streams: await sql`select org_id, selector, first_ns, last_ns, lines, bytes from log_stream order by 1, 2`,
    traces: await sql`select * from workflow_traces order by run_id, sequence`,
    runs: await sql`select run_id, status, execution, completed_actions, last_sequence, updated_ns from runs order by 1`,
    positions: await sql`select topic, kafka_partition, next_offset from positions order by 1, 2`,
    ranges: await sql`select topic, producer_id, seqs::text from producer_ranges order by 1, 2`,
  }
}

/** Delivers a batch once, and tells what became of it. */
export async function deliver(sink: Sink, batch: PartitionBatch) {
  const context = testContext()
  const counts = await sink.prepare(batch)(context)
  const refused = context.refused.map(({ record, reason, detail }) => ({ offset: record.offset, reason, detail }))
  return { ...counts, refused }
}
