// A trace store that is full: runs of many lines and events, written by the kit's own sink.

import { decodeRecords } from '@runlight/bridge-core/decode'
import type { BusRecord, DeliveryContext, PartitionBatch, RecordKind, Sink } from '@runlight/bridge-core/sink'
import { connect } from '@runlight/bridge-postgres/connection'
import { createPostgresSink } from '@runlight/bridge-postgres/postgres-sink'
import { prepareTables } from '@runlight/bridge-postgres/trace-store.fixture'
import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { Sql } from 'postgres'
import { startPostgres } from '../fixtures/postgres.ts'
import type { TestPostgres } from '../fixtures/postgres.ts'

export const BATCH = 5_000
export const PARTITIONS = 4
const CONTEXT: DeliveryContext = {
  signal: new AbortController().signal,
  retrying: (work) => work(),
  refuse: () => Promise.reject(new Error('No record of the measurement can be refused.')),
}

/** Makes the roles and tables of a server that has just been started, and a place for today's lines. */
export async function prepareStore(sql: Sql): Promise<void> {
  await prepareTables(sql)
  await sql`select runlight_ensure_log_partition(current_date)`
}

export const connectWriter = (server: TestPostgres): Sql =>
  connect({ url: server.url(ROLES.writer), password: '', name: 'bench', connections: 8 })

export function createBenchSink(sql: Sql): Sink {
  return createPostgresSink({
    ...{ sql, logTopic: TOPICS.logs, eventTopic: TOPICS.events, deadLetterTopic: TOPICS.deadLetters },
    ...{ labels: 'perRun', metrics: createMetrics() },
    log: createLog({ component: 'bench', instance: '0', level: 'error' }),
  })
}

/** As a lane of the core does it: while a batch is under way, the next one is decoded and prepared. */
export async function deliver(
  sink: Sink,
  kind: RecordKind,
  partition: number,
  batches: Iterable<readonly BusRecord[]>,
): Promise<void> {
  let delivering: Promise<unknown> = Promise.resolve()
  for (const batch of batches) {
    const prepared = sink.prepare(decodedBatch(kind, partition, batch))
    await delivering
    delivering = prepared(CONTEXT)
  }
  await delivering
}

export function decodedBatch(kind: RecordKind, partition: number, records: readonly BusRecord[]): PartitionBatch {
  const last = records.at(-1) as BusRecord
  return {
    ...{ kind, topic: kind === 'logs' ? TOPICS.logs : TOPICS.events, partition, generation: 'measured' },
    records: decodeRecords(kind, records).decoded,
    nextOffset: last.offset + 1n,
    lastAppendedAt: last.appendedAt,
  } as PartitionBatch
}

export interface FullStore {
  server: TestPostgres
  stop: () => Promise<void>
}

export interface StoreContents {
  /** Lines of each run, by its id; they are a millisecond apart, and lie in all partitions. */
  lines: Readonly<Record<string, number>>
  /** Events of each run, by its id. */
  events: Readonly<Record<string, number>>
  /** Runs that have begun, and nothing else. */
  idleRuns: number
}

/** Every so many lines of a run hold it. */
export const RARE = { word: 'needle', every: 100_000 }

export async function startFullStore({ lines, events, idleRuns }: StoreContents): Promise<FullStore> {
  const server = await startPostgres()
  const sql = server.connect()
  const writer = connectWriter(server)
  try {
    await prepareStore(sql)
    const sink = createBenchSink(writer)
    const ends = { logs: Array.from({ length: PARTITIONS }, () => 0), events: [0] }
    for (const [runId, count] of Object.entries(lines)) {
      const share = Math.ceil(count / PARTITIONS)
      await Promise.all(
        ends.logs.map((end, partition) => deliver(sink, 'logs', partition, lineBatches(runId, count, partition, end))),
      )
      ends.logs = ends.logs.map((end) => end + share)
    }
    const idle = Object.fromEntries(Array.from({ length: idleRuns }, (_, index) => [idleRun(index), 1]))
    for (const [runId, count] of Object.entries({ ...events, ...idle })) {
      const [end = 0] = ends.events
      await deliver(sink, 'events', 0, eventBatches(runId, count, end))
      ends.events = [end + count]
    }
    await sink.close()
    await sql`analyze`
  } catch (cause) {
    await server.stop()
    throw cause
  } finally {
    await sql.end({ timeout: 1 })
  }
  return { server, stop: () => server.stop() }
}

export const idleRun = (index: number): string => `run-idle-${index}`

function* lineBatches(runId: string, count: number, partition: number, end: number): Generator<BusRecord[]> {
  const appendedAt = Date.now()
  // As far back as a record's own time is believed.
  const start = appendedAt - Math.min(count, 20 * 60_000)
  const numbers: number[] = []
  for (let number = partition; number < count; number += PARTITIONS) numbers.push(number)
  for (let from = 0; from < numbers.length; from += BATCH) {
    yield numbers.slice(from, from + BATCH).map((number, index) => ({
      ...{ offset: BigInt(end + from + index), appendedAt, key: null },
      value: Buffer.from(JSON.stringify(line(runId, number, start))),
    }))
  }
}

function line(runId: string, number: number, start: number): object {
  const rare = number % RARE.every === RARE.every / 2 ? `${RARE.word} ` : ''
  return {
    ...{ schemaVersion: 1, type: 'task', orgId: 'acme', runId, execution: 1, nodeRef: 'fetch', attempt: 1 },
    ...{ timestamp: new Date(start + number).toISOString(), level: number % 50 ? 'info' : 'warn', stream: 'stdout' },
    message: `line ${number} ${rare}`.padEnd(100, 'the quick brown fox '),
    producer: { id: `${runId}-${number % PARTITIONS}`, seq: Math.floor(number / PARTITIONS) + 1 },
  }
}

function* eventBatches(runId: string, count: number, end: number): Generator<BusRecord[]> {
  const appendedAt = Date.now()
  for (let from = 0; from < count; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
      ...{ offset: BigInt(end + from + index), appendedAt, key: null },
      value: Buffer.from(JSON.stringify(event(runId, from + index, appendedAt))),
    }))
  }
}

/** A run of a thousand nodes at most, each started, told of and completed. */
function event(runId: string, number: number, at: number): object {
  const types = ['NODE_STARTED', 'NODE_PROGRESS', 'NODE_COMPLETED']
  const begins = number === 0
  const node = Math.floor((number - 1) / types.length)
  const nodes = Array.from({ length: begins ? 3 : 0 }, (_, index) => ({ ref: `node-${index}`, after: [] }))
  return {
    ...{ schemaVersion: 1, orgId: 'acme', runId, execution: 1, level: 'info', message: 'a step of the run' },
    type: begins ? 'RUN_STARTED' : types[(number - 1) % types.length],
    ...(begins
      ? { data: { graph: { nodes } }, attempt: 1 }
      : { nodeRef: `node-${node % 1_000}`, attempt: 1 + Math.floor(node / 1_000) }),
    timestamp: new Date(at).toISOString(),
    producer: { id: `${runId}-events`, seq: number + 1 },
  }
}
