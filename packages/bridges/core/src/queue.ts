// Records of one partition that were taken from the bus and wait for the store, bounded by bytes.

import type { MemoryBudget } from './memory.ts'
import { recordBytes } from './memory.ts'
import type { BusRecord } from './sink.ts'

export interface BatchLimits {
  /** How long an idle partition waits for more records before it delivers the first ones, in milliseconds. */
  lingerMillis: number
  records: number
  /** Keys and values, with what they cost in memory besides. */
  bytes: number
  /** Longest append time that one batch may span, in milliseconds. */
  spanMillis: number
  /** Longest append time that what is stored but not committed may span together with the next batch, in milliseconds. */
  uncommittedSpanMillis: number
}

/** Records taken from the queue together. */
export interface Slice {
  records: readonly BusRecord[]
  bytes: number
  /** Append time of the first of them, milliseconds since the epoch. */
  appendedAt: number
}

export interface QueueSettings {
  limits: BatchLimits
  memory: MemoryBudget
  /** Are the records those of the topic itself, in the order of their append time? Not on a replay topic. */
  ordered: boolean
  /** Stops or goes on fetching the partition. */
  pause: () => void
  resume: () => void
}

export class RecordQueue {
  readonly #settings: QueueSettings
  readonly #records: BusRecord[] = []
  readonly #inFlight: Slice[] = []
  #queuedBytes = 0
  #paused = false

  constructor(settings: QueueSettings) {
    this.#settings = settings
  }

  get length(): number {
    return this.#records.length
  }

  /** Nothing waits, and nothing is under way. */
  get idle(): boolean {
    return this.#records.length === 0 && this.#inFlight.length === 0
  }

  /** Append time of the oldest record that is not stored yet, milliseconds since the epoch. */
  get oldestAppendedAt(): number | undefined {
    return (this.#inFlight[0] ?? this.#records[0])?.appendedAt
  }

  push(records: readonly BusRecord[]): void {
    const { memory, pause } = this.#settings
    let bytes = 0
    for (const record of records) {
      bytes += recordBytes(record)
      this.#records.push(record)
    }
    this.#queuedBytes += bytes
    memory.take(bytes)
    if (this.#paused || this.#held <= this.#portion) return
    this.#paused = true
    pause()
  }

  /** What the next batch is counted for, in bytes; the queue must hold a record. */
  nextBytes(most: number): number {
    return this.#next(most).bytes
  }

  /**
   * Takes the next batch; the queue must hold a record.
   * @param most bytes that it may have, unless it is a single record
   */
  take(most: number): Slice {
    const { appendedAt } = this.#records[0] as BusRecord
    const { count, bytes } = this.#next(most)
    const slice = { records: this.#records.splice(0, count), bytes, appendedAt }
    this.#queuedBytes -= bytes
    this.#inFlight.push(slice)
    if (this.#paused && this.#queuedBytes < this.#portion / 2) {
      this.#paused = false
      this.#settings.resume()
    }
    return slice
  }

  #next(most: number): { count: number; bytes: number } {
    const { limits } = this.#settings
    const { appendedAt } = this.#records[0] as BusRecord
    const room = Math.min(most, limits.bytes)
    let count = 0
    let bytes = 0
    for (const record of this.#records) {
      const size = recordBytes(record)
      const full = count === limits.records || (count > 0 && bytes + size > room)
      if (full || record.appendedAt - appendedAt > limits.spanMillis) break
      bytes += size
      count++
    }
    return { count, bytes }
  }

  /** A slice is stored; its memory is free again. */
  release(slice: Slice): void {
    this.#inFlight.splice(this.#inFlight.indexOf(slice), 1)
    this.#settings.memory.give(slice.bytes)
  }

  /** Forgets what has not been taken. */
  forgetWaiting(): void {
    this.#settings.memory.give(this.#queuedBytes)
    this.#records.length = 0
    this.#queuedBytes = 0
  }

  /** Forgets everything. */
  clear(): void {
    this.forgetWaiting()
    this.#settings.memory.give(this.#held)
    this.#inFlight.length = 0
  }

  get #portion(): number {
    return this.#settings.memory.portion(this.#settings.ordered ? 'live' : 'replay')
  }

  get #held(): number {
    return this.#inFlight.reduce((sum, slice) => sum + slice.bytes, this.#queuedBytes)
  }
}
