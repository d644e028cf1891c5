// A stream that has joined its feed, without a store: searches that cost much, and lines that are for others.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { openLogCursor } from '../cursor/cursors.ts'
import type { LogCursor } from '../cursor/cursors.ts'
import { compileGrep } from '../logs/grep.ts'
import type { LogQuery } from '../logs/page.ts'
import type { Grep } from '../store/log-lines.ts'
import { Feed, lineItem } from './feed.ts'
import { Chunk } from './frame.ts'
import type { Place } from './place.ts'
import { SLICE_STEPS, View } from './selection.ts'
import type { Selection } from './selection.ts'
import { stream } from './stream.ts'

const BOUNDS = { since: undefined, until: undefined }
const SCOPE = { kind: 'run', runId: 'run-1' } as const
const HEARTBEAT_MS = 15_000

afterEach(() => void vi.restoreAllMocks())

const placeAt = (offset: number): Place => ({
  vector: {
    generation: 'g',
    partitions: [{ nextOffset: BigInt(offset), sinceMs: 0 }],
    otherwise: { nextOffset: 0n, sinceMs: 0 },
  },
  events: 0n,
})

/** A feed that holds at most so many bytes; lines are put into it one by one, with consecutive offsets. */
function feedOf(bytes: number) {
  const feed = new Feed(SCOPE, placeAt(0), { bytes })
  let offset = 0
  const push = (message: string, level = 'info') => {
    const item = lineItem({
      key: { effectiveNs: 0n, partition: 0, offset: BigInt(offset) },
      fields: {
        ...{ orgId: 'unassigned', type: 'job', execution: 1, nodeRef: undefined, attempt: undefined },
        ...{ component: undefined, level, stream: 'stdout' },
      },
      ...{ message, timestampNs: 0n, identity: String(offset) },
      json: JSON.stringify({ message }) as never,
    })
    feed.push([item], placeAt(++offset))
  }
  return { feed, push }
}

const viewOf = (wanted: Partial<Selection>) =>
  new View({
    ...{ list: [], bounds: BOUNDS, matches: () => true, lines: true, events: false, show: ({ json }) => json },
    ...wanted,
  })

/** The stream of a reader that comes back to the beginning of the feed: nothing is read from the store. */
function follow(feed: Feed, view: View) {
  const ended = new AbortController()
  const cursor: LogCursor = {
    segment: 'arrivals',
    bounds: BOUNDS,
    vector: placeAt(0).vector,
    live: { events: 0n, done: false },
  }
  const chunks = stream({
    ...{ view, feed, query: { bounds: BOUNDS } as LogQuery, status: true, heartbeatMs: HEARTBEAT_MS },
    database: { read: () => Promise.reject(new Error('The store is not read')), close: () => Promise.resolve() },
    start: { kind: 'cursor', cursor },
    signal: ended.signal,
    onGap: () => undefined,
  })
  return { chunks, end: () => ended.abort(new Error('The reader is gone')) }
}

/** Of the first partition, in a cursor. */
function offsetOf(cursor: string | undefined): number {
  const place = openLogCursor(cursor ?? '', [])
  return Number(place.vector.partitions[0]?.nextOffset)
}

/** Steps of the searches since the event loop has gone round last, at most, and how many lines were searched. */
function watched(text: string) {
  const grep = compileGrep(text) as Grep
  const seen = { most: 0, lines: 0, since: 0 }
  const find = (message: string) => {
    seen.lines++
    seen.since += grep.steps(message)
    seen.most = Math.max(seen.most, seen.since)
    return grep(message)
  }
  return { seen, grep: Object.assign(find, { steps: grep.steps }) }
}

/** After each x it is in more states than can be remembered; the line ends where the 103 characters do. */
const HEAVY = '[a-z0-9 ]*x[a-z0-9 ]{103}Q'
const LINE = 'x and y '.repeat(25)
const LAST = `${LINE}Q`

test('a search that costs much gives way after each slice, and readers who want the same share it', async () => {
  const { feed, push } = feedOf(16 * 1024 * 1024)
  for (let index = 0; index < 600; index++) push(LINE)
  push(LAST)
  const { seen, grep } = watched(HEAVY)
  const view = viewOf({ grep })
  const readers = [follow(feed, view), follow(feed, view)]
  let turns = 0
  let searching = true
  const others = (async () => {
    while (searching) {
      await nextTurn()
      seen.since = 0
      turns++
    }
  })()
  const found = await Promise.all(
    readers.map(async ({ chunks }) => {
      for await (const chunk of chunks) if (chunk instanceof Chunk) return chunk.frames.map(({ id }) => offsetOf(id))
      return undefined
    }),
  )
  searching = false
  await others
  expect(found).toEqual([[601], [601]])
  expect(seen.lines).toBe(601)
  expect(seen.most).toBeLessThanOrEqual(2 * SLICE_STEPS)
  expect(turns).toBeGreaterThan(90)
})

test('a reader whose search takes too long is told of a gap: what lies in it is all that it has not seen', async () => {
  const { feed, push } = feedOf(100 * 1024)
  const { seen, grep } = watched(HEAVY)
  const { chunks, end } = follow(feed, viewOf({ grep }))
  let count = 0
  let running = true
  // Ten lines come each time that it gives way, and it searches six in between.
  const writing = (async () => {
    for (; running; await nextTurn()) for (let left = 10; left > 0; left--, count++) push(LINE)
  })()
  for await (const chunk of chunks) {
    if (!(chunk instanceof Chunk)) continue
    running = false
    const [frame] = chunk.frames
    const gap = JSON.parse(frame?.data ?? '') as { from: string; to: string; skipped: number }
    expect(frame?.type).toBe('gap')
    expect(offsetOf(gap.from)).toBe(seen.lines)
    expect(offsetOf(gap.to)).toBe(seen.lines + gap.skipped)
    break
  }
  await writing
  end()
})

test('a stream says that it lives, and where it is, while only lines of others flow and its run stands otherwise', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const { feed, push } = feedOf(16 * 1024 * 1024)
  const { chunks, end } = follow(feed, viewOf({ matches: ({ fields }) => fields.level === 'error' }))
  const heard: { at: number; offset: number }[] = []
  const reading = (async () => {
    for await (const chunk of chunks) {
      if (!(chunk instanceof Chunk)) heard.push({ at: now, offset: offsetOf(chunk.heartbeat) })
      else if (chunk.frames[0]?.type === 'log') heard.push({ at: now, offset: offsetOf(chunk.frames[0].id) })
    }
  })().catch((cause: unknown) => (cause as Error).message)
  await nextTurn()
  for (let second = 1; second <= 40; second++) {
    now = second * 1_000
    if (second % 5 === 0) feed.setStatus(`{"second":${second}}`)
    push('of others')
    if (second === 20) push('its own', 'error')
    await nextTurn()
  }
  end()
  expect(await reading).toBe('The reader is gone')
  // Its place at the beginning; 15 seconds after it; its line; 15 seconds after that.
  expect(heard.map(({ at }) => at)).toEqual([0, 15_000, 20_000, 35_000])
  expect(heard.map(({ offset }) => offset)).toEqual([0, 14, 21, 35])
})
