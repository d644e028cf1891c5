// How far each partition is stored: the bound of what a first page covers, and the measure of what has arrived.

import { createHash } from 'node:crypto'
import type { Sql } from 'postgres'
import type { PositionVector, Stored } from '../cursor/cursors.ts'

export interface Position {
  topic: string
  partition: number
  nextOffset: bigint
}

// Append times of one partition go up, but a broker's clock may be set back a little.
const CLOCK_STEP_MS = 60_000

const NOTHING_STORED: Stored = { nextOffset: 0n, sinceMs: 0 }

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

export interface VectorRow {
  kafka_partition: number
  generation: string
  next_offset: string
  since_ms: string
}

/** The columns from which `positionVector` makes a vector. */
export function vectorColumns(sql: Sql) {
  return sql`kafka_partition, generation, next_offset, greatest(0,
    coalesce(last_append_ns / 1000000, floor(extract(epoch FROM now()) * 1000)::bigint) - ${CLOCK_STEP_MS}::bigint
  ) AS since_ms`
}

/** The positions of one topic, to bind a list to what is stored now. */
export async function readVector(sql: Sql, topic: string): Promise<PositionVector> {
  return positionVector(await sql<VectorRow[]>`SELECT ${vectorColumns(sql)} FROM positions WHERE topic = ${topic}`)
}

export function positionVector(rows: readonly VectorRow[]): PositionVector {
  const partitions: Stored[] = []
  for (const row of rows) {
    partitions[row.kafka_partition] = { nextOffset: BigInt(row.next_offset), sinceMs: Number(row.since_ms) }
  }
  return { generation: generationTag(rows), partitions: Array.from(partitions, (stored) => stored ?? NOTHING_STORED) }
}

function generationTag(rows: readonly VectorRow[]): string {
  const generations = [...new Set(rows.map((row) => row.generation))].sort()
  if (generations.length === 0) return ''
  return createHash('sha256').update(generations.join('\n')).digest('hex').slice(0, 8)
}

/** May their offsets be compared? A vector from before the first record has no generation yet. */
export function sameGeneration(earlier: PositionVector, later: PositionVector): boolean {
  return earlier.generation === '' || earlier.generation === later.generation
}
