// One hub for everybody who follows something: what was stored is read once for all of them, when the store says so.

import { performance } from 'node:perf_hooks'
import type { Degradation } from '@runlight/contracts/execution-status'
import type { Log } from '@runlight/service/log'
import { refusal } from '../cursor/sealed.ts'
import type { Database } from '../store/database.ts'
import { readEventsAfter, readStoredNow, readWindows } from '../store/live-read.ts'
import type { LineWindow, StoredNow } from '../store/live-read.ts'
import { readVector, sameGeneration, storedIn } from '../store/positions.ts'
import { readRun } from '../store/runs.ts'
import type { LogScope } from '../store/scope.ts'
import { Bell } from './bell.ts'
import { Feed, eventItem, lineItem } from './feed.ts'
import type { LiveItem } from './feed.ts'
import type { Listener } from './listener.ts'

export interface HubSettings {
  /** Connections of its own, so that no slow query of somebody else holds it up. */
  database: Database
  topics: { logs: string; events: string }
  log: Log
  /** Bytes that one feed keeps for its readers, and that all of them keep together. */
  ring: { bytes: number; totalBytes: number }
  listen: (told: { wake: () => void; changed: (listening: boolean) => void }) => Listener
  /** Told of a feed's first follower, and of the last one's leaving. */
  opened: (feed: Feed) => void
  closed: (feed: Feed) => void
}

/** How often the store is asked while nothing can be heard, and how often all the same, in milliseconds. */
const POLL_MS = 250
const SAFETY_POLL_MS = 2_000
const RETRY_MS = 500
/** News without an announcement for longer than this mean that none comes through, in milliseconds. */
const DEAF_MS = 3_000
/** Reads follow one another at least this far apart, in milliseconds, so that a busy store is not asked all the time. */
const PAUSE_MS = 15
/** Windows of one statement. */
const WINDOWS = 200
/** Most lines and bytes of one statement. */
const LINES = 20_000
const BYTES = 16 * 1024 * 1024
const SHORT_LINE_BYTES = 64
const EVENTS = 500
/** A ring holds at least so many reads of a partition, so that a reader has the time of some to take one. */
const READS_IN_RING = 16
/** How long a feed without readers is kept for those who come back, in milliseconds. */
const LINGER_MS = 15_000

export class Hub {
  readonly #settings: HubSettings
  readonly #feeds = new Map<string, Promise<Feed>>()
  readonly #open = new Set<Feed>()
  readonly #listener: Listener
  readonly #cycles = new Bell()
  readonly #limit: { bytes: number }
  #running = false
  #wanted = false
  #announced = true
  /** Since when news have come without an announcement; undefined where the last were announced. */
  #silentSince: number | undefined
  #timer: NodeJS.Timeout | undefined
  #started = 0
  #finished = 0
  #away: string | undefined
  #closed = false

  constructor(settings: HubSettings) {
    this.#settings = settings
    this.#limit = { bytes: settings.ring.bytes }
    this.#listener = settings.listen({
      wake: () => {
        this.#announced = true
        this.#silentSince = undefined
        this.wake()
      },
      changed: (listening) => {
        settings.log.info(
          listening
            ? 'Announcements of the trace store are heard: the live stream waits for them.'
            : 'Announcements of the trace store can not be heard: the live stream polls.',
        )
        this.#schedule()
        for (const feed of this.#open) feed.news.ring()
      },
    })
    this.#schedule()
  }

  /** What makes the live view worse than it should be. */
  get degraded(): Degradation[] {
    const degraded: Degradation[] = []
    if (this.#away !== undefined) degraded.push({ component: 'postgres', reason: this.#away })
    if (!this.#listener.isListening) {
      const reason = `Announcements of the trace store can not be heard; it is asked every ${POLL_MS} ms instead`
      degraded.push({ component: 'live', reason })
    }
    return degraded
  }

  get feeds(): readonly Feed[] {
    return [...this.#open]
  }

  /**
   * The feed of a subject; leave it again with `release`.
   * @throws RunlightError RL_STORE_UNAVAILABLE
   */
  async follow(scope: LogScope): Promise<Feed> {
    const key = scope.kind === 'run' ? `run ${scope.runId}` : 'components'
    for (;;) {
      const known = this.#feeds.get(key)
      const opening = known ?? this.#create(key, scope)
      const feed = await opening
      if (feed.done === undefined && !feed.broken && this.#feeds.get(key) === opening) {
        if (++feed.followers === 1) this.#settings.opened(feed)
        this.#share()
        this.wake()
        return feed
      }
      // It has ended meanwhile: the next one asks anew, for a run may be reset.
      if (this.#feeds.get(key) === opening) this.#feeds.delete(key)
    }
  }

  release(feed: Feed): void {
    if (--feed.followers > 0) return
    this.#settings.closed(feed)
    const forget = () => {
      if (feed.followers > 0) return
      this.#open.delete(feed)
      for (const [key, opening] of this.#feeds) {
        void opening.then((other) => other === feed && this.#feeds.get(key) === opening && this.#feeds.delete(key))
      }
      this.#share()
    }
    if (feed.done !== undefined || feed.broken || this.#closed) forget()
    else setTimeout(forget, LINGER_MS).unref()
  }

  /** Resolves when a feed holds everything that was stored before the call, as far as its ring goes. */
  async catchUp(feed: Feed, signal: AbortSignal): Promise<void> {
    for (const from = this.#started; this.#finished <= from && !signal.aborted && this.#open.has(feed);) {
      this.wake()
      await this.#cycles.wait(RETRY_MS, signal)
    }
  }

  /** Something may have been stored. */
  wake(): void {
    this.#wanted = true
    if (!this.#running && !this.#closed) void this.#run()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#listener.close()
  }

  async #create(key: string, scope: LogScope): Promise<Feed> {
    const { database, topics } = this.#settings
    const opening = (async () => {
      const [vector, run] = await database.read((sql) =>
        Promise.all([
          readVector(sql, topics.logs, scope),
          scope.kind === 'run' ? readRun(sql, scope.runId) : undefined,
        ]),
      )
      const feed = new Feed(scope, { vector, events: run?.lastSequence ?? 0n }, this.#limit)
      this.#open.add(feed)
      return feed
    })()
    this.#feeds.set(key, opening)
    opening.catch(() => this.#feeds.get(key) === opening && this.#feeds.delete(key))
    return opening
  }

  /** All rings together stay below their bound. */
  #share(): void {
    const { bytes, totalBytes } = this.#settings.ring
    const followed = [...this.#open].filter((feed) => feed.followers > 0).length
    this.#limit.bytes = Math.min(bytes, Math.floor(totalBytes / Math.max(1, followed)))
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#wanted && !this.#closed) {
      this.#wanted = false
      const begun = performance.now()
      const cycle = ++this.#started
      try {
        if ((await this.#read()) === 'more') this.#wanted = true
        else this.#finished = cycle
        this.#setAway(undefined)
      } catch (cause) {
        this.#setAway((cause as Error).message)
        break
      }
      this.#cycles.ring()
      const rest = PAUSE_MS - (performance.now() - begun)
      if (this.#wanted && rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
    }
    this.#running = false
    this.#schedule()
  }

  #setAway(reason: string | undefined): void {
    if (reason === this.#away) return
    if (reason !== undefined) this.#settings.log.warn({ reason }, 'The live stream can not read the trace store.')
    else this.#settings.log.info('The live stream reads the trace store again.')
    this.#away = reason
    for (const feed of this.#open) feed.news.ring()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    const listening = this.#listener?.isListening
    const delay = this.#away !== undefined ? RETRY_MS : listening ? SAFETY_POLL_MS : POLL_MS
    this.#timer = setTimeout(() => {
      // Nobody follows anything: nothing has to be read.
      if (this.#open.size > 0) this.wake()
      else this.#schedule()
    }, delay)
    this.#timer.unref()
  }

  async #read(): Promise<'all' | 'more'> {
    const { database, topics } = this.#settings
    const feeds = [...this.#open].filter((feed) => feed.followers > 0)
    if (feeds.length === 0) return 'all'
    const now = await database.read((sql) => readStoredNow(sql, topics))
    const isNew = (feed: Feed) => feed.eventsMark !== now.events || windowsOf(feed, now).length > 0
    this.#notice(feeds.some(isNew))
    const ready = feeds.filter((feed) => !this.#breakIfRenewed(feed, now))
    const moreLines = await this.#readLines(ready, now)
    const moreEvents = await this.#readEvents(ready, now)
    return moreLines || moreEvents ? 'more' : 'all'
  }

  /** News that nobody announces for seconds: the connection is open, but deaf. */
  #notice(news: boolean): void {
    if (news && !this.#announced) {
      this.#silentSince ??= performance.now()
      if (performance.now() - this.#silentSince > DEAF_MS) {
        this.#silentSince = undefined
        this.#listener.renew()
      }
    }
    this.#announced = false
  }

  #breakIfRenewed(feed: Feed, now: StoredNow): boolean {
    if (sameGeneration(feed.ring.end.vector, now.logs)) return false
    feed.break(refusal('the topic of log entries was created anew since, so its positions mean nothing any more'))
    return true
  }

  async #readLines(feeds: readonly Feed[], now: StoredNow): Promise<boolean> {
    const wanted = feeds.map((feed) => ({ feed, windows: windowsOf(feed, now) }))
    const all = wanted.flatMap(({ windows }) => windows)
    const found = []
    for (let at = 0; at < all.length; at += WINDOWS) {
      const some = all.slice(at, at + WINDOWS)
      const bytes = Math.min(BYTES / some.length, this.#limit.bytes / READS_IN_RING)
      // The store looks at as many lines as are asked for, before it counts their bytes.
      const lines = Math.min(LINES / some.length, bytes / SHORT_LINE_BYTES)
      const bound = { lines: Math.ceil(lines), bytes: Math.ceil(bytes) }
      found.push(...(await this.#settings.database.read((sql) => readWindows(sql, some, bound))))
    }
    let at = 0
    for (const { feed, windows } of wanted) {
      const { vector, events } = feed.ring.end
      const partitions = Array.from(vector.partitions)
      const items: LiveItem[] = []
      for (const window of windows) {
        const { lines = [], truncated } = found[at++] ?? {}
        for (const line of lines) items.push(lineItem(line))
        const last = lines.at(-1)
        const nextOffset = truncated && last ? last.key.offset + 1n : window.until
        // With its time, so that a cursor of a long stream is no older than what it has given.
        const whole = now.logs.partitions[window.partition]
        partitions[window.partition] =
          whole && nextOffset === whole.nextOffset ? whole : { ...storedIn(vector, window.partition), nextOffset }
      }
      const after = {
        ...vector,
        generation: vector.generation || now.logs.generation,
        partitions: Array.from(partitions),
      }
      if (windows.length > 0) feed.push(items, { vector: after, events })
    }
    return found.some(({ truncated }) => truncated)
  }

  async #readEvents(all: readonly Feed[], now: StoredNow): Promise<boolean> {
    const feeds = all.filter((feed) => feed.eventsMark !== now.events)
    const runs = feeds.flatMap(({ runId, ring }) => (runId === undefined ? [] : [{ runId, after: ring.end.events }]))
    const unread = new Set<Feed>()
    for (let at = 0; at < runs.length; at += WINDOWS) {
      const some = runs.slice(at, at + WINDOWS)
      const found = await this.#settings.database.read((sql) => readEventsAfter(sql, some, EVENTS))
      for (const feed of feeds) {
        const own = feed.runId === undefined ? undefined : found.get(feed.runId)
        const last = own?.at(-1)
        if (!own || !last || last.sequence <= feed.ring.end.events) continue
        const items = own.map(({ sequence, json }) => eventItem(sequence, json))
        feed.push(items, { vector: feed.ring.end.vector, events: last.sequence })
        if (own.length === EVENTS) unread.add(feed)
      }
    }
    for (const feed of feeds) if (!unread.has(feed)) feed.eventsMark = now.events
    return unread.size > 0
  }
}

/** Where lines of the feed may lie that it has not read. */
function windowsOf(feed: Feed, now: StoredNow): LineWindow[] {
  const { vector } = feed.ring.end
  return now.logs.partitions.flatMap((stored, partition) => {
    const from = storedIn(vector, partition)
    if (!stored || stored.nextOffset <= from.nextOffset) return []
    const { nextOffset, sinceMs } = from
    return [{ runId: feed.runId, partition, from: nextOffset, until: stored.nextOffset, sinceMs }]
  })
}
