// How the followed runs stand: asked when their events come, at an interval otherwise, until the end can be told.

import { setTimeout as sleep } from 'node:timers/promises'
import type { StreamDone } from '@runlight/contracts/api-stream'
import { isFinal } from '@runlight/contracts/execution-status'
import type { Degradation, ExecutionStatus } from '@runlight/contracts/execution-status'
import type { Feed } from './feed.ts'
import type { Hub } from './hub.ts'
import { Together } from './together.ts'
import { verdictOf } from './verdict.ts'

export interface WatchSettings {
  hub: Pick<Hub, 'degraded' | 'catchUp'>
  /**
   * How those of the runs stand that anybody knows.
   * @throws RunlightError RL_STORE_UNAVAILABLE
   */
  read: (runIds: readonly string[]) => Promise<ReadonlyMap<string, ExecutionStatus>>
  /** Loki, where it is away; the status of a run says so itself. */
  loki: () => Promise<Degradation[]>
}

/** At least this far apart, in milliseconds. */
const PAUSE_MS = 300
/** A run that goes on quietly, and one that has ended and whose last records are awaited. */
const QUIET_MS = 10_000
const ENDING_MS = 1_000
/** Quiet runs are asked for at whole multiples of this, in milliseconds, so that many of them are asked for together. */
const QUIET_STEP_MS = 500
/** A few milliseconds of the event loop at a time, and a pause for the lines of everybody. */
const TOGETHER = { most: 32, gatherMs: 20, sideBySide: 4 }

/** Watches one feed until its end was told, or nobody follows it. */
export class StatusWatch {
  readonly #settings: WatchSettings
  readonly #statuses: Together<ExecutionStatus>
  readonly #watched = new Map<Feed, AbortController>()
  readonly #running = new Set<Promise<void>>()

  constructor(settings: WatchSettings) {
    this.#settings = settings
    this.#statuses = new Together({ ask: settings.read, ...TOGETHER })
  }

  start(feed: Feed): void {
    const ended = new AbortController()
    this.#watched.set(feed, ended)
    const running = this.#watch(feed, ended.signal).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  stop(feed: Feed): void {
    this.#watched.get(feed)?.abort()
    this.#watched.delete(feed)
  }

  /** Resolves when nothing is being asked any more. */
  async close(): Promise<void> {
    for (const feed of [...this.#watched.keys()]) this.stop(feed)
    await Promise.all(this.#running)
  }

  async #watch(feed: Feed, signal: AbortSignal): Promise<void> {
    let status: ExecutionStatus | undefined
    let events = -1n
    let askAt = 0
    while (!signal.aborted && feed.done === undefined && !feed.broken) {
      if (feed.runId !== undefined && (Date.now() >= askAt || feed.ring.end.events !== events)) {
        events = feed.ring.end.events
        status = (await this.#statuses.ask(feed.runId)) ?? status
        // Whoever watches the feed by now may know more.
        if (signal.aborted) return
        const verdict = status && verdictOf(status)
        if (status && verdict && !this.#isBlind()) {
          await this.#settings.hub.catchUp(feed, signal)
          if (!signal.aborted) this.#finish(feed, { verdict, status })
          return
        }
        askAt = status && isFinal(status.status) ? Date.now() + ENDING_MS : quietUntil()
        this.#publish(feed, status)
        await pause(PAUSE_MS, signal)
        continue
      }
      this.#publish(feed, status, feed.runId === undefined ? await this.#settings.loki() : [])
      await feed.news.wait(Math.max(1, Math.min(askAt - Date.now(), QUIET_MS)), signal)
      await pause(PAUSE_MS, signal)
    }
  }

  /** While the store is away nothing can be said about its end. */
  #isBlind(): boolean {
    return this.#settings.hub.degraded.some(({ component }) => component === 'postgres')
  }

  #publish(feed: Feed, status: ExecutionStatus | undefined, others: readonly Degradation[] = []): void {
    const degraded = [...(status?.degraded ?? []), ...others, ...this.#settings.hub.degraded]
    if (feed.runId === undefined) feed.setStatus(JSON.stringify(degraded.length > 0 ? { degraded } : {}))
    else if (status) feed.setStatus(JSON.stringify(degraded.length > 0 ? { ...status, degraded } : status))
  }

  #finish(feed: Feed, done: StreamDone): void {
    this.#publish(feed, done.status)
    feed.finish(JSON.stringify(done))
  }
}

function quietUntil(): number {
  return Math.ceil((Date.now() + QUIET_MS) / QUIET_STEP_MS) * QUIET_STEP_MS
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
