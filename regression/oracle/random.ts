// Chance that can be repeated: the same seed gives the same numbers.

import { randomInt } from 'node:crypto'

/** sfc32 (https://pracrand.sourceforge.net/RNG_engines.txt): fast, and good enough to choose what a test does. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** @param place a second number, for streams of chance that don't touch: one for each record */
  constructor(seed: number, place = 0) {
    this.#a = 0x9e3779b9 ^ seed
    this.#b = 0x243f6a88 ^ place
    this.#c = 0xb7e15162 ^ Math.imul(place, 0x85ebca6b)
    for (let round = 0; round < 6; round++) this.next()
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit)
  }

  /** A whole number; both ends are possible. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  chance(probability: number): boolean {
    return this.next() / 0x1_0000_0000 < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      const kept = shuffled[last] as T
      shuffled[last] = shuffled[other] as T
      shuffled[other] = kept
    }
    return shuffled
  }
}

/** What RUNLIGHT_SEED says, so that a failed run can be repeated; else a new one. */
export function chooseSeed(): number {
  const { RUNLIGHT_SEED } = process.env
  if (RUNLIGHT_SEED === undefined || RUNLIGHT_SEED === '') return randomInt(1, 0x7fff_ffff)
  const seed = Number(RUNLIGHT_SEED)
  if (!Number.isSafeInteger(seed)) throw new Error(`RUNLIGHT_SEED must be a whole number, not ${RUNLIGHT_SEED}.`)
  return seed
}
