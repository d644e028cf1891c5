// How much of a component's output is shipped: a token bucket by the records' own times, so that a backlog that is read
// at once is not taken for a flood.

import { parseInstant } from '@runlight/contracts/time'
import type { LogLevel } from '@runlight/contracts/log-entry'

export interface Rate {
  /** Records a second in the long run … */
  perSecond: number
  /** … and how many at once. */
  burst: number
}

/** Records that were left out and are not told of yet. */
export interface LeftOut {
  count: number
  byLevel: Partial<Record<LogLevel, number>>
  /** Times of the first and the last one. */
  from: string
  to: string
}

/**
 * Told of at the latest when so much time has passed since the first record that was left out, and never twice within it,
 * in milliseconds.
 */
const TELL_AFTER_MS = 10_000

export class RateLimiter {
  readonly #rate: Rate
  #tokens: number
  /** Milliseconds since the epoch. */
  #last = 0
  #leftOut: LeftOut | undefined
  #since = 0
  #toldAt = -Infinity

  constructor(rate: Rate, leftOut?: LeftOut) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#leftOut = leftOut
  }

  /** What is left out and not told of yet. */
  get leftOut(): LeftOut | undefined {
    return this.#leftOut
  }

  /** Whether a record may pass; one that may not is counted. `now` in milliseconds since the epoch. */
  admit(timestamp: string, level: LogLevel, now: number): boolean {
    const own = parseInstant(timestamp)
    // A time of the future would fill the bucket now and keep it empty until then.
    const at = Math.min(own ? own.seconds * 1000 + own.nanos / 1e6 : now, now)
    if (at > this.#last) {
      const earned = this.#last === 0 ? 0 : ((at - this.#last) / 1000) * this.#rate.perSecond
      this.#tokens = Math.min(this.#rate.burst, this.#tokens + earned)
      this.#last = at
    }
    if (this.#tokens >= 1) {
      this.#tokens--
      return true
    }
    this.#leftOut ??= this.#begin(timestamp, now)
    this.#leftOut.count++
    this.#leftOut.byLevel[level] = (this.#leftOut.byLevel[level] ?? 0) + 1
    this.#leftOut.to = timestamp
    return false
  }

  /**
   * Takes what has to be told of now: as soon as records pass again, else after ten seconds. Telling takes the place of a
   * record: at the rate's edge, where every second record is left out, it would else double what is shipped.
   */
  take(now: number, passing: boolean): LeftOut | undefined {
    const leftOut = this.#leftOut
    const since = passing ? this.#toldAt : Math.max(this.#since, this.#toldAt)
    if (!leftOut || now - since < TELL_AFTER_MS) return undefined
    this.#leftOut = undefined
    this.#toldAt = now
    this.#tokens--
    return leftOut
  }

  #begin(timestamp: string, now: number): LeftOut {
    this.#since = now
    return { count: 0, byLevel: {}, from: timestamp, to: timestamp }
  }
}
