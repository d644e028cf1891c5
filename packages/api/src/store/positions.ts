// How far each partition is stored: the bound of what a first page covers, and the measure of what has arrived.

import { createHash } from 'node:crypto'
import type { Sql } from 'postgres'
import type { PositionVector, Stored } from '../cursor/cursors.ts'
import type { Fragment } from './log-lines.ts'
import { positionScope } from './scope.ts'
import type { LogScope } from './scope.ts'

export interface Position {
  topic: string
  partition: number
  nextOffset: bigint
}

/** The position of every partition of every topic. */
export async function readPositions(sql: Sql): Promise<Position[]> {
  const rows = await sql<{ topic: string; kafka_partition: number; next_offset: string }[]>`
    SELECT topic, kafka_partition, next_offset FROM positions`
  return rows.map((row) => ({
    topic: row.topic,
    partition: row.kafka_partition,
    nextOffset: BigInt(row.next_offset),
  }))
}

// Append times of one partition go up, but a broker's clock may be set back a little.
const CLOCK_STEP_MS = 60_000

export interface VectorRow {
  kafka_partition: number
  generation: string
  next_offset: string
  /** Append time of the last record stored, milliseconds since the epoch. */
  last_append_ms: string | null
}

/**
 * The positions of the topic of log entries, to bind a list to what is stored now. One statement, so that a partition
 * whose first lines are being stored has both, lines and position, or neither.
 *
 * Lines in partitions without a position are of an earlier generation of the topic, which was given up
 * (provision --accept-generation): what is appended later than the last of them is new.
 */
export async function readVector(sql: Sql, topic: string, scope: LogScope): Promise<PositionVector> {
  const own = positionScope(sql, scope)
  const highest = sql`(SELECT max(kafka_partition) FROM positions WHERE topic = ${topic})`
  const gaps = sql`(
    SELECT gap FROM generate_series(0, ${highest}) AS gap
    WHERE NOT EXISTS (SELECT FROM positions WHERE topic = ${topic} AND kafka_partition = gap) OFFSET 0)`
  const rows = await sql<((VectorRow | { kafka_partition: null }) & { since_ms: string | null })[]>`
    SELECT ${vectorColumns(sql)}, since_ms FROM (
      SELECT floor(extract(epoch FROM max(created_at)) * 1000)::bigint + 1 AS since_ms FROM (
        (SELECT created_at FROM logs WHERE ${own} AND kafka_partition > coalesce(${highest}, -1)
          ORDER BY kafka_partition, kafka_offset OFFSET 0)
        UNION ALL
        SELECT line.created_at FROM ${gaps} AS gaps CROSS JOIN LATERAL (
          SELECT created_at FROM logs WHERE ${own} AND kafka_partition = gap
          ORDER BY kafka_partition, kafka_offset OFFSET 0
        ) AS line
      ) AS older
    ) AS others LEFT JOIN positions ON topic = ${topic}`
  const vector = positionVector(rows.filter((row) => row.kafka_partition !== null))
  return { ...vector, otherwise: { nextOffset: 0n, sinceMs: Number(rows[0]?.since_ms ?? 0) } }
}

export function vectorColumns(sql: Sql): Fragment {
  return sql`kafka_partition, generation, next_offset, last_append_ns / 1000000 AS last_append_ms`
}

export function positionVector(rows: readonly VectorRow[]): PositionVector {
  const partitions: (Stored | undefined)[] = []
  for (const row of rows) {
    partitions[row.kafka_partition] = {
      nextOffset: BigInt(row.next_offset),
      sinceMs: Math.max(0, Number(row.last_append_ms ?? 0) - CLOCK_STEP_MS),
    }
  }
  return {
    generation: digest([...new Set(rows.map((row) => row.generation))].sort()),
    partitions: Array.from(partitions),
    otherwise: { nextOffset: 0n, sinceMs: 0 },
  }
}

function digest(generations: readonly string[]): string {
  if (generations.length === 0) return ''
  return createHash('sha256').update(generations.join('\n')).digest('hex').slice(0, 8)
}

/** What a vector says of a partition. */
export function storedIn({ partitions, otherwise }: PositionVector, partition: number): Stored {
  return partitions[partition] ?? otherwise
}

/** May their offsets be compared? A vector from before the first record has no generation yet. */
export function sameGeneration(earlier: PositionVector, later: PositionVector): boolean {
  return earlier.generation === '' || earlier.generation === later.generation
}

/** A vector as SQL arrays, by partition + 1; null where `otherwise` counts, as for partitions beyond them. */
export function vectorArrays({ partitions, otherwise }: PositionVector) {
  const time = (stored: Stored) => new Date(stored.sinceMs).toISOString()
  return {
    offsets: partitions.map((stored) => (stored ? String(stored.nextOffset) : null)),
    times: partitions.map((stored) => (stored ? time(stored) : null)),
    otherOffset: String(otherwise.nextOffset),
    otherTime: time(otherwise),
  }
}
