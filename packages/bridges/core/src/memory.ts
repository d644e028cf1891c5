// Bytes of records taken from the bus and not yet stored, over all partitions.

import type { BusRecord } from './sink.ts'

/** Bookkeeping for a record beyond its key and value: the objects around it. */
const RECORD_OVERHEAD_BYTES = 256

export function recordBytes({ key, value, origin }: Pick<BusRecord, 'key' | 'value' | 'origin'>): number {
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + (origin?.length ?? 0)
}

/** What a partition of a replay topic may hold: a person waits for it, but it must not slow down what is live. */
const REPLAY_BYTES = 2 * 1024 * 1024

export class MemoryBudget {
  readonly #limit: number
  readonly #onChange: (taken: number) => void
  #taken = 0
  #portion: number

  /** @param onChange told how many bytes are taken */
  constructor(limit: number, onChange: (taken: number) => void) {
    this.#limit = limit
    this.#portion = limit
    this.#onChange = onChange
  }

  /** How many partitions share the budget. */
  share({ live, replays }: { live: number; replays: number }): void {
    this.#portion = (this.#limit - replays * REPLAY_BYTES) / Math.max(1, live)
  }

  take(bytes: number): void {
    this.#taken += bytes
    this.#onChange(this.#taken)
  }

  give(bytes: number): void {
    this.#taken -= bytes
    this.#onChange(this.#taken)
  }

  /** What one partition may hold before it is paused. */
  portion(of: 'live' | 'replay'): number {
    return of === 'replay' ? REPLAY_BYTES : this.#portion
  }
}
