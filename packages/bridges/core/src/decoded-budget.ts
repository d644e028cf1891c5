// Bytes of records that are decoded and not yet stored, over all partitions and over all assignments of them.

import { unlessAborted } from './until-done.ts'

/**
 * Each partition may decode one batch and, while that is stored, the next one: two portions, so that no partition ever waits
 * for another one's store. What a rebalance takes away stays counted until it has ended, and what comes in its place waits
 * for as long. A record above a portion is decoded alone, one at a time in the process, and counted apart: it waits for
 * nothing but another such record, and nothing else waits for it.
 */
export class DecodedBudget {
  readonly #limit: number
  #portion: number
  #taken = 0
  #large = false
  /** Those who wait for room. */
  readonly #waiting: (() => void)[] = []

  /** @param limit in bytes as they are counted for what waits (memory.ts), records above a portion apart */
  constructor(limit: number) {
    this.#limit = limit
    this.#portion = limit / 2
  }

  /** How many partitions share it. */
  share(partitions: number): void {
    this.#portion = this.#limit / (2 * Math.max(1, partitions))
  }

  /** What is decoded together is at most so many bytes, unless it is a single record. */
  get portion(): number {
    return this.#portion
  }

  /** Takes room and gives what gives it back; undefined where there is none now. */
  tryTake(bytes: number): (() => void) | undefined {
    const large = bytes > this.#portion
    if (large ? this.#large : this.#taken + bytes > this.#limit) return undefined
    if (large) this.#large = true
    else this.#taken += bytes
    let held = true
    return () => {
      if (!held) return
      held = false
      if (large) this.#large = false
      else this.#taken -= bytes
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** Waits for room; rejects when the signal is aborted. */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    for (;;) {
      const give = this.tryTake(bytes)
      if (give) return give
      await unlessAborted(signal, new Promise<void>((resolve) => this.#waiting.push(resolve)))
    }
  }
}
