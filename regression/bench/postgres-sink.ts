// The transaction of the Postgres sink beside plain COPY of the same rows into the same table, in the same run.

import { cpus, loadavg } from 'node:os'
import { decodeRecords } from '@runlight/bridge-core/decode'
import type { BusRecord, DeliveryContext, LogBatch, Sink } from '@runlight/bridge-core/sink'
import { connect } from '@runlight/bridge-postgres/connection'
import { copyRows } from '@runlight/bridge-postgres/copy'
import { logRow } from '@runlight/bridge-postgres/log-rows'
import { migrateUp, readMigrations } from '@runlight/bridge-postgres/migrate'
import { createPostgresSink } from '@runlight/bridge-postgres/postgres-sink'
import { ensureRoles } from '@runlight/bridge-postgres/roles'
import { ROLES, TABLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { Sql } from 'postgres'
import { startPostgres } from '../fixtures/postgres.ts'
import type { TestPostgres } from '../fixtures/postgres.ts'
import type { Figure, Measurement } from './figures.ts'

const BATCH = 5_000
const PARTITIONS = 4
const RUNS = 40
/** Of several rounds the best counts: what else the machine does only ever takes away. */
const ROUNDS = 3
const CONTEXT: DeliveryContext = {
  signal: new AbortController().signal,
  retrying: (work) => work(),
  refuse: () => Promise.reject(new Error('No line of the measurement can be refused.')),
}

/** @param wanted lines of each figure; rounded up to whole batches of all partitions */
export async function measurePostgresSink({ lines: wanted }: { lines: number }): Promise<Measurement> {
  const lines = Math.ceil(wanted / (BATCH * PARTITIONS)) * BATCH * PARTITIONS
  const before = loadavg()[0] ?? 0
  const server = await startPostgres()
  const sql = server.connect()
  try {
    const word = 'unused: every role is trusted'
    const passwords = { writer: word, reader: word, grafana: word }
    await ensureRoles({ sql, passwords, canLogIn: () => Promise.resolve(false) })
    await migrateUp(sql, await readMigrations())
    // Once for the compilers and caches of both sides.
    await sinkFigure(server, sql, 'warm-up', Math.min(lines, 40_000), 1)
    const rounds: Figure[][] = []
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push([
        await copyFigure(server, sql, lines),
        await sinkFigure(server, sql, 'the sink, one partition', lines, 1),
        await sinkFigure(server, sql, `the sink, ${PARTITIONS} partitions side by side`, lines, PARTITIONS),
      ])
    }
    const figures = (rounds[0] ?? []).map((_, index) => best(rounds.map((round) => round[index] as Figure)))
    const load: [number, number] = [before, loadavg()[0] ?? 0]
    return { name: `lines into Postgres, ${RUNS} runs`, lines, load, cpus: cpus().length, figures }
  } finally {
    await sql.end({ timeout: 1 })
    await server.stop()
  }
}

function best(figures: readonly Figure[]): Figure {
  return figures.reduce((a, b) => (b.linesPerSecond > a.linesPerSecond ? b : a))
}

const writer = (server: TestPostgres) =>
  connect({ url: server.url(ROLES.writer), password: '', name: 'bench', connections: 8 })

async function copyFigure(server: TestPostgres, sql: Sql, lines: number): Promise<Figure> {
  await empty(sql)
  const copy = writer(server)
  const batches = Array.from({ length: lines / BATCH }, (_, index) => {
    const batch = decoded(raw(0, index * BATCH, BATCH), 0)
    return batch.records.map((record) => logRow(record, batch))
  })
  await copy`select runlight_ensure_log_partition(current_date)`
  const figure = await timed('plain COPY of rows that are ready', lines, async () => {
    for (const rows of batches) {
      await copy.begin(async (tx) => {
        await copyRows(tx, 'logs', Object.keys(TABLES.logs.columns), rows)
        await tx`select 1`
      })
    }
  })
  await copy.end()
  return figure
}

async function sinkFigure(
  server: TestPostgres,
  sql: Sql,
  what: string,
  lines: number,
  partitions: number,
): Promise<Figure> {
  await empty(sql)
  const own = writer(server)
  const sink = createPostgresSink({
    ...{ sql: own, logTopic: TOPICS.logs, eventTopic: TOPICS.events, deadLetterTopic: TOPICS.deadLetters },
    ...{ labels: 'perRun', metrics: createMetrics() },
    log: createLog({ component: 'bench', instance: '0', level: 'error' }),
  })
  const share = lines / partitions
  const records = Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: share / BATCH }, (__, index) => raw(partition, index * BATCH, BATCH)),
  )
  const figure = await timed(`${what}, from the bytes on the bus to the commit`, lines, async () => {
    await Promise.all(records.map((batches, partition) => lane(sink, batches, partition)))
  })
  await sink.close()
  return figure
}

/** As a lane of the core does it: while a batch is under way, the next one is decoded and prepared. */
async function lane(sink: Sink, batches: readonly BusRecord[][], partition: number): Promise<void> {
  let next = batches[0] && sink.prepare(decoded(batches[0], partition))
  for (let index = 1; next; index++) {
    const delivering = next(CONTEXT)
    const records = batches[index]
    next = records && sink.prepare(decoded(records, partition))
    await delivering
  }
}

function decoded(records: readonly BusRecord[], partition: number): LogBatch {
  const last = records.at(-1) as BusRecord
  return {
    ...{ kind: 'logs', topic: TOPICS.logs, partition, generation: 'measured' },
    records: decodeRecords('logs', records).decoded,
    nextOffset: last.offset + 1n,
    lastAppendedAt: last.appendedAt,
  }
}

function raw(partition: number, from: number, count: number): BusRecord[] {
  const appendedAt = Date.now()
  return Array.from({ length: count }, (_, index) => {
    const number = from + index
    const run = `run-${partition}-${number % RUNS}`
    const entry = {
      ...{ schemaVersion: 1, type: 'task', orgId: 'acme', runId: run, execution: 1, nodeRef: 'fetch', attempt: 1 },
      ...{ timestamp: new Date(appendedAt).toISOString(), level: 'info', stream: 'stdout' },
      message: `line ${number} `.padEnd(80, 'the quick brown fox '),
      producer: { id: `producer-${run}`, seq: Math.floor(number / RUNS) + 1 },
    }
    return { offset: BigInt(number), appendedAt, key: null, value: Buffer.from(JSON.stringify(entry)) }
  })
}

async function empty(sql: Sql): Promise<void> {
  await sql`truncate logs, log_stream, positions, producer_ranges`
  await sql`checkpoint`
}

async function timed(what: string, lines: number, work: () => Promise<void>): Promise<Figure> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    what,
    linesPerSecond: lines / seconds,
    cpuSecondsPerMillion: (user + system) / lines,
    peakMiB: process.memoryUsage.rss() / 1024 / 1024,
  }
}
