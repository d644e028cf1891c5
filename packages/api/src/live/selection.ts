// What one reader wants of a feed; readers who want the same share the work.

import type { ListIdentity } from '../cursor/sealed.ts'
import { sealLogCursor } from '../cursor/cursors.ts'
import type { TimeBounds } from '../cursor/cursors.ts'
import { nextRound } from '../logs/event-loop.ts'
import type { LineMatcher } from '../logs/matcher.ts'
import type { Grep, StoredLine } from '../store/log-lines.ts'
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
  /** Searches the messages of lines that match; one of them may cost as much as the sending of a thousand. */
  grep?: Grep | undefined
  /** Does it want lines, and events? */
  lines: boolean
  events: boolean
  /** JSON of a line, as this reader's answers have it. */
  show: (line: StoredLine) => string
}

/** Bytes of the items of one chunk, about. */
export const CHUNK_BYTES = 64 * 1024
/**
 * Steps of a search (logs/grep.ts) after which everything else has its turn: some 2 ms at worst, less than a page takes, for
 * a line goes round the event loop several times on its way to the readers.
 */
export const SLICE_STEPS = 128 * 1024
/** Chunks that are kept for readers who are a little behind. */
const KEPT_CHUNKS = 4

/** A selection with what its readers share. */
export class View {
  readonly selection: Selection
  readonly #chunks = new Map<number, { to: number; chunk: Chunk | Promise<Chunk> }>()

  constructor(selection: Selection) {
    this.selection = selection
  }

  /** Cursor of a place of the live stream. */
  cursor(place: Place, done = false): string {
    const { list, bounds } = this.selection
    const live = { events: place.events, done }
    return sealLogCursor({ segment: 'arrivals', bounds, vector: place.vector, live }, list)
  }

  /** What comes next for a follower that shares its place with others; moves it on, before the end of a search. */
  shared(ring: Ring<LiveItem>, follower: Follower<LiveItem>): Chunk | Promise<Chunk> {
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

  /** At once, but for a search, which takes turns with everything else. */
  chunk(entries: readonly Entry<LiveItem>[], placeOf: (entry: Entry<LiveItem>) => Place): Chunk | Promise<Chunk> {
    const { grep } = this.selection
    if (grep) return this.#search(entries, placeOf, grep)
    const frames: Frame[] = []
    for (const entry of entries) {
      if (this.#wants(entry.item)) frames.push(this.#frame(entry, placeOf))
    }
    return new Chunk(frames)
  }

  async #search(
    entries: readonly Entry<LiveItem>[],
    placeOf: (entry: Entry<LiveItem>) => Place,
    grep: Grep,
  ): Promise<Chunk> {
    const frames: Frame[] = []
    let left = 0
    for (const entry of entries) {
      const { item } = entry
      if (!this.#wants(item)) continue
      if (item.kind === 'log') {
        const { message } = item.line
        const steps = grep.steps(message)
        if (steps > left) {
          await nextRound()
          left = SLICE_STEPS
        }
        left -= steps
        if (!grep(message)) continue
      }
      frames.push(this.#frame(entry, placeOf))
    }
    return new Chunk(frames)
  }

  #frame(entry: Entry<LiveItem>, placeOf: (entry: Entry<LiveItem>) => Place): Frame {
    const { item } = entry
    if (item.kind === 'trace') return { type: 'trace', id: this.cursor(placeOf(entry)), data: item.json }
    const { key, timestampNs } = item.line
    // A record whose own time cannot be believed has no latency.
    const recordMs = key.effectiveNs === timestampNs ? Number(timestampNs) / 1e6 : undefined
    return { type: 'log', id: this.cursor(placeOf(entry)), data: this.selection.show(item.line), recordMs }
  }

  /** As far as can be told without a search. */
  #wants(item: LiveItem): boolean {
    const { lines, events, bounds, matches } = this.selection
    if (item.kind === 'trace') return events
    const { line } = item
    const { since, until } = bounds
    const time = line.key.effectiveNs
    if (!lines || (since !== undefined && time < since) || (until !== undefined && time > until)) return false
    return matches(line)
  }
}
