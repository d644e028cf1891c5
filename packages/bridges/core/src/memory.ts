// Bytes of records taken from the bus and not yet stored, over all partitions.

/** Bookkeeping for a record beyond its key and value: the objects around it. */
const RECORD_OVERHEAD_BYTES = 256

export function recordBytes(record: { key: Buffer | null; value: Buffer | null }): number {
  return RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0)
}

export class MemoryBudget {
  readonly #limit: number
  #taken = 0
  #holders = 1

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  /** How many partitions share the budget. */
  share(holders: number): void {
    this.#holders = Math.max(1, holders)
  }

  take(bytes: number): void {
    this.#taken += bytes
  }

  give(bytes: number): void {
    this.#taken -= bytes
  }

  /** What one partition may hold before it is paused. */
  get portion(): number {
    return this.#limit / this.#holders
  }
}
