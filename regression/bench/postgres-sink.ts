// The transaction of the Postgres sink beside plain COPY of the same rows into the same table, in the same run.

import { cpus, loadavg } from 'node:os'
import type { BusRecord, LogBatch } from '@runlight/bridge-core/sink'
import { copyRows } from '@runlight/bridge-postgres/copy'
import { logRow } from '@runlight/bridge-postgres/log-rows'
import { TABLES } from '@runlight/contracts/tables'
import type { Sql } from 'postgres'
import { startPostgres } from '../fixtures/postgres.ts'
import type { TestPostgres } from '../fixtures/postgres.ts'
import type { Figure, Measurement } from './figures.ts'
import { BATCH, PARTITIONS, connectWriter, createBenchSink, decodedBatch, deliver, prepareStore } from './full-store.ts'

const RUNS = 40
/** Of several rounds the best counts: what else the machine does only ever takes away. */
const ROUNDS = 3
/** @param wanted lines of each figure; rounded up to whole batches of all partitions */
export async function measurePostgresSink({ lines: wanted }: { lines: number }): Promise<Measurement> {
  const lines = Math.ceil(wanted / (BATCH * PARTITIONS)) * BATCH * PARTITIONS
  const before = loadavg()[0] ?? 0
  const server = await startPostgres()
  const sql = server.connect()
  try {
    await prepareStore(sql)
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

async function copyFigure(server: TestPostgres, sql: Sql, lines: number): Promise<Figure> {
  await empty(sql)
  const copy = connectWriter(server)
  const batches = Array.from({ length: lines / BATCH }, (_, index) => {
    const batch = decodedBatch('logs', 0, raw(0, index * BATCH, BATCH)) as LogBatch
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
  const own = connectWriter(server)
  const sink = createBenchSink(own)
  const share = lines / partitions
  const records = Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: share / BATCH }, (__, index) => raw(partition, index * BATCH, BATCH)),
  )
  const figure = await timed(`${what}, from the bytes on the bus to the commit`, lines, async () => {
    await Promise.all(records.map((batches, partition) => deliver(sink, 'logs', partition, batches)))
  })
  await sink.close()
  return figure
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
