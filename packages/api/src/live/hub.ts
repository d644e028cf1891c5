// One hub for everybody who follows something: what was stored is read once for all of them, when the store says so.

import { performance } from 'node:perf_hooks'
import type { Degradation } from '@runlight/contracts/execution-status'
import type { Log } from '@runlight/service/log'
import type { Database } from '../store/database.ts'
import { readVector } from '../store/positions.ts'
import { readRun } from '../store/runs.ts'
import type { LogScope } from '../store/scope.ts'
import { Announcements } from './announcements.ts'
import type { AnnouncementSettings } from './announcements.ts'
import { Bell } from './bell.ts'
import { Feed, feedName } from './feed.ts'
import { readNews } from './news.ts'
import type { Look } from './news.ts'

export interface HubSettings {
  /** Connections of its own, so that no slow query of somebody else holds it up. */
  database: Database
  topics: { logs: string; events: string }
  log: Log
  /** Bytes that one feed keeps for its readers, and that all of them keep together. */
  ring: { bytes: number; totalBytes: number }
  listen: AnnouncementSettings['listen']
  /** Told of a feed's first follower, and of the last one's leaving. */
  opened: (feed: Feed) => void
  closed: (feed: Feed) => void
}

/** How often the store is asked while nothing can be heard, and how often all the same, in milliseconds. */
const POLL_MS = 250
const SAFETY_POLL_MS = 2_000
const RETRY_MS = 500
/**
 * Announcements come at most ten times a second. While lines flow the store is looked at so often by itself, in milliseconds,
 * until none have come for so long; and never for more than a third of the time.
 */
const FLOWING_MS = 40
const FLOWS_FOR_MS = 500
const FLOWING_REST = 2
/** Reads follow one another at least this far apart, in milliseconds, so that a busy store is not asked all the time. */
const PAUSE_MS = 15
/** How long a feed without readers is kept for those who come back, in milliseconds. */
const LINGER_MS = 15_000

export class Hub {
  readonly #settings: HubSettings
  /** By name. */
  readonly #feeds = new Map<string, Promise<Feed>>()
  /** Those that are open, with what opened them. */
  readonly #open = new Map<Feed, Promise<Feed>>()
  readonly #announcements: Announcements
  readonly #cycles = new Bell()
  readonly #limit: { bytes: number }
  /** Feeds that somebody follows now. */
  #followed = 0
  #running = false
  #wanted = false
  #timer: NodeJS.Timeout | undefined
  /** How long the last look took, and when one has found something last. */
  #took = 0
  #foundAt = Number.NEGATIVE_INFINITY
  #started = 0
  #finished = 0
  #away: string | undefined
  #closed = false

  constructor(settings: HubSettings) {
    const { ring, listen, log } = settings
    this.#settings = settings
    this.#limit = { bytes: ring.bytes }
    this.#announcements = new Announcements({
      ...{ listen, log },
      wake: () => this.wake(),
      changed: () => {
        this.#schedule()
        this.#ringAll()
      },
    })
    this.#schedule()
  }

  /** What makes the live view worse than it should be. */
  get degraded(): Degradation[] {
    const degraded: Degradation[] = []
    if (this.#away !== undefined) degraded.push({ component: 'postgres', reason: this.#away })
    if (!this.isListening) {
      const reason = `Announcements of the trace store cannot be heard; it is asked every ${POLL_MS} ms instead`
      degraded.push({ component: 'live', reason })
    }
    return degraded
  }

  get isListening(): boolean {
    return this.#announcements.areHeard
  }

  /** What the ring of one feed may hold now, in bytes. */
  get ringBytes(): number {
    return this.#limit.bytes
  }

  get feeds(): readonly Feed[] {
    return [...this.#open.keys()]
  }

  /**
   * The feed of a subject; leave it again with `release`.
   * @throws RunlightError RL_STORE_UNAVAILABLE
   */
  async follow(scope: LogScope): Promise<Feed> {
    const name = feedName(scope)
    for (;;) {
      const opening = this.#feeds.get(name) ?? this.#create(name, scope)
      const feed = await opening
      if (feed.done === undefined && !feed.broken && this.#feeds.get(name) === opening) {
        if (++feed.followers === 1) this.#begin(feed)
        return feed
      }
      // It has ended meanwhile: the next one asks anew, for a run may be reset.
      if (this.#feeds.get(name) === opening) this.#feeds.delete(name)
    }
  }

  release(feed: Feed): void {
    if (--feed.followers > 0) return
    this.#followed--
    this.#share()
    this.#settings.closed(feed)
    if (feed.done !== undefined || feed.broken || this.#closed) this.#forget(feed)
    else setTimeout(() => this.#forget(feed), LINGER_MS).unref()
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
    await this.#announcements.close()
  }

  async #create(name: string, scope: LogScope): Promise<Feed> {
    const { database, topics } = this.#settings
    const open = async () => {
      const [vector, run] = await database.read((sql) =>
        Promise.all([
          readVector(sql, topics.logs, scope),
          scope.kind === 'run' ? readRun(sql, scope.runId) : undefined,
        ]),
      )
      const feed = new Feed(scope, { vector, events: run?.lastSequence ?? 0n }, this.#limit)
      this.#open.set(feed, opening)
      return feed
    }
    const opening: Promise<Feed> = open()
    this.#feeds.set(name, opening)
    opening.catch(() => this.#feeds.get(name) === opening && this.#feeds.delete(name))
    return opening
  }

  /** The first one follows it: what has been stored since it was made, or last followed, is read. */
  #begin(feed: Feed): void {
    this.#followed++
    this.#share()
    this.#settings.opened(feed)
    this.wake()
  }

  #forget(feed: Feed): void {
    if (feed.followers > 0) return
    // Another one of the same name may have been opened meanwhile.
    if (this.#feeds.get(feed.name) === this.#open.get(feed)) this.#feeds.delete(feed.name)
    this.#open.delete(feed)
  }

  /** All rings together stay below their bound. */
  #share(): void {
    const { bytes, totalBytes } = this.#settings.ring
    this.#limit.bytes = Math.min(bytes, Math.floor(totalBytes / Math.max(1, this.#followed)))
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#wanted && !this.#closed) {
      this.#wanted = false
      const begun = performance.now()
      const cycle = ++this.#started
      try {
        const { found, more } = await this.#read()
        this.#took = performance.now() - begun
        if (found) this.#foundAt = begun
        if (more) this.#wanted = true
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

  async #read(): Promise<Look> {
    const { database, topics } = this.#settings
    const feeds = this.feeds.filter((feed) => feed.followers > 0)
    if (feeds.length === 0) return { found: false, more: false }
    return readNews({ database, topics, ringBytes: this.#limit.bytes }, feeds, (stored) =>
      this.#announcements.looked(stored),
    )
  }

  #setAway(reason: string | undefined): void {
    if (reason === this.#away) return
    if (reason !== undefined) this.#settings.log.warn({ reason }, 'The live stream cannot read the trace store.')
    else this.#settings.log.info('The live stream reads the trace store again.')
    this.#away = reason
    this.#ringAll()
  }

  #ringAll(): void {
    for (const feed of this.feeds) feed.news.ring()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    // The first schedule may come out of the listener before there is one.
    const listening = this.#announcements?.areHeard
    const usual = this.#away !== undefined ? RETRY_MS : listening ? SAFETY_POLL_MS : POLL_MS
    const flows = this.#away === undefined && performance.now() - this.#foundAt < FLOWS_FOR_MS
    const delay = flows ? Math.min(usual, Math.max(FLOWING_MS, this.#took * FLOWING_REST)) : usual
    this.#timer = setTimeout(() => {
      // Nobody follows anything: nothing has to be read.
      if (this.#open.size > 0) this.wake()
      else this.#schedule()
    }, delay)
    this.#timer.unref()
  }
}
