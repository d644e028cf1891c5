// What a reader gets from the store before it joins the live stream: at its own pace, a page at a time.

import { setTimeout as sleep } from 'node:timers/promises'
import { RunlightError } from '@runlight/contracts/errors'
import { sealLogCursor } from '../cursor/cursors.ts'
import type { LogCursor, PositionVector } from '../cursor/cursors.ts'
import { AFTER_ALL, BEFORE_ALL } from '../cursor/keys.ts'
import { refusal } from '../cursor/sealed.ts'
import { LokiUnavailable } from '../past/loki-query.ts'
import { readPageAt } from '../logs/page.ts'
import type { LogQuery } from '../logs/page.ts'
import type { Database } from '../store/database.ts'
import { readEventsAfter } from '../store/live-read.ts'
import type { StoredLine } from '../store/log-lines.ts'
import { readVector } from '../store/positions.ts'
import type { Feed, LiveItem } from './feed.ts'
import { Follower } from './follower.ts'
import { Chunk } from './frame.ts'
import type { Frame } from './frame.ts'
import { CHUNK_BYTES } from './selection.ts'
import type { Selection } from './selection.ts'

/** Where a stream begins. `last`: with the last so many lines. */
export type Start =
  { kind: 'start' } | { kind: 'end' } | { kind: 'last'; lines: number } | { kind: 'cursor'; cursor: LogCursor }

export interface Backfill {
  database: Database
  /** Oldest first, without a cursor. */
  query: LogQuery
  selection: Selection
  feed: Feed
  signal: AbortSignal
}

const RETRY_MS = 500
/** Most events, and bytes of them, that are read at a time. */
const EVENTS = { events: 500, bytes: 4 * 1024 * 1024 }
/** Most bytes of the last lines with which a stream begins. */
const LAST_BYTES = 16 * 1024 * 1024

/** A step without anything for the reader: nothing was found, or what comes next is in Loki, which is away. */
export interface Waiting {
  /** The reader's cursor, which has moved over what was looked at; missing before the last lines, which are found backwards. */
  waiting: string | undefined
}

/** Gives chunks until the reader can go on from the feed's ring; returns the follower. */
export async function* backfill(
  own: Backfill,
  start: Start,
): AsyncGenerator<Chunk | Waiting, Follower<LiveItem>, undefined> {
  const { query, selection, feed, signal } = own
  const { bounds } = query
  const given = start.kind === 'cursor' ? start.cursor : undefined
  let events = given?.live?.events ?? (start.kind === 'end' ? feed.ring.end.events : 0n)
  const id = (place: LogCursor) => sealLogCursor({ ...place, live: { events, done: false } }, selection.list)
  const toChunk = (lines: readonly StoredLine[], after: (line: StoredLine) => LogCursor) =>
    new Chunk(lines.map((line): Frame => ({ type: 'log', id: id(after(line)), data: selection.show(line) })))
  const now = () => patiently(own, () => own.database.read((sql) => readVector(sql, query.topic, query.scope)))

  // A first page without a place finds out where the history ends.
  let fromScratch = start.kind === 'start' && selection.lines
  let place: LogCursor = given ?? { segment: 'arrivals', bounds, vector: await now() }
  if (fromScratch) place = { ...place, segment: 'history', after: BEFORE_ALL, end: AFTER_ALL }
  let last = start.kind === 'last' && selection.lines ? yield* lastLines(own, place.vector, start.lines) : undefined
  for (;;) {
    signal.throwIfAborted()
    if (place.segment === 'arrivals' && !last) {
      const follower = Follower.join(feed.ring, { vector: place.vector, events })
      if (follower) return follower
    }
    // Before the events: the cursor of an event says that these lines were given.
    if (last) {
      const { vector } = place
      const end = last.at(-1)?.key ?? BEFORE_ALL
      const after = ({ key }: StoredLine): LogCursor => ({ segment: 'history', bounds, vector, after: key, end })
      for (const some of pieces(last)) yield toChunk(some, after)
    }
    for (;;) {
      const found = await newEvents(own, events)
      if (found.length === 0) break
      yield new Chunk(
        found.map(({ sequence, json }): Frame => {
          events = sequence
          return { type: 'trace', id: id(place), data: json }
        }),
      )
    }
    if (!selection.events) events = feed.ring.end.events
    if (last) last = undefined
    else if (!selection.lines) {
      place = { segment: 'arrivals', bounds, vector: await now() }
    } else {
      const page = await unlessLokiIsAway(own, () => readPageAt(own.database, query, fromScratch ? undefined : place))
      if (!page) {
        // In between come the events of the run.
        yield { waiting: id(place) }
        await pause(signal)
        continue
      }
      fromScratch = false
      for (const some of pieces(page.lines)) yield toChunk(some, page.after)
      if (!page.next) throw refusal('the topic of log entries was created anew in the middle')
      place = page.next
      if (page.lines.length === 0) yield { waiting: id(place) }
    }
  }
}

/** The last lines of what the vector covers, oldest first; while Loki is away, those that the hot store has. */
async function* lastLines(
  own: Backfill,
  vector: PositionVector,
  count: number,
): AsyncGenerator<Waiting, StoredLine[], undefined> {
  const { query, database } = own
  const lines: StoredLine[] = []
  let bytes = 0
  let place: LogCursor = { segment: 'history', bounds: query.bounds, vector, after: AFTER_ALL, end: BEFORE_ALL }
  while (lines.length < count && bytes < LAST_BYTES) {
    const limits = { ...query.limits, lines: Math.min(query.limits.lines, count - lines.length) }
    const backward: LogQuery = { ...query, direction: 'backward', limits }
    const page = await unlessLokiIsAway(own, () => readPageAt(database, backward, place))
    if (!page) break
    for (const line of page.lines) {
      lines.push(line)
      bytes += line.json.length
    }
    if (page.next?.segment !== 'history') break
    place = page.next
    yield { waiting: undefined }
  }
  return lines.reverse()
}

async function newEvents(own: Backfill, after: bigint) {
  const { feed, selection, database } = own
  const { runId } = feed
  if (runId === undefined || !selection.events) return []
  const found = await patiently(own, () => database.read((sql) => readEventsAfter(sql, [{ runId, after }], EVENTS)))
  return found.get(runId)?.events ?? []
}

async function unlessLokiIsAway<T>(own: Backfill, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await patiently(own, work)
  } catch (cause) {
    if (cause instanceof LokiUnavailable) return undefined
    throw cause
  }
}

/** Asks again while the hot store is away: the reader has been let in, and its place is kept. */
async function patiently<T>({ signal }: Backfill, work: () => Promise<T>): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (cause) {
      if (!(cause instanceof RunlightError) || cause.code !== 'RL_STORE_UNAVAILABLE') throw cause
      if (cause instanceof LokiUnavailable) throw cause
      await pause(signal)
    }
  }
}

/** Whoever waits looks at the signal afterwards: its reason says more than that a timer was ended. */
async function pause(signal: AbortSignal): Promise<void> {
  await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
}

/** Lines in portions of about a chunk's size, so that a reader's pace is felt in between. */
function* pieces(lines: readonly StoredLine[]): Generator<readonly StoredLine[]> {
  let from = 0
  let bytes = 0
  for (const [index, line] of lines.entries()) {
    bytes += line.json.length
    if (bytes < CHUNK_BYTES) continue
    yield lines.slice(from, index + 1)
    from = index + 1
    bytes = 0
  }
  if (from < lines.length) yield lines.slice(from)
}
