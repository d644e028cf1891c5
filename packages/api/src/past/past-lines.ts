// Lines of days that the hot store has dropped, from Loki, in the order of the history.
//
// Loki orders by its own timestamps, which differ from effective times by what was filled below the source's precision:
// less than a millisecond. So what was read is complete by whole milliseconds, and a page ends on such a border.

import { RunlightError } from '@runlight/contracts/errors'
import type { LabelMode } from '@runlight/contracts/labels'
import type { LogKey, PositionVector } from '../cursor/cursors.ts'
import { compareKeys } from '../cursor/keys.ts'
import type { HistoryRange } from '../store/history.ts'
import type { LinePage, LogFilters, PageLimits, StoredLine } from '../store/log-lines.ts'
import { storedIn } from '../store/positions.ts'
import { BEFORE_APPEND_NS } from '../store/seam.ts'
import type { Past } from '../store/seam.ts'
import { BORDER_NS, floor, largest, smallest } from './borders.ts'
import { decodeLine } from './decode.ts'
import { OversizedAnswer } from './loki-query.ts'
import type { Loki, LokiEntry } from './loki-query.ts'
import { Nearest } from './nearest.ts'
import { pastQuery } from './selector.ts'

export interface PastSource {
  loki: Loki
  labels: LabelMode
  /** Topic of log entries. */
  topic: string
}

/** Loki's own bound of one answer, where nothing else is set (`max_entries_limit_per_query`). */
const MAX_ENTRIES = 5_000
/** Entries that are read beyond a page, so that its last millisecond is whole as a rule. */
const MARGIN = 20
/**
 * Entries that are asked for before it is known how large they are: so many of the largest that Loki takes (256 KiB) are
 * just what it can give at once (32 MiB). Asked for much more it needs many seconds, and then closes the connection.
 */
const SAFE_ENTRIES = 120
/** Organisations that are read at a time; what may be read at once is shared among them. */
const SIDE_BY_SIDE = 4
/** Bytes that are read for a page, about. */
const READ_BYTES = 16 * 1024 * 1024
/** What Loki is asked for first; then four times as much each time. */
const FIRST_SPAN_NS = 2n * 3_600_000_000_000n
/** Most entries of one millisecond. */
const MAX_CROWD = 200_000

/** Of one nanosecond. */
const FIRST_PLACE = { partition: 0, offset: 0n }
const LAST_PLACE = { partition: 2 ** 31 - 1, offset: 2n ** 63n - 1n }

/** One page of the part of the range that lies before `past.end`. @throws RunlightError RL_STORE_UNAVAILABLE */
export async function readPastLines(
  source: PastSource,
  past: Past,
  range: HistoryRange,
  filters: LogFilters,
  limits: PageLimits,
): Promise<LinePage> {
  const forward = range.direction === 'forward'
  const type = filters.type ?? (range.scope.kind === 'all' ? range.scope.type : undefined)
  const { since, until } = range.bounds
  const [lower, upper] = forward ? [range.after, range.end] : [range.end, range.after]
  // The edge of a page before is one of whole milliseconds, and nothing of them is left.
  const place = forward ? LAST_PLACE : FIRST_PLACE
  const nothingLeft = range.after?.partition === place.partition && range.after.offset === place.offset
  const from = largest(past.begin, since, lower && lower.effectiveNs + (forward && nothingLeft ? 1n : 0n))
  const to = smallest(past.end - 1n, until, upper && upper.effectiveNs - (!forward && nothingLeft ? 1n : 0n))
  if (from > to) return { lines: [], goOn: undefined }
  const limit = Math.min(MAX_ENTRIES, limits.lines + MARGIN)
  const nearest = new Nearest({ forward, lines: limit, bytes: READ_BYTES })
  const left = [...past.tenants]
  const sideBySide = Math.min(SIDE_BY_SIDE, left.length)
  const share = { limit, bytes: READ_BYTES / sideBySide, safe: SAFE_ENTRIES / sideBySide }
  const readOn = async () => {
    for (;;) {
      const tenant = left.shift()
      if (tenant === undefined) return
      const query = pastQuery(range.scope, tenant, source.labels, filters)
      // What lies behind the border of another will be part of no page yet.
      const start = forward ? floor(from) : largest(floor(from), nearest.border)
      const end = forward ? smallest(floor(to) + BORDER_NS, nearest.border) : floor(to) + BORDER_NS
      if (start >= end) continue
      const { entries, border } = await readWhole(source.loki, {
        ...{ tenant, query, from: start, to: end, forward },
        ...share,
      })
      nearest.add(
        entries.flatMap((entry) => decodeLine(entry, source.topic, tenant) ?? []),
        border,
      )
    }
  }
  await Promise.all(
    Array.from({ length: sideBySide }, () =>
      readOn().catch((cause: unknown) => {
        left.length = 0
        throw cause
      }),
    ),
  )
  const { border } = nearest
  const isWanted = ({ key, fields }: StoredLine) =>
    key.effectiveNs >= from &&
    key.effectiveNs <= to &&
    (!range.after || (forward ? compareKeys(key, range.after) > 0 : compareKeys(key, range.after) < 0)) &&
    (!range.end || (forward ? compareKeys(key, range.end) <= 0 : compareKeys(key, range.end) >= 0)) &&
    !isNewer(key, range.vector) &&
    (type === undefined || fields.type === type)
  const lines = foldRepeats(nearest.lines).filter(isWanted)
  lines.sort((a, b) => (forward ? compareKeys(a.key, b.key) : compareKeys(b.key, a.key)))
  const edge = border === undefined ? undefined : { effectiveNs: forward ? border - 1n : border, ...place }
  return cutPage(lines, edge, limits)
}

/** The lines that fit; `edge`: how far they are all there is. */
export function cutPage(lines: StoredLine[], edge: LogKey | undefined, limits: PageLimits): LinePage {
  let bytes = 0
  let count = 0
  while (count < lines.length && count < limits.lines && (count === 0 || bytes < limits.bytes)) {
    bytes += (lines[count] as StoredLine).json.length
    count++
  }
  if (count === lines.length) return { lines, goOn: edge }
  return { lines: lines.slice(0, count), goOn: lines[count - 1]?.key }
}

/** A record that was repeated by a producer that isn't idempotent lies there twice: the first one counts. */
export function foldRepeats(lines: readonly StoredLine[]): StoredLine[] {
  const byIdentity = new Map<string, StoredLine>()
  for (const line of lines) {
    const other = byIdentity.get(line.identity)
    if (!other || compareKeys(line.key, other.key) < 0) byIdentity.set(line.identity, line)
  }
  return [...byIdentity.values()]
}

/** Was the line stored after the vector was read? Loki does not know append times, so it is new only if it can be. */
export function isNewer({ effectiveNs, partition, offset }: LogKey, vector: PositionVector): boolean {
  const stored = storedIn(vector, partition)
  return offset >= stored.nextOffset && effectiveNs + BEFORE_APPEND_NS >= BigInt(stored.sinceMs) * 1_000_000n
}

interface WholeRange {
  tenant: string
  query: string
  /** Borders: inclusive, and exclusive. */
  from: bigint
  to: bigint
  forward: boolean
  limit: number
  /** After so many bytes it is enough. */
  bytes: number
  /** SAFE_ENTRIES, or a share of them. */
  safe: number
}

/**
 * Entries up to a border that lies at least one millisecond on; without a border up to the end of the range. Loki works
 * on all hours of a query at once, also where the first has enough: so it is asked for a few at a time.
 */
async function readWhole(loki: Loki, range: WholeRange): Promise<{ entries: LokiEntry[]; border?: bigint }> {
  const { tenant, query, forward, safe } = range
  const direction = forward ? 'forward' : 'backward'
  const seen = new Set<string>()
  const entries: LokiEntry[] = []
  let { from: start, to: end } = range
  let limit = Math.min(range.limit, safe)
  let most = MAX_ENTRIES
  let bytes = 0
  for (let span = FIRST_SPAN_NS; ;) {
    const far = forward ? smallest(start + span, end) : largest(end - span, start)
    const page = await loki
      .entries({ ...{ tenant, query, direction, limit }, ...(forward ? { start, end: far } : { start: far, end }) })
      .catch((cause: unknown) => {
        if (limit > safe || (cause instanceof OversizedAnswer && limit > 1)) return undefined
        throw cause
      })
    if (!page) {
      limit = most = limit > safe ? safe : Math.ceil(limit / 4)
      continue
    }
    for (const entry of page) {
      const name = `${entry.timestamp} ${JSON.stringify(entry.metadata)} ${entry.line}`
      if (seen.has(name)) continue
      seen.add(name)
      entries.push(entry)
      bytes += entry.line.length
    }
    const last = page.at(-1)
    if (!last || page.length < limit) {
      if (far === (forward ? end : start)) return { entries }
      const isEnough = entries.length * 2 >= range.limit || bytes >= range.bytes
      if (isEnough) return { entries, border: forward ? floor(far) : floor(far + BORDER_NS - 1n) }
      if (forward) start = far
      else end = far
      span *= 4n
      continue
    }
    const border = forward ? floor(last.timestamp) : floor(last.timestamp) + BORDER_NS
    const isWhole = forward ? border > range.from : border < range.to
    if (isWhole && (entries.length >= range.limit || bytes >= range.bytes)) return { entries, border }
    // All of them in one millisecond: the rest of it has to be read too.
    const stuck = page[0]?.timestamp === last.timestamp
    if (entries.length > MAX_CROWD || (stuck && limit === most)) {
      throw new RunlightError('RL_STORE_UNAVAILABLE', `Loki holds more lines of ${last.timestamp} ns than can be read.`)
    }
    const fitting = Math.floor((range.bytes * entries.length) / (bytes + 1))
    limit = stuck ? most : Math.min(most, Math.max(safe, Math.min(fitting, range.limit)))
    if (forward) start = last.timestamp
    else end = last.timestamp + 1n
  }
}
