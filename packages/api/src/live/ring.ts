// The latest lines and events of a subject, in the order in which the hub read them: bounded by bytes. What came last
// is kept however large it is, so that a quick reader never misses a line that is larger than the bound.

import type { Stored } from '../cursor/cursors.ts'
import type { Place } from './place.ts'
import { storedIn } from '../store/positions.ts'

/** What one read found: everything between two places. */
export interface Batch {
  before: Place
  after: Place
}

/** What an item must tell: where it stands, and what it costs to keep. */
export type Standing =
  { kind: 'log'; partition: number; offset: bigint; bytes: number } | { kind: 'trace'; sequence: bigint; bytes: number }

export interface Entry<T extends Standing> {
  item: T
  batch: Batch
}

/** A bound for what all rings of a process keep. */
export interface RingLimit {
  bytes: number
}

export class Ring<T extends Standing> {
  readonly #limit: RingLimit
  #entries: (Entry<T> | undefined)[] = []
  /** Index, since the ring was made, of #entries[0]. */
  #base = 0
  /** Entries before this one in #entries are gone; they are cut off now and then. */
  #gone = 0
  #bytes = 0
  #start: Place
  #end: Place

  constructor(start: Place, limit: RingLimit) {
    this.#start = start
    this.#end = start
    this.#limit = limit
  }

  /** Index of the oldest entry that is still here. */
  get first(): number {
    return this.#base + this.#gone
  }

  /** Index that the next entry will get. */
  get next(): number {
    return this.#base + this.#entries.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Everything after this place, up to `end`, is here. */
  get start(): Place {
    return this.#start
  }

  get end(): Place {
    return this.#end
  }

  /** Adds what was read from `end` to `after`: lines in the order of (partition, offset), then events by sequence. */
  push(items: readonly T[], after: Place): void {
    const batch = { before: this.#end, after }
    for (const item of items) {
      this.#entries.push({ item, batch })
      this.#bytes += item.bytes
    }
    this.#end = after
    const latest = this.#entries.length - items.length
    while (this.#bytes > this.#limit.bytes && this.#gone < latest) this.#drop()
    if (this.#gone > 1_024 && this.#gone * 2 > this.#entries.length) this.#cut()
  }

  at(index: number): Entry<T> {
    const entry = this.#entries[index - this.#base]
    if (!entry || index < this.first) throw new RangeError(`The ring holds no entry ${index}`)
    return entry
  }

  /** The place after everything before the index. */
  placeBefore(index: number): Place {
    if (index === this.next) return this.#end
    return index === this.first ? this.#start : placeAfter(this.at(index - 1))
  }

  #drop(): void {
    const entry = this.#entries[this.#gone] as Entry<T>
    // Let go of at once: a thousand of the largest lines would be much more than the bound.
    this.#entries[this.#gone++] = undefined
    this.#bytes -= entry.item.bytes
    this.#start = placeAfter(entry)
  }

  #cut(): void {
    this.#entries = this.#entries.slice(this.#gone)
    this.#base += this.#gone
    this.#gone = 0
  }
}

/** The place after an entry: its batch is read partition by partition, the events last. */
export function placeAfter({ item, batch }: Entry<Standing>): Place {
  const { before, after } = batch
  if (item.kind === 'trace') return { vector: after.vector, events: item.sequence }
  const { generation, otherwise } = after.vector
  const length = Math.max(before.vector.partitions.length, after.vector.partitions.length)
  const partitions: (Stored | undefined)[] = []
  // A loop and no callbacks: it is asked for each line.
  for (let partition = 0; partition < length; partition++) {
    partitions.push((partition < item.partition ? after : before).vector.partitions[partition])
  }
  const { sinceMs } = storedIn(after.vector, item.partition)
  partitions[item.partition] = { nextOffset: item.offset + 1n, sinceMs }
  return { vector: { generation, partitions, otherwise }, events: before.events }
}
