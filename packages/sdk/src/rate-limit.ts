// How many lines a run or a component may send: one that has gone wild must not push the others out of the queue.

import { LOG_LEVELS } from '@runlight/contracts/log-entry'
import type { LogLevel } from '@runlight/contracts/log-entry'

export interface RateLimit {
  /** Lines a second in the long run. */
  linesPerSecond: number
  /** Lines at once. Default: ten seconds' worth. */
  burst?: number
}

export interface RateLimits {
  /** Of each run, in this process. Default 20,000 lines a second; false: none. */
  run?: RateLimit | false
  /** Of each component, in this process. Default 20,000 lines a second; false: none. */
  component?: RateLimit | false
  /** How often what was left out is told in the log itself, in milliseconds. Default 10,000. */
  windowMs?: number
}

export const DEFAULT_RATE: RateLimit = { linesPerSecond: 20_000 }
const BURST_SECONDS = 10

/** Of the burst, this part is kept for warnings and errors. */
const RESERVED = 0.1

/** Above so many keys, those whose bucket is full again are forgotten. */
const REMEMBERED_KEYS = 1_000

/** Holds `burst` tokens at most and gains `linesPerSecond`; each line takes one. Moments are in milliseconds. */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #at: number

  constructor({ linesPerSecond, burst = linesPerSecond * BURST_SECONDS }: RateLimit, now: number) {
    this.#perMs = linesPerSecond / 1_000
    this.#burst = Math.max(1, burst)
    this.#tokens = this.#burst
    this.#at = now
  }

  /** Whether one more line may go. Debug and info lines leave the reserve alone. */
  take(sheddable: boolean, now: number): boolean {
    this.#refill(now)
    const reserve = sheddable ? Math.floor(this.#burst * RESERVED) : 0
    if (this.#tokens < 1 + reserve) return false
    this.#tokens--
    return true
  }

  full(now: number): boolean {
    this.#refill(now)
    return this.#tokens >= this.#burst
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}

/** The buckets of one kind: one for each run, or for each component. */
export class RateLimiter {
  readonly limit: RateLimit | undefined
  readonly #buckets = new Map<string, TokenBucket>()
  #sweepAbove = REMEMBERED_KEYS

  constructor(limit: RateLimit | false | undefined) {
    this.limit = limit === false ? undefined : limit
  }

  /** Whether one more line of a key may go. */
  allows(key: string, sheddable: boolean, now = performance.now()): boolean {
    if (!this.limit) return true
    let bucket = this.#buckets.get(key)
    if (!bucket) {
      this.#sweep(now)
      this.#buckets.set(key, (bucket = new TokenBucket(this.limit, now)))
    }
    return bucket.take(sheddable, now)
  }

  /** A full bucket is as good as a new one. */
  #sweep(now: number): void {
    if (this.#buckets.size < this.#sweepAbove) return
    for (const [key, bucket] of this.#buckets) {
      if (bucket.full(now)) this.#buckets.delete(key)
    }
    this.#sweepAbove = Math.max(REMEMBERED_KEYS, 2 * this.#buckets.size)
  }
}

export type LevelCounts = Record<LogLevel, number>

export function noLines(): LevelCounts {
  return { debug: 0, info: 0, warn: 0, error: 0 }
}

/** What a window left out, and what was left out since the start. */
export interface LeftOut {
  byLevel: LevelCounts
  count: number
  countInAll: number
  windowMs: number
}

/** Counts what one producer left out and tells it once in each window, as long as there is something to tell. */
export class LeftOutCounter {
  readonly #tell: (leftOut: LeftOut) => void
  readonly #windowMs: number
  readonly #pending: Set<LeftOutCounter>
  #byLevel = noLines()
  #countInAll = 0
  #timer: NodeJS.Timeout | undefined

  /** @param pending where it stands while there is something to tell, for whoever ends before the window does */
  constructor(tell: (leftOut: LeftOut) => void, windowMs: number, pending: Set<LeftOutCounter>) {
    this.#tell = tell
    this.#windowMs = windowMs
    this.#pending = pending
  }

  add(level: LogLevel): void {
    this.#byLevel[level]++
    this.#countInAll++
    if (this.#timer) return
    this.#pending.add(this)
    this.#timer = setTimeout(() => this.tell(), this.#windowMs).unref()
  }

  /** Tells what there is to tell now. */
  tell(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pending.delete(this)
    const byLevel = this.#byLevel
    this.#byLevel = noLines()
    const count = LOG_LEVELS.reduce((sum, level) => sum + byLevel[level], 0)
    this.#tell({ byLevel, count, countInAll: this.#countInAll, windowMs: this.#windowMs })
  }
}
