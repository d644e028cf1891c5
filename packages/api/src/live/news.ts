// What was stored since the last look, read once for everybody and put into the rings of all feeds.

import { refusal } from '../cursor/sealed.ts'
import type { Database } from '../store/database.ts'
import { readEventsAfter, readStoredNow, readWindows } from '../store/live-read.ts'
import type { LineWindow, StoredNow, WindowLines } from '../store/live-read.ts'
import { sameGeneration, storedIn } from '../store/positions.ts'
import { eventItem, lineItem } from './feed.ts'
import type { Feed, LiveItem } from './feed.ts'
import { Turns } from './turns.ts'

export interface NewsSettings {
  database: Database
  topics: { logs: string; events: string }
  /** Bytes that one ring keeps at present. */
  ringBytes: number
}

/** Windows of one statement, unless a feed has more of them; statements that are under way at a time. */
const WINDOWS = 200
const STATEMENTS = 2
/** Most lines and bytes of one statement. */
const LINES = 20_000
const BYTES = 16 * 1024 * 1024
const SHORT_LINE_BYTES = 64
const FEWEST_LINES = 16
const EVENTS = 500
/** A ring holds at least so many reads of a partition, so that a reader has the time of some to take one. */
const READS_IN_RING = 16

/** What one look at the store brought. */
export interface Look {
  /** Lines or events of somebody who is followed. */
  found: boolean
  /** There is more than one look takes. */
  more: boolean
}

/**
 * One look at the store for all feeds.
 * @param looked told how far the topics are stored, as a text
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readNews(
  settings: NewsSettings,
  feeds: readonly Feed[],
  looked: (stored: string) => void,
): Promise<Look> {
  const now = await settings.database.read((sql) => readStoredNow(sql, settings.topics))
  const mark = linesMark(now)
  looked(`${now.events};${mark}`)
  const ready = feeds.filter((feed) => !breakIfRenewed(feed, now))
  const before = ready.map(({ ring }) => ring.next)
  const moreLines = await readLines(settings, ready, now, mark)
  const moreEvents = await readEvents(settings, ready, now)
  return { found: ready.some(({ ring }, index) => ring.next !== before[index]), more: moreLines || moreEvents }
}

function breakIfRenewed(feed: Feed, now: StoredNow): boolean {
  if (sameGeneration(feed.ring.end.vector, now.logs)) return false
  feed.break(refusal('the topic of log entries was created anew since, so its positions mean nothing any more'))
  return true
}

type Window = Omit<LineWindow, 'lines'>

/** How far the topic of lines is stored, as a text: thousands of quiet feeds compare it, and look no further. */
function linesMark({ logs }: StoredNow): string {
  return `${logs.generation}:${logs.partitions.map((stored) => stored?.nextOffset ?? '').join()}`
}

/** Where lines of the feed may lie that it has not read. */
function windowsOf(feed: Feed, now: StoredNow): Window[] {
  const { vector } = feed.ring.end
  return now.logs.partitions.flatMap((stored, partition) => {
    const from = storedIn(vector, partition)
    if (!stored || stored.nextOffset <= from.nextOffset) return []
    const { nextOffset, sinceMs } = from
    return [{ scope: feed.scope, partition, from: nextOffset, until: stored.nextOffset, sinceMs }]
  })
}

/** Each feed gets its lines as soon as they are read: nobody waits for those of the others. */
async function readLines(
  { database, ringBytes }: NewsSettings,
  feeds: readonly Feed[],
  now: StoredNow,
  mark: string,
): Promise<boolean> {
  const turns = new Turns(STATEMENTS)
  const read = async (wanted: readonly Wanted[]): Promise<boolean> => {
    const all = wanted.flatMap(({ windows }) => windows)
    const bytes = Math.ceil(Math.min(BYTES / all.length, ringBytes / READS_IN_RING))
    const most = Math.ceil(Math.min(LINES / all.length, bytes / SHORT_LINE_BYTES))
    const asked = wanted.flatMap(({ feed, windows }) =>
      windows.map((window) => ({ ...window, lines: Math.min(most, feed.linesAtOnce) })),
    )
    const found = await database.read((sql) => readWindows(sql, asked, bytes))
    let at = 0
    for (const { feed, windows } of wanted) {
      const own = found.slice(at, at + windows.length)
      feed.linesAtOnce = linesAtOnce(own, asked.slice(at, (at += windows.length)))
      pushLines(feed, now, windows, own)
      if (!own.some(({ truncated }) => truncated)) feed.linesMark = mark
    }
    return found.some(({ truncated }) => truncated)
  }
  const wanted: Wanted[] = []
  for (const feed of feeds) {
    if (feed.linesMark === mark) continue
    const windows = windowsOf(feed, now)
    if (windows.length > 0) wanted.push({ feed, windows })
    else feed.linesMark = mark
  }
  // All of them have ended when this does: what comes late would be given twice.
  const outcomes = await Promise.allSettled(statementsOf(wanted).map((some) => turns.take(() => read(some))))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
  return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value)
}

interface Wanted {
  feed: Feed
  windows: readonly Window[]
}

/**
 * How many lines to ask for next time: twice as many as there was room for. The store unpacks what it is asked for before
 * it counts the bytes: of lines that are large, far more than it gives.
 */
function linesAtOnce(found: readonly WindowLines[], asked: readonly LineWindow[]): number {
  const had = found.map(({ lines, truncated }, index) =>
    truncated ? lines.length : (asked[index] as LineWindow).lines,
  )
  return Math.max(FEWEST_LINES, 2 * Math.min(...had))
}

/** Feeds with windows, so many for one statement. */
function statementsOf(wanted: readonly Wanted[]): Wanted[][] {
  const statements: Wanted[][] = []
  let room = 0
  for (const own of wanted) {
    if (own.windows.length > room) {
      statements.push([])
      room = WINDOWS
    }
    statements.at(-1)?.push(own)
    room -= own.windows.length
  }
  return statements
}

/** What the windows of a feed held, in their order. */
function pushLines(feed: Feed, now: StoredNow, windows: readonly Window[], found: readonly WindowLines[]): void {
  const { vector, events } = feed.ring.end
  const partitions = Array.from(vector.partitions)
  const items: LiveItem[] = []
  for (const [index, { partition, until }] of windows.entries()) {
    const { lines, truncated } = found[index] as WindowLines
    for (const line of lines) items.push(lineItem(line))
    const last = lines.at(-1)
    const nextOffset = truncated && last ? last.key.offset + 1n : until
    // With its time, so that a cursor of a long stream is no older than what it has given.
    const whole = now.logs.partitions[partition]
    partitions[partition] =
      whole && nextOffset === whole.nextOffset ? whole : { ...storedIn(vector, partition), nextOffset }
  }
  const generation = vector.generation || now.logs.generation
  // Holes become undefined: a partition of which nothing is stored.
  feed.push(items, { vector: { ...vector, generation, partitions: Array.from(partitions) }, events })
}

async function readEvents(
  { database, ringBytes }: NewsSettings,
  all: readonly Feed[],
  now: StoredNow,
): Promise<boolean> {
  const feeds = all.filter((feed) => feed.eventsMark !== now.events)
  const runs = feeds.flatMap(({ runId, ring }) => (runId === undefined ? [] : [{ runId, after: ring.end.events }]))
  const unread = new Set<Feed>()
  for (let at = 0; at < runs.length; at += WINDOWS) {
    const some = runs.slice(at, at + WINDOWS)
    const bound = { events: EVENTS, bytes: Math.ceil(Math.min(BYTES / some.length, ringBytes / READS_IN_RING)) }
    const found = await database.read((sql) => readEventsAfter(sql, some, bound))
    for (const feed of feeds) {
      const own = feed.runId === undefined ? undefined : found.get(feed.runId)
      const last = own?.events.at(-1)
      if (!own || !last || last.sequence <= feed.ring.end.events) continue
      const items = own.events.map(({ sequence, json }) => eventItem(sequence, json))
      feed.push(items, { vector: feed.ring.end.vector, events: last.sequence })
      if (own.truncated) unread.add(feed)
    }
  }
  for (const feed of feeds) if (!unread.has(feed)) feed.eventsMark = now.events
  return unread.size > 0
}
