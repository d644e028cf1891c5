// The arrivals: what was stored from a vector on, in the order of (partition, offset).

import type { Sql } from 'postgres'
import type { PositionVector, Stored, TimeBounds } from '../cursor/cursors.ts'
import { filterConditions, readLines, timeCondition } from './log-lines.ts'
import type { LinePage, LogFilters, PageLimits } from './log-lines.ts'
import { positionVector, vectorArrays, vectorColumns } from './positions.ts'
import type { VectorRow } from './positions.ts'
import { positionScope, wantedCondition } from './scope.ts'
import type { LogScope } from './scope.ts'

/** How far the topic is stored now, and in which partitions lines have arrived; of components or all also others than those that are wanted. */
export interface Arrivals {
  now: PositionVector
  partitions: number[]
}

/** Looks for lines that were stored from the vector on. One statement, so that what it finds is one moment. */
export async function findArrivals(sql: Sql, topic: string, scope: LogScope, from: PositionVector): Promise<Arrivals> {
  const { offsets, times, otherOffset, otherTime } = vectorArrays(from)
  const rows = await sql<(VectorRow & { arrived: boolean })[]>`
    SELECT ${vectorColumns(sql)}, EXISTS (
      SELECT FROM logs WHERE ${positionScope(sql, scope)} AND logs.kafka_partition = positions.kafka_partition
        AND kafka_offset >= coalesce((${offsets}::bigint[])[positions.kafka_partition + 1], ${otherOffset}::bigint)
        AND kafka_offset < next_offset
        AND created_at >= coalesce((${times}::timestamptz[])[positions.kafka_partition + 1], ${otherTime}::timestamptz)
    ) AS arrived
    FROM positions WHERE topic = ${topic} ORDER BY kafka_partition`
  return {
    now: positionVector(rows),
    partitions: rows.filter((row) => row.arrived).map((row) => row.kafka_partition),
  }
}

/** One page of what has arrived in one partition, in the order of its offsets. */
export async function readArrivals(
  sql: Sql,
  window: { scope: LogScope; partition: number; from: Stored; until: Stored; bounds: TimeBounds },
  filters: LogFilters,
  limits: PageLimits,
): Promise<LinePage> {
  const { scope, partition, from, until, bounds } = window
  const range = sql`${positionScope(sql, scope)} AND kafka_partition = ${partition}
    AND kafka_offset >= ${String(from.nextOffset)}::bigint AND kafka_offset < ${String(until.nextOffset)}::bigint
    AND created_at >= ${new Date(from.sinceMs).toISOString()}::timestamptz ${timeCondition(sql, bounds)}`
  return readLines(sql, {
    source: (rows) => sql`(SELECT * FROM logs WHERE ${range} ORDER BY kafka_offset LIMIT ${rows})`,
    order: sql`kafka_offset`,
    filters: [wantedCondition(sql, scope), ...filterConditions(sql, filters)],
    limits,
  })
}
