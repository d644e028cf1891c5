// Bytes of records taken from the bus and not yet stored, over all partitions.

/** Bookkeeping for a record beyond its key and value: the objects around it. */
const RECORD_OVERHEAD_BYTES = 256

export function recordBytes(record: { key: Buffer | null; value: Buffer | null }): number {
  return RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0)
}

export class MemoryBudget {
  readonly #limit: number
  readonly #onChange: (taken: number) => void
  #taken = 0
  #holders = 1

  /** @param onChange told how many bytes are taken */
  constructor(limit: number, onChange: (taken: number) => void) {
    this.#limit = limit
    this.#onChange = onChange
  }

  /** How many partitions share the budget. */
  share(holders: number): void {
    this.#holders = Math.max(1, holders)
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
  get portion(): number {
    return this.#limit / this.#holders
  }
}
