// The arrivals: what was stored from a vector on, in the order of (partition, offset).

import type { Sql } from 'postgres'
import type { LogKey, PositionVector, Stored, TimeBounds } from '../cursor/cursors.ts'
import { filterConditions, readLines, timeCondition } from './log-lines.ts'
import type { Fragment, LinePage, LogFilters, PageLimits } from './log-lines.ts'
import { positionVector, vectorArrays, vectorColumns } from './positions.ts'
import type { VectorRow } from './positions.ts'
import { positionWindow, wantedCondition } from './scope.ts'
import type { LogScope } from './scope.ts'

/** How far the topic is stored now, and in which partitions lines have arrived; of components or all also others than those that are wanted. */
export interface Arrivals {
  now: PositionVector
  partitions: number[]
}

/** Looks for lines that were stored from the vector on. One statement, so that what it finds is one moment. */
export async function findArrivals(sql: Sql, topic: string, scope: LogScope, from: PositionVector): Promise<Arrivals> {
  const { offsets, times, otherOffset, otherTime } = vectorArrays(from)
  const { range, order } = positionWindow(sql, scope.kind, {
    run: runOf(sql, scope),
    partition: sql`positions.kafka_partition`,
    from: sql`coalesce((${offsets}::bigint[])[positions.kafka_partition + 1], ${otherOffset}::bigint)`,
    until: sql`next_offset`,
  })
  const rows = await sql<(VectorRow & { arrived: true | null })[]>`
    SELECT ${vectorColumns(sql)}, (
      SELECT true FROM logs WHERE ${range}
        AND created_at >= coalesce((${times}::timestamptz[])[positions.kafka_partition + 1], ${otherTime}::timestamptz)
      ORDER BY ${order} LIMIT 1
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
  const { range, order } = positionWindow(sql, scope.kind, {
    run: runOf(sql, scope),
    partition: sql`${partition}::integer`,
    from: sql`${String(from.nextOffset)}::bigint`,
    until: sql`${String(until.nextOffset)}::bigint`,
  })
  const wanted = sql`${range} AND created_at >= ${new Date(from.sinceMs).toISOString()}::timestamptz ${timeCondition(sql, bounds)}`
  return readLines(sql, {
    source: (rows) => sql`(SELECT * FROM logs WHERE ${wanted} ORDER BY ${order} LIMIT ${rows})`,
    order: sql`kafka_offset`,
    filters: [wantedCondition(sql, scope), ...filterConditions(sql, filters)],
    limits,
  })
}

/** Does the table hold each of these lines? */
export async function holdsLines(sql: Sql, scope: LogScope, lines: readonly Pick<LogKey, 'partition' | 'offset'>[]) {
  const { range } = positionWindow(sql, scope.kind, {
    run: runOf(sql, scope),
    partition: sql`wanted.partition`,
    from: sql`wanted.place`,
    until: sql`wanted.place + 1`,
  })
  const partitions = lines.map(({ partition }) => partition)
  const offsets = lines.map(({ offset }) => String(offset))
  const [row] = await sql<{ held: boolean }[]>`
    SELECT NOT EXISTS (
      SELECT FROM unnest(${partitions}::integer[], ${offsets}::bigint[]) AS wanted (partition, place)
      WHERE NOT EXISTS (SELECT FROM logs WHERE ${range})
    ) AS held`
  return row?.held === true
}

function runOf(sql: Sql, scope: LogScope): Fragment {
  return sql`${scope.kind === 'run' ? scope.runId : null}::text`
}
