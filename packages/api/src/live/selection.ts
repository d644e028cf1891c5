// What one reader wants of a feed; readers who want the same share the work.

import type { ListIdentity } from '../cursor/sealed.ts'
import { sealLogCursor } from '../cursor/cursors.ts'
import type { TimeBounds } from '../cursor/cursors.ts'
import type { LineMatcher } from '../logs/matcher.ts'
import type { StoredLine } from '../store/log-lines.ts'
import { Chunk } from './frame.ts'
import type { Frame } from './frame.ts'
import type { LiveItem } from './feed.ts'
import type { Follower } from './follower.ts'
import type { Place } from './place.ts'
import { placeAfter } from './ring.ts'
import type { Entry, Ring } from './ring.ts'

export interface Selection {
  /** What its cursors belong to: the subject and all filters. */
  list: ListIdentity
  bounds: TimeBounds
  matches: LineMatcher
  /** Does it want lines, and events? */
  lines: boolean
  events: boolean
  /** JSON of a line, as this reader's answers have it. */
  show: (line: StoredLine) => string
}

/** Bytes of the items of one chunk, about. */
export const CHUNK_BYTES = 64 * 1024
/** Chunks that are kept for readers who are a little behind. */
const KEPT_CHUNKS = 4

/** A selection with what its readers share. */
export class View {
  readonly selection: Selection
  readonly #chunks = new Map<number, { to: number; chunk: Chunk }>()

  constructor(selection: Selection) {
    this.selection = selection
  }

  /** Cursor of a place of the live stream. */
  cursor(place: Place, done = false): string {
    const { list, bounds } = this.selection
    const live = { events: place.events, done }
    return sealLogCursor({ segment: 'arrivals', bounds, vector: place.vector, live }, list)
  }

  /** What comes next for a follower that shares its place with others; moves it on. */
  shared(ring: Ring<LiveItem>, follower: Follower<LiveItem>): Chunk {
    const from = follower.index
    const known = this.#chunks.get(from)
    if (known) {
      follower.skipTo(known.to)
      return known.chunk
    }
    const entries: Entry<LiveItem>[] = []
    let to = from
    for (let left = CHUNK_BYTES; to < ring.next && left > 0; to++) {
      const entry = ring.at(to)
      entries.push(entry)
      left -= entry.item.bytes
    }
    const chunk = this.chunk(entries, placeAfter)
    this.#chunks.set(from, { to, chunk })
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= KEPT_CHUNKS) break
      this.#chunks.delete(oldest)
    }
    follower.skipTo(to)
    return chunk
  }

  chunk(entries: readonly Entry<LiveItem>[], placeOf: (entry: Entry<LiveItem>) => Place): Chunk {
    const frames: Frame[] = []
    for (const entry of entries) {
      const frame = this.#frame(entry, placeOf)
      if (frame) frames.push(frame)
    }
    return new Chunk(frames)
  }

  #frame(entry: Entry<LiveItem>, placeOf: (entry: Entry<LiveItem>) => Place): Frame | undefined {
    const { item } = entry
    if (item.kind === 'trace') {
      return this.selection.events ? { type: 'trace', id: this.cursor(placeOf(entry)), data: item.json } : undefined
    }
    if (!this.#wants(item)) return undefined
    const { key, timestampNs } = item.line
    // A record whose own time cannot be believed has no latency.
    const recordMs = key.effectiveNs === timestampNs ? Number(timestampNs) / 1e6 : undefined
    return { type: 'log', id: this.cursor(placeOf(entry)), data: this.selection.show(item.line), recordMs }
  }

  #wants({ line }: Extract<LiveItem, { kind: 'log' }>): boolean {
    const { lines, bounds, matches } = this.selection
    const { since, until } = bounds
    const time = line.key.effectiveNs
    if (!lines || (since !== undefined && time < since) || (until !== undefined && time > until)) return false
    return matches(line)
  }
}
