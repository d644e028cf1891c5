// The live part of the API: the hub with its connections, and who reads from it.

import { METRICS } from '@runlight/contracts/metrics'
import { RunlightError } from '@runlight/contracts/errors'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import { lineMatcher } from '../logs/matcher.ts'
import type { LogQuery } from '../logs/page.ts'
import { degradation, readStatuses } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import type { Database } from '../store/database.ts'
import type { StoredLine } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'
import type { Start } from './backfill.ts'
import { EndedTogether } from './ended-together.ts'
import type { Feed } from './feed.ts'
import type { Chunk } from './frame.ts'
import { Hub } from './hub.ts'
import type { HubSettings } from './hub.ts'
import { View } from './selection.ts'
import { StatusWatch } from './status-watch.ts'
import { stream } from './stream.ts'
import type { Heartbeat } from './stream.ts'
import { Views } from './views.ts'
import type { SharedView } from './views.ts'

export interface LiveSettings {
  sources: StatusSources
  /** Connections for what is read once for everybody. */
  hubDatabase: Database
  listen: HubSettings['listen']
  ring: HubSettings['ring']
  /** Most streams at a time. */
  streams: number
  heartbeatMs: number
  metrics: Metrics
  log: Log
}

export interface Wanted {
  query: LogQuery
  start: Start
  /** Which of these the reader wants. */
  events: { status: boolean; trace: boolean; log: boolean }
  /** JSON of a line; `StoredLog` if not given. The same for all readers whose queries have the same `list`. */
  show?: (line: StoredLine) => string
}

/** What a transport does with a stream. */
export interface OpenStream {
  chunks: AsyncGenerator<Chunk | Heartbeat, void, undefined>
  /** Told after each write of a chunk. */
  written: (chunk: Chunk) => void
  /** Lets go of the feed. */
  close: () => void
}

export type Transport = 'sse' | 'ws'

export interface LiveStatus {
  connections: Record<Transport, number>
  /** Most streams at a time, and how many were refused because there were as many. */
  streams: number
  refused: number
  /** `bytes`: of its buffer now, `maxBytes` at most; `dropped`: what has left it since it was made. */
  feeds: {
    kind: LogScope['kind']
    runId: string | undefined
    followers: number
    items: number
    bytes: number
    maxBytes: number
    dropped: number
  }[]
  /** Told to readers, and what lay in them before any filter. */
  gaps: number
  skipped: number
  listening: boolean
}

export class Live {
  readonly #settings: LiveSettings
  readonly #hub: Hub
  readonly #watch: StatusWatch
  readonly #views = new Views()
  readonly #connections: Record<Transport, number> = { sse: 0, ws: 0 }
  readonly #streams = new EndedTogether()
  readonly #metrics
  #gaps = 0
  #skipped = 0
  #refused = 0

  constructor(settings: LiveSettings) {
    this.#settings = settings
    const { metrics, sources } = settings
    this.#metrics = {
      latency: metrics.histogram(METRICS.streamLatency),
      gaps: metrics.counter(METRICS.liveGaps),
      streams: metrics.gauge(METRICS.liveStreams),
      lines: metrics.counter(METRICS.liveFrames),
    }
    for (const transport of ['sse', 'ws'] as const) {
      this.#metrics.streams.set({ transport }, 0)
      this.#metrics.gaps.inc({ transport }, 0)
      this.#metrics.lines.inc({ transport }, 0)
    }
    this.#hub = new Hub({
      database: settings.hubDatabase,
      topics: sources.topics,
      log: settings.log,
      ring: settings.ring,
      listen: settings.listen,
      opened: (feed) => this.#watch.start(feed),
      closed: (feed) => this.#watch.stop(feed),
    })
    this.#watch = new StatusWatch({
      hub: this.#hub,
      read: (runIds) => readStatuses(sources, runIds),
      loki: async () => degradation('loki', await sources.lokiHealth()),
    })
  }

  get status(): LiveStatus {
    return {
      connections: { ...this.#connections },
      feeds: this.#hub.feeds.map((feed) => ({
        kind: feed.scope.kind,
        runId: feed.runId,
        followers: feed.followers,
        items: feed.ring.next - feed.ring.first,
        bytes: feed.ring.bytes,
        maxBytes: this.#hub.ringBytes,
        dropped: feed.ring.first,
      })),
      streams: this.#settings.streams,
      refused: this.#refused,
      gaps: this.#gaps,
      skipped: this.#skipped,
      listening: this.#hub.isListening,
    }
  }

  /**
   * Begins a stream. Whoever takes it must close it.
   * @throws RunlightError RL_STORE_UNAVAILABLE, RL_TOO_MANY_STREAMS, RL_SHUTTING_DOWN
   */
  async open(wanted: Wanted, transport: Transport, signal: AbortSignal): Promise<OpenStream> {
    const { query, start, events } = wanted
    this.#streams.throwIfEnded()
    const open = this.#connections.sse + this.#connections.ws
    if (open >= this.#settings.streams) {
      this.#refused++
      throw new RunlightError('RL_TOO_MANY_STREAMS', `${open} streams are open.`)
    }
    this.#count(transport, 1)
    let feed: Feed
    try {
      feed = await this.#hub.follow(query.scope)
    } catch (cause) {
      this.#count(transport, -1)
      throw cause
    }
    const ending = this.#streams.add(signal)
    const { view, release } = this.#view(feed, wanted)
    let closed = false
    return {
      chunks: stream({
        ...{ view, feed, query, start, status: events.status, signal: ending.signal },
        database: this.#settings.sources.database,
        heartbeatMs: this.#settings.heartbeatMs,
        onGap: (skipped) => {
          this.#gaps++
          this.#skipped += skipped
          this.#metrics.gaps.inc({ transport })
        },
      }),
      written: (chunk) => {
        this.#metrics.lines.inc({ transport }, chunk.frames.length)
        chunk.measure(Date.now(), (milliseconds) => this.#metrics.latency.observe(milliseconds))
      },
      close: () => {
        if (closed) return
        closed = true
        this.#count(transport, -1)
        this.#hub.release(feed)
        release()
        ending.release()
      },
    }
  }

  /** Ends all streams with RL_SHUTTING_DOWN, and takes no new ones. */
  endStreams(): void {
    this.#streams.end(new RunlightError('RL_SHUTTING_DOWN', 'The stream ends because the server is being stopped.'))
  }

  async close(): Promise<void> {
    this.endStreams()
    await Promise.all([this.#watch.close(), this.#hub.close()])
  }

  #count(transport: Transport, by: 1 | -1): void {
    this.#connections[transport] += by
    this.#metrics.streams.set({ transport }, this.#connections[transport])
  }

  #view(feed: Feed, { query, events, show = ({ json }) => json }: Wanted): SharedView {
    // The same words, such as 15m, mean another moment for each reader.
    const bounds = [String(query.bounds.since), String(query.bounds.until)]
    const key = JSON.stringify([query.list, events.trace, events.log, bounds])
    const make = () =>
      new View({
        list: query.list,
        bounds: query.bounds,
        matches: lineMatcher(query.scope, query.filters),
        grep: query.filters.grep,
        lines: events.log,
        events: events.trace && query.scope.kind === 'run',
        show,
      })
    return this.#views.take(feed, key, make)
  }
}
