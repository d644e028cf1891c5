// Lines of a target in order: all, the last ones, and those that come.

import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredLog } from '@runlight/contracts/api'
import type { LogQuery } from '@runlight/sdk/client/api-client'
import { ApiUnreachable } from '@runlight/sdk/client/api-problem'
import type { LinePage, LogTarget } from './target.ts'

export type LineFilters = Omit<LogQuery, 'cursor' | 'limit' | 'direction'>

export interface ReadOptions {
  filters: LineFilters
  /** Only the last so many of what is there. */
  lines?: number | undefined
  /** Goes on until the target has ended. */
  follow?: boolean | undefined
  /** Told, once each time, that the API does not answer while it is being followed. */
  onAway?: (reason: string) => void
}

const PAGE = 1_000
/** How often what is followed is asked for what is new. */
const POLL_MS = 500
const LONGEST_POLL_MS = 5_000

/** Oldest first; memory holds one page, or the last lines that are asked for. */
export async function* readLines(target: LogTarget, options: ReadOptions): AsyncGenerator<StoredLog, void, undefined> {
  const { filters, lines, follow } = options
  if (lines === undefined && !follow) return yield* pages(target, { ...filters, limit: PAGE })
  const last = lines === undefined ? [] : await lastLines(target, filters, lines)
  yield* last
  if (follow) yield* coming(target, options, last)
}

async function* pages(target: LogTarget, query: LogQuery): AsyncGenerator<StoredLog, void, undefined> {
  for (let next: LogQuery | undefined = query; next;) {
    const { logs, hasMore, nextCursor }: LinePage = await target.read(next)
    yield* logs
    next = hasMore && nextCursor !== undefined ? { ...next, cursor: nextCursor } : undefined
  }
}

async function lastLines(target: LogTarget, filters: LineFilters, count: number): Promise<StoredLog[]> {
  const last: StoredLog[] = []
  if (count === 0) return last
  for await (const log of pages(target, { ...filters, direction: 'backward', limit: Math.min(count, PAGE) })) {
    last.push(log)
    if (last.length >= count) break
  }
  return last.reverse()
}

/** What comes after the last lines; without such, everything from the first one on. */
async function* coming(
  target: LogTarget,
  { filters, lines, onAway }: ReadOptions,
  last: readonly StoredLog[],
): AsyncGenerator<StoredLog, void, undefined> {
  // A page of the past gives no cursor into the future: what comes is read from the oldest of these lines on.
  const since = lines === undefined ? filters.since : (last[0]?.effectiveTs ?? new Date().toISOString())
  const seen = new Set(last.map(({ position }) => position))
  let query: LogQuery = { ...filters, limit: PAGE, ...(since !== undefined && { since }) }
  for (let ended = false; ;) {
    const { logs, hasMore, nextCursor } = await insist(() => target.read(query), onAway)
    for (const log of logs) if (!seen.has(log.position)) yield log
    if (nextCursor !== undefined) query = { ...query, cursor: nextCursor }
    if (hasMore) continue
    seen.clear()
    // What came between the last page and the end is on one more page.
    if (ended) return
    ended = await insist(() => target.ended(), onAway)
    if (!ended) await sleep(POLL_MS)
  }
}

/** Waits for an API that is away. */
async function insist<T>(ask: () => Promise<T>, onAway: ReadOptions['onAway']): Promise<T> {
  for (let wait = POLL_MS; ; wait = Math.min(wait * 2, LONGEST_POLL_MS)) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ApiUnreachable)) throw error
      if (wait === POLL_MS) onAway?.(error.message)
      await sleep(wait)
    }
  }
}
