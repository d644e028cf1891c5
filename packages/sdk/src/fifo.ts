// First in, first out, where entries may leave from the middle.

/** An entry counts as queued as long as its state says so. */
export interface Entry {
  state: 'queued' | 'sending' | 'settled'
}

export class Fifo<T extends Entry> {
  #entries: T[] = []
  #head = 0
  #size = 0

  /** Entries that are still queued. */
  get size(): number {
    return this.#size
  }

  push(entry: T): void {
    this.#entries.push(entry)
    this.#size++
  }

  /** The oldest entry that is still queued. */
  peek(): T | undefined {
    while (this.#head < this.#entries.length) {
      const entry = this.#entries[this.#head] as T
      if (entry.state === 'queued') return entry
      this.#head++
    }
    this.#entries = []
    this.#head = 0
    return undefined
  }

  /** To be called when an entry is no longer queued. Holes are closed when they are the greater part. */
  left(): void {
    this.#size--
    if (this.#entries.length > 2 * this.#size + 1024) {
      this.#entries = this.#entries.filter((entry) => entry.state === 'queued')
      this.#head = 0
    }
  }

  /** Takes all queued entries out, oldest first. */
  clear(): T[] {
    const entries = this.#entries.filter((entry) => entry.state === 'queued')
    this.#entries = []
    this.#head = 0
    this.#size = 0
    return entries
  }
}
