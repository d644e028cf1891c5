// One history from two stores: the hot one, and Loki for the days that the hot one has dropped.

import { RunlightError } from '@runlight/contracts/errors'
import type { LogKey, PositionVector } from '../cursor/cursors.ts'
import { AFTER_ALL, BEFORE_ALL, compareKeys } from '../cursor/keys.ts'
import { cutPage, foldRepeats, isNewer, readPastLines } from '../past/past-lines.ts'
import type { PastSource } from '../past/past-lines.ts'
import { holdsLines } from '../store/arrivals.ts'
import type { Database } from '../store/database.ts'
import { readHistory, readHistoryEnd } from '../store/history.ts'
import type { HistoryRange } from '../store/history.ts'
import type { LinePage, LogFilters, PageLimits } from '../store/log-lines.ts'
import { storedIn } from '../store/positions.ts'
import type { LogScope } from '../store/scope.ts'
import { AFTER_APPEND_NS, BEFORE_APPEND_NS, readPast, readSeam } from '../store/seam.ts'
import type { Past } from '../store/seam.ts'

/** How often a page is read anew because a day was dropped meanwhile. */
const ATTEMPTS = 5

/**
 * One page of the history. Both stores have the same order and identities, so where they overlap (a record's day is that
 * of its append time, its place that of its effective time) each line is taken once.
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readWholeHistory(
  database: Database,
  source: PastSource,
  range: HistoryRange,
  filters: LogFilters,
  limits: PageLimits,
): Promise<LinePage> {
  for (let attempt = 1; ; attempt++) {
    const before = await database.read(readSeam)
    const past =
      before === undefined || isAfter(range, before + AFTER_APPEND_NS)
        ? undefined
        : await database.read((sql) => readPast(sql, range.scope, source.labels))
    const page = await readBoth(database, source, past, range, filters, limits)
    // A day that was dropped since the seam was read may be missing in the hot store, and was not asked for in Loki.
    const after = await database.read(readSeam)
    if (before === after) return page
    if (attempt === ATTEMPTS)
      throw new RunlightError('RL_STORE_UNAVAILABLE', 'Days are being dropped one after another')
  }
}

async function readBoth(
  database: Database,
  source: PastSource,
  past: Past | undefined,
  range: HistoryRange,
  filters: LogFilters,
  limits: PageLimits,
): Promise<LinePage> {
  const readHot = () => database.read((sql) => readHistory(sql, range, filters, limits))
  if (!past) return readHot()
  const hot = await readHot()
  const backward = range.direction === 'backward'
  if (backward && hot.goOn && hot.goOn.effectiveNs >= past.end) return hot
  let old: LinePage
  try {
    old = await readPastLines(source, past, range, filters, limits)
  } catch (cause) {
    // Newest first: what the hot store has alone is given, and the refusal comes with the next page.
    const recent = backward ? hot.lines.filter(({ key }) => key.effectiveNs >= past.end) : []
    const last = recent.at(-1)
    if (!last) throw cause
    return { lines: recent, goOn: last.key }
  }
  return merge(hot, old, backward, limits)
}

/** Does the range begin at the moment, or later? */
function isAfter({ direction, after, end, bounds }: HistoryRange, moment: bigint): boolean {
  const lowest = direction === 'forward' ? after : end
  return [lowest?.effectiveNs, bounds.since].some((nanos) => nanos !== undefined && nanos >= moment)
}

function merge(hot: LinePage, old: LinePage, backward: boolean, limits: PageLimits): LinePage {
  const compare = (a: LogKey, b: LogKey) => (backward ? compareKeys(b, a) : compareKeys(a, b))
  const [first, second] = [hot.goOn, old.goOn]
  const edge = first && second ? (compare(first, second) < 0 ? first : second) : (first ?? second)
  const lines = foldRepeats([...hot.lines, ...old.lines])
    .filter(({ key }) => !edge || compare(key, edge) <= 0)
    .sort((a, b) => compare(a.key, b.key))
  return cutPage(lines, edge, limits)
}

/** A place behind which no line of the history lies, in its direction; as near as the hot store can tell. */
export async function readWholeEnd(database: Database, source: PastSource, range: HistoryRange): Promise<LogKey> {
  const hot = await database.read((sql) => readHistoryEnd(sql, range))
  // Asked afterwards: a day that was dropped before is known then, so what the hot store says without it counts no more.
  const past = await database.read((sql) => readPast(sql, range.scope, source.labels))
  if (range.direction === 'backward') return past || !hot ? BEFORE_ALL : hot
  return hot && (!past || hot.effectiveNs >= past.end) ? hot : AFTER_ALL
}

/**
 * Have lines that arrived after the vector gone to Loki, where the order of their arrival is not known? A cursor that old
 * can't be gone on with.
 */
export async function hasLostArrivals(
  database: Database,
  source: PastSource,
  scope: LogScope,
  vector: PositionVector,
  now: PositionVector,
): Promise<boolean> {
  const past = await database.read((sql) => readPast(sql, scope, source.labels))
  if (!past) return false
  const moved = now.partitions.flatMap((stored, partition) => {
    const from = storedIn(vector, partition)
    return stored && stored.nextOffset > from.nextOffset ? [BigInt(from.sinceMs) * 1_000_000n] : []
  })
  const [first, ...others] = moved
  if (first === undefined) return false
  const since = others.reduce((a, b) => (a < b ? a : b), first) - BEFORE_APPEND_NS
  // What has been appended since lies behind the seam: Loki is not needed to say so.
  if (since >= past.end) return false
  const range: HistoryRange = {
    ...{ scope, vector: now, direction: 'forward', end: undefined, after: undefined },
    bounds: { since: since > 0n ? since : 0n, until: undefined },
  }
  const none = { nodeRefs: undefined, attempt: undefined, levels: undefined, streams: undefined }
  for (let pages = 0; pages < LOOK_BACK_PAGES; pages++) {
    const { lines, goOn } = await readPastLines(source, past, range, none, LOOK_BACK)
    // Appended early in a day that is still there, a line may have its time in the day before.
    const newer = lines.flatMap(({ key }) => (isNewer(key, vector) ? [key] : []))
    if (newer.length > 0 && !(await database.read((sql) => holdsLines(sql, scope, newer)))) return true
    if (!goOn) return false
    range.after = goOn
  }
  return true
}

/** How much of the past is looked at to tell whether a cursor is too old. */
const LOOK_BACK = { lines: 1_000, bytes: 16 * 1024 * 1024, scan: 0 }
const LOOK_BACK_PAGES = 10
