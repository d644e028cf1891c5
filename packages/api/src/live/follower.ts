// One reader of a ring: joined without a gap or a double, and told of a gap when it was too slow.

import { furthest, reaches } from './place.ts'
import type { Place } from './place.ts'
import { placeAfter } from './ring.ts'
import type { Entry, Ring, Standing } from './ring.ts'
import { storedIn } from '../store/positions.ts'

export type Taken<T extends Standing> =
  /** Entries that the reader has not seen; `placeOf` tells how far it is after each. */
  | { kind: 'entries'; entries: readonly Entry<T>[]; placeOf: (entry: Entry<T>) => Place }
  /** The ring has gone on without the reader, which goes on at the ring's end. */
  | { kind: 'gap'; from: Place; to: Place; skipped: number }
  | { kind: 'nothing' }

export class Follower<T extends Standing> {
  readonly #ring: Ring<T>
  #index: number
  /** How far it had read elsewhere, as long as that may lie behind entries to come. */
  #seen: Place | undefined
  /** Its place when it last took something: where a gap begins. */
  #last: Place

  private constructor(ring: Ring<T>, seen: Place) {
    this.#ring = ring
    this.#index = ring.first
    this.#seen = seen
    this.#last = seen
  }

  /**
   * A reader that has read everything up to `place` from the store goes on from the ring; undefined when the ring begins
   * later than that, so that the store has to be read once more.
   */
  static join<T extends Standing>(ring: Ring<T>, place: Place): Follower<T> | undefined {
    if (!reaches(place, ring.start)) return undefined
    return new Follower(ring, place)
  }

  /** The index of the entry that it will look at next. */
  get index(): number {
    return this.#index
  }

  /** Everything before this place was given, or told as a gap. */
  get place(): Place {
    // What lies between is gone, and was not told as a gap yet.
    if (this.#index < this.#ring.first) return this.#last
    const here = this.#ring.placeBefore(this.#index)
    return this.#seen ? furthest(here, this.#seen) : here
  }

  /** Has it been given everything that the ring has? */
  get atEnd(): boolean {
    return this.#index === this.#ring.next
  }

  /** Is what comes next the same for every reader that stands here? */
  get isShared(): boolean {
    return this.#index >= this.#ring.first && this.#settle() === undefined
  }

  /** The reader was given everything before the index, which is shared by all that stand here. */
  skipTo(index: number): void {
    this.#index = index
    this.#last = this.place
  }

  /** What comes next: entries of about `bytes` bytes, at least one. */
  take(bytes: number): Taken<T> {
    const ring = this.#ring
    if (this.#index < ring.first) {
      if (!reaches(this.#last, ring.start)) return this.#gap()
      // What is gone it had read elsewhere.
      this.#index = ring.first
      this.#seen = this.#last
    }
    const entries: Entry<T>[] = []
    const seen = this.#settle()
    for (let left = bytes; this.#index < ring.next && left > 0; this.#index++) {
      const entry = ring.at(this.#index)
      if (seen && isSeen(entry.item, seen)) continue
      entries.push(entry)
      left -= entry.item.bytes
    }
    this.#last = this.place
    if (entries.length === 0) return { kind: 'nothing' }
    const placeOf = seen ? (entry: Entry<T>) => furthest(placeAfter(entry), seen) : placeAfter
    return { kind: 'entries', entries, placeOf }
  }

  #gap(): Taken<T> {
    const from = this.#last
    const skipped = this.#ring.next - this.#index
    this.#index = this.#ring.next
    const to = this.place
    this.#last = to
    return { kind: 'gap', from, to, skipped }
  }

  /** What was read elsewhere matters until the ring has passed it. */
  #settle(): Place | undefined {
    if (this.#seen && reaches(this.#ring.placeBefore(this.#index), this.#seen)) this.#seen = undefined
    return this.#seen
  }
}

function isSeen(item: Standing, { vector, events }: Place): boolean {
  if (item.kind === 'trace') return item.sequence <= events
  return item.offset < storedIn(vector, item.partition).nextOffset
}
