// One reader's stream: what is stored already, then what comes, to the end.

import type { StreamGap } from '@runlight/contracts/api-stream'
import { backfill } from './backfill.ts'
import type { Backfill, Start } from './backfill.ts'
import { Chunk } from './frame.ts'
import type { Frame } from './frame.ts'
import { CHUNK_BYTES } from './selection.ts'
import type { View } from './selection.ts'

export interface StreamSettings extends Omit<Backfill, 'selection'> {
  view: View
  start: Start
  /** Does the reader want to know how the run stands? */
  status: boolean
  heartbeatMs: number
  /** Told of each gap that the reader gets, and how much lies in it. */
  onGap: (skipped: number) => void
}

/** A sign of life: there was nothing for the reader for a while. It is the reader's cursor, once there is one. */
export interface Heartbeat {
  heartbeat: string | undefined
}

/**
 * Chunks in their order, until the end of the run has been told, the signal is aborted, or the feed breaks (then it
 * throws). Whoever iterates sets the pace: a reader that takes long is told of a gap, and nobody waits for it.
 */
export async function* stream(settings: StreamSettings): AsyncGenerator<Chunk | Heartbeat, void, undefined> {
  const { view, feed, signal, start, heartbeatMs } = settings
  let told: string | undefined
  const status = (): Chunk | undefined => {
    if (!settings.status || feed.status === undefined || feed.status === told) return undefined
    told = feed.status
    return new Chunk([{ type: 'status', id: undefined, data: told }])
  }
  const first = status()
  if (first) yield first
  // When the reader was last given its place, which a status does not tell: what others want goes by without a word.
  let placedAt = performance.now()
  const isSilent = () => performance.now() - placedAt >= heartbeatMs
  const reading = backfill({ ...settings, selection: view.selection }, start)
  let read = await reading.next()
  for (; !read.done; read = await reading.next()) {
    if (read.value instanceof Chunk) yield read.value
    else {
      const news = status()
      if (news) yield news
      if (!isSilent()) continue
      yield { heartbeat: read.value.waiting }
    }
    placedAt = performance.now()
  }
  const follower = read.value
  // A reader that began at the end, and is cut off before a line has come, comes back to this place.
  yield { heartbeat: view.cursor(follower.place) }
  placedAt = performance.now()
  for (;;) {
    signal.throwIfAborted()
    if (feed.broken) throw feed.broken
    const news = status()
    if (news) yield news
    if (isSilent()) {
      yield { heartbeat: view.cursor(follower.place) }
      placedAt = performance.now()
    }
    if (follower.isShared && !follower.atEnd) {
      const made = view.shared(feed.ring, follower)
      // No round of waiting for what is there at once: it is asked for each reader and each few lines.
      const chunk = made instanceof Chunk ? made : await made
      if (chunk.frames.length === 0) continue
      yield chunk
      placedAt = performance.now()
      continue
    }
    const taken = follower.take(CHUNK_BYTES)
    if (taken.kind === 'entries') {
      const chunk = await view.chunk(taken.entries, taken.placeOf)
      if (chunk.frames.length === 0) continue
      yield chunk
      placedAt = performance.now()
    } else if (taken.kind === 'gap') {
      settings.onGap(taken.skipped)
      const [from, to] = [view.cursor(taken.from), view.cursor(taken.to)]
      const gap: StreamGap = { from, to, skipped: taken.skipped }
      yield new Chunk([{ type: 'gap', id: to, data: JSON.stringify(gap) }])
      placedAt = performance.now()
    } else if (feed.done !== undefined) {
      const end: Frame = { type: 'done', id: view.cursor(follower.place, true), data: feed.done }
      const final = status()
      if (final) yield final
      yield new Chunk([end])
      return
    } else {
      await feed.news.wait(Math.max(1, heartbeatMs - (performance.now() - placedAt)), signal)
    }
  }
}
