// A real trace store for tests: PostgreSQL with the kit's migrations, written to by the kit's own sink.

import { setMaxListeners } from 'node:events'
import { decodeRecords } from '@runlight/bridge-core/decode'
import type { DeliveryContext, PartitionBatch, RecordKind, Sink } from '@runlight/bridge-core/sink'
import { migrateUp, readMigrations } from '@runlight/bridge-postgres/migrate'
import { createPostgresSink } from '@runlight/bridge-postgres/postgres-sink'
import { ensureRoles } from '@runlight/bridge-postgres/roles'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { Sql } from 'postgres'
import { startPostgres } from '../../../../regression/fixtures/postgres.ts'
import type { TestPostgres } from '../../../../regression/fixtures/postgres.ts'

export interface TraceStore {
  postgres: TestPostgres
  /** As the superuser, to look behind the curtain. */
  sql: Sql
  /** Puts entries behind what a partition holds and stores them, as the bridge does with what it reads from the bus. */
  storeLogs: (entries: readonly LogEntry[], place?: Place) => Promise<void>
  storeEvents: (events: readonly TraceEvent[], place?: Place) => Promise<void>
  /** Lets offsets go by that are in no store: dead letters, or what retention took. */
  skip: (topic: string, partition: number, count: number) => void
  /** The topic of log entries is made anew and accepted: offsets begin again. */
  renewLogTopic: () => Promise<void>
  stop: () => Promise<void>
}

export interface Place {
  partition?: number
  /** Append time, milliseconds since the epoch; now if not given. */
  appendedAt?: number
}

const PASSWORDS = { writer: 'writer', reader: 'reader', grafana: 'grafana' }

/** `also`: sinks that are given the same batches of entries. */
export async function startTraceStore(also: readonly Sink[] = []): Promise<TraceStore> {
  const postgres = await startPostgres()
  const sql = postgres.connect()
  await ensureRoles({ sql, passwords: PASSWORDS, canLogIn: async () => false })
  await migrateUp(sql, await readMigrations())
  const sink = createPostgresSink({
    sql: postgres.connect(ROLES.writer),
    ...{ logTopic: TOPICS.logs, eventTopic: TOPICS.events, deadLetterTopic: TOPICS.deadLetters },
    ...{ labels: 'perRun', metrics: createMetrics() },
    log: createLog({ component: 'test', instance: '0', level: 'error' }),
  })
  const ends = new Map<string, bigint>()
  let generation = 'first'

  const store = async (kind: RecordKind, topic: string, bodies: readonly object[], place: Place = {}) => {
    const { partition = 0, appendedAt = Date.now() } = place
    const key = `${topic}/${partition}`
    const first = ends.get(key) ?? 0n
    const nextOffset = first + BigInt(bodies.length)
    const { decoded, refused } = decodeRecords(
      kind,
      bodies.map((body, index) => ({
        offset: first + BigInt(index),
        appendedAt,
        key: null,
        value: Buffer.from(JSON.stringify(body)),
      })),
    )
    if (refused.length > 0) throw new Error(`A record of the test is none: ${refused[0]?.detail}`)
    const batch = { kind, topic, partition, generation, records: decoded, nextOffset, lastAppendedAt: appendedAt }
    await sink.prepare(batch as PartitionBatch)(CONTEXT)
    if (kind === 'logs') for (const other of also) await other.prepare(batch as PartitionBatch)(CONTEXT)
    ends.set(key, nextOffset)
  }
  return {
    postgres,
    sql,
    storeLogs: (entries, place) => store('logs', TOPICS.logs, entries, place),
    storeEvents: (events, place) => store('events', TOPICS.events, events, place),
    skip: (topic, partition, count) => {
      const key = `${topic}/${partition}`
      ends.set(key, (ends.get(key) ?? 0n) + BigInt(count))
    },
    renewLogTopic: async () => {
      generation = 'second'
      for (const key of ends.keys()) if (key.startsWith(`${TOPICS.logs}/`)) ends.delete(key)
      await sql`DELETE FROM positions WHERE topic = ${TOPICS.logs}`
    },
    stop: async () => {
      await sink.close()
      await sql.end()
      await postgres.stop()
    },
  }
}

const { signal } = new AbortController()
// Each push that is under way listens to it, as in the lane of a bridge.
setMaxListeners(0, signal)

const CONTEXT: DeliveryContext = {
  signal,
  refuse: async (refusals) => {
    throw new Error(`The store refused a record of the test: ${refusals[0]?.detail}`)
  },
  retrying: (work) => work(),
}
