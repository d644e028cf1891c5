// The history of lines: what a vector covers, in the order of (effectiveTs, partition, offset).
// Every page is one range scan of the index on these columns, whichever page it is.

import type { Sql } from 'postgres'
import type { LogKey, PositionVector, TimeBounds } from '../cursor/cursors.ts'
import { logKey } from './line-row.ts'
import type { KeyRow } from './line-row.ts'
import { filterConditions, readLines, timeCondition } from './log-lines.ts'
import { vectorArrays } from './positions.ts'
import type { LogScope } from './scope.ts'
import { timeOrdered } from './scope.ts'
import type { Fragment, LinePage, LogFilters, PageLimits } from './log-lines.ts'

export type Direction = 'forward' | 'backward'

export interface HistoryRange {
  scope: LogScope
  bounds: TimeBounds
  vector: PositionVector
  direction: Direction
  /** The last line already given; undefined on the first page. */
  after: LogKey | undefined
  /** The last line of the history in this direction, where it is known. */
  end: LogKey | undefined
}

export async function readHistory(
  sql: Sql,
  range: HistoryRange,
  filters: LogFilters,
  limits: PageLimits,
): Promise<LinePage> {
  const order = historyOrder(sql, range.direction)
  return readLines(sql, {
    source: (rows) => timeOrdered(sql, range.scope, { range: historyCondition(sql, range), order, rows }),
    order,
    filters: filterConditions(sql, filters),
    limits,
  })
}

/**
 * The last line of the range. Lines that arrive while a reader pages lie mostly behind it, so that the pages to come
 * need not step over them.
 */
export async function readHistoryEnd(sql: Sql, range: HistoryRange): Promise<LogKey | undefined> {
  const reverse = range.direction === 'forward' ? 'backward' : 'forward'
  const last = { range: historyCondition(sql, range), order: historyOrder(sql, reverse), rows: 1 }
  const [row] = await sql<KeyRow[]>`
    SELECT effective_ns, kafka_partition, kafka_offset FROM ${timeOrdered(sql, range.scope, last)} AS last`
  return row && logKey(row)
}

function historyOrder(sql: Sql, direction: Direction): Fragment {
  return direction === 'forward'
    ? sql`effective_ns, kafka_partition, kafka_offset`
    : sql`effective_ns DESC, kafka_partition DESC, kafka_offset DESC`
}

function historyCondition(sql: Sql, { bounds, vector, direction, after, end }: HistoryRange): Fragment {
  const forward = direction === 'forward'
  const [lower, upper] = forward ? [after, end] : [end, after]
  const lowerCondition = lower && sql`AND ${KEY(sql)} ${forward ? sql`>` : sql`>=`} ${tuple(sql, lower)}`
  const upperCondition = upper && sql`AND ${KEY(sql)} ${forward ? sql`<=` : sql`<`} ${tuple(sql, upper)}`
  return sql`NOT ${isNewer(sql, vector)}
    ${lowerCondition ?? sql``} ${upperCondition ?? sql``} ${timeCondition(sql, narrow(bounds, lower, upper))}`
}

/** Is the row one that was stored after the vector was read? (cursor/cursors.ts says why there are two conditions) */
function isNewer(sql: Sql, vector: PositionVector): Fragment {
  const { offsets, times, otherOffset, otherTime } = vectorArrays(vector)
  return sql`(
    kafka_offset >= coalesce((${offsets}::bigint[])[kafka_partition + 1], ${otherOffset}::bigint)
    AND created_at >= coalesce((${times}::timestamptz[])[kafka_partition + 1], ${otherTime}::timestamptz))`
}

const KEY = (sql: Sql) => sql`(effective_ns, kafka_partition, kafka_offset)`

function tuple(sql: Sql, key: LogKey): Fragment {
  return sql`(${String(key.effectiveNs)}::bigint, ${key.partition}::integer, ${String(key.offset)}::bigint)`
}

/** Keys bound the time as well. */
function narrow({ since, until }: TimeBounds, lower?: LogKey, upper?: LogKey): TimeBounds {
  return {
    since: lower && (since === undefined || lower.effectiveNs > since) ? lower.effectiveNs : since,
    until: upper && (until === undefined || upper.effectiveNs < until) ? upper.effectiveNs : until,
  }
}
