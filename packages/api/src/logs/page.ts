// One page of lines: the history as of the first page, then what has arrived since.
//
// Lines of days that the hot store no longer holds come from Loki, in the same order of LogKey, so a cursor means the same
// whichever store holds its place (history.ts).

import { hasLostArrivals, readWholeEnd, readWholeHistory } from './history.ts'
import { refusal } from '../cursor/sealed.ts'
import type { ListIdentity } from '../cursor/sealed.ts'
import { openLogCursor, sealLogCursor } from '../cursor/cursors.ts'
import type { LogCursor, LogKey, PositionVector, TimeBounds } from '../cursor/cursors.ts'
import { searchLines } from './search.ts'
import type { PastSource } from '../past/past-lines.ts'
import { findArrivals, readArrivals } from '../store/arrivals.ts'
import type { Arrivals } from '../store/arrivals.ts'
import type { Database } from '../store/database.ts'
import type { Direction, HistoryRange } from '../store/history.ts'
import type { LinePage, LogFilters, PageLimits, StoredLine } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'
import { readVector, sameGeneration, storedIn } from '../store/positions.ts'

/** As a cursor: behind everything that is there now. */
const END = 'end'

export interface LogQuery {
  scope: LogScope
  /** Topic of log entries. */
  topic: string
  past: PastSource
  filters: LogFilters
  bounds: TimeBounds
  direction: Direction
  cursor: string | undefined
  /** What must be the same in every request that uses a cursor of this list. */
  list: ListIdentity
  limits: PageLimits
}

export interface LogPageRead {
  lines: StoredLine[]
  /** Is there more now? When not, `nextCursor` still gives what arrives later. */
  hasMore: boolean
  /** Missing only when the topic was created anew in the middle, so that there is no place to go on from. */
  nextCursor: string | undefined
}

/**
 * Reads the page at the cursor.
 * @throws RunlightError RL_CURSOR_INVALID, RL_STORE_UNAVAILABLE
 */
export async function readLogPage(database: Database, query: LogQuery): Promise<LogPageRead> {
  const page = await readPageAt(database, query, await readPlace(database, query))
  return { ...page, nextCursor: page.next && sealLogCursor(page.next, query.list) }
}

/**
 * The place that the query's cursor names; undefined for the beginning.
 * @throws RunlightError RL_CURSOR_INVALID, RL_STORE_UNAVAILABLE
 */
export async function readPlace(database: Database, query: LogQuery): Promise<LogCursor | undefined> {
  const { cursor, list, bounds, topic, scope } = query
  if (cursor !== END) return cursor === undefined ? undefined : openLogCursor(cursor, list)
  return { segment: 'arrivals', bounds, vector: await database.read((sql) => readVector(sql, topic, scope)) }
}

/** Does the query ask from scratch, so that nobody has said yet that there is such a list? */
export function isFirst({ cursor }: Pick<LogQuery, 'cursor'>): boolean {
  return cursor === undefined || cursor === END
}

export interface Page {
  lines: StoredLine[]
  hasMore: boolean
  next: LogCursor | undefined
  /** The place right after one of the lines. */
  after: (line: StoredLine) => LogCursor
}

/** The page at a place; the first one without. */
export function readPageAt(database: Database, query: LogQuery, cursor: LogCursor | undefined): Promise<Page> {
  return cursor?.segment === 'arrivals' ? arrivalsPage(database, query, cursor) : historyPage(database, query, cursor)
}

async function historyPage(
  database: Database,
  query: LogQuery,
  cursor: Extract<LogCursor, { segment: 'history' }> | undefined,
): Promise<Page> {
  // The positions come first: everything below them is stored by then, and stays.
  const vector = cursor?.vector ?? (await database.read((sql) => readVector(sql, query.topic, query.scope)))
  const bounds = cursor?.bounds ?? query.bounds
  const range: HistoryRange = {
    scope: query.scope,
    bounds,
    vector,
    direction: query.direction,
    after: cursor?.after,
    end: cursor?.end,
  }
  const { lines, goOn } = await searched(query, range.after, (after, limits) =>
    readWholeHistory(database, query.past, { ...range, after }, query.filters, limits),
  )
  const end = cursor?.end ?? (goOn ? await readWholeEnd(database, query.past, range) : lines.at(-1)?.key)
  const after = ({ key }: StoredLine): LogCursor => ({
    segment: 'history',
    bounds,
    vector,
    after: key,
    end: end ?? key,
  })
  if (goOn)
    return { lines, hasMore: true, next: { segment: 'history', bounds, vector, after: goOn, end: end ?? goOn }, after }
  const arrivals = await database.read((sql) => findArrivals(sql, query.topic, query.scope, vector))
  if (!sameGeneration(vector, arrivals.now)) return { lines, hasMore: false, next: undefined, after }
  const next = advance(vector, arrivals.now, arrivals.partitions)
  return { lines, hasMore: arrivals.partitions.length > 0, next: { segment: 'arrivals', bounds, vector: next }, after }
}

async function arrivalsPage(
  database: Database,
  query: LogQuery,
  { bounds, vector }: Extract<LogCursor, { segment: 'arrivals' }>,
): Promise<Page> {
  const found = await database.read((sql) => findArrivals(sql, query.topic, query.scope, vector))
  if (!sameGeneration(vector, found.now)) {
    throw refusal('the topic of log entries was created anew since, so its positions mean nothing any more')
  }
  const page = await readArrivedPage(database, query, { bounds, vector }, found)
  // Asked last, for a day may be dropped in the middle of the page.
  if (await hasLostArrivals(database, query.past, query.scope, vector, found.now)) {
    throw refusal('lines that arrived after it have left the hot store since')
  }
  return page
}

async function readArrivedPage(
  database: Database,
  query: LogQuery,
  { bounds, vector }: Pick<LogCursor, 'bounds' | 'vector'>,
  { now, partitions }: Arrivals,
): Promise<Page> {
  const [partition, ...others] = partitions
  if (partition === undefined) {
    const next: LogCursor = { segment: 'arrivals', bounds, vector: advance(vector, now, []) }
    return { lines: [], hasMore: false, next, after: () => next }
  }
  const window = {
    scope: query.scope,
    partition,
    from: storedIn(vector, partition),
    until: storedIn(now, partition),
    bounds,
  }
  const { lines, goOn } = await searched(query, undefined, (after, limits) => {
    const from = after ? { ...window.from, nextOffset: after.offset + 1n } : window.from
    return database.read((sql) => readArrivals(sql, { ...window, from }, query.filters, limits))
  })
  const next = advance(vector, now, goOn ? partitions : others)
  const reached = goOn ? replace(next, partition, goOn.offset + 1n) : next
  return {
    lines,
    hasMore: goOn !== undefined || others.length > 0,
    next: { segment: 'arrivals', bounds, vector: reached },
    after: ({ key }) => ({ segment: 'arrivals', bounds, vector: replace(vector, partition, key.offset + 1n) }),
  }
}

/** One page of what `read` gives from a place on; with a regular expression, of the lines that it finds. */
function searched(
  { filters: { grep }, limits }: LogQuery,
  start: LogKey | undefined,
  read: (after: LogKey | undefined, limits: PageLimits) => Promise<LinePage>,
): Promise<LinePage> {
  return grep ? searchLines(grep, limits, start, read) : read(start, limits)
}

/** The later vector, except where lines are still to be read. */
function advance(vector: PositionVector, now: PositionVector, unread: readonly number[]): PositionVector {
  const partitions = now.partitions.map((stored, partition) => {
    const from = storedIn(vector, partition)
    return stored && !unread.includes(partition) ? stored : from
  })
  return { generation: vector.generation || now.generation, partitions, otherwise: vector.otherwise }
}

function replace(vector: PositionVector, partition: number, nextOffset: bigint): PositionVector {
  const partitions = [...vector.partitions]
  partitions[partition] = { ...storedIn(vector, partition), nextOffset }
  return { ...vector, partitions }
}
