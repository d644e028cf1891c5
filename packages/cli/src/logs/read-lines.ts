// Lines of a target in order: all, the last ones, and those that come.

import type { StoredLog } from '@runlight/contracts/api'
import type { StreamDone } from '@runlight/contracts/api-stream'
import type { LogQuery } from '@runlight/sdk/client/api-client'
import { CommandError } from '../command-error.ts'
import type { LineFilters, LinePage, LogTarget } from './target.ts'

export interface ReadOptions {
  filters: LineFilters
  /** Lines whose message holds a match of one of these are left out. */
  exclude: readonly RegExp[]
  /** Only the last so many of what is there. */
  lines?: number | undefined
  /** Goes on until the target has ended. */
  follow?: boolean | undefined
  /** Told when a run that was followed has ended. */
  onDone?: (done: StreamDone) => void
  /** Ends the following. */
  signal: AbortSignal
}

const PAGE = 1_000
/** As far back as a live stream goes by count. */
const MOST_LINES_BEFORE = 10_000

/** Oldest first; memory holds two pages, or the last lines that are asked for. */
export async function* readLines(target: LogTarget, options: ReadOptions): AsyncGenerator<StoredLog, void, undefined> {
  const { filters, lines, follow, exclude } = options
  const wanted = ({ message }: StoredLog) => !exclude.some((pattern) => pattern.test(message))
  if (!follow && lines !== undefined) {
    // Nobody knows how many of those that are asked for are left.
    const limit = exclude.length > 0 ? PAGE : Math.min(lines, PAGE)
    yield* await lastLines(target, { ...filters, limit }, lines, wanted)
    return
  }
  const all = follow ? coming(target, options) : readAhead(target, { ...filters, limit: PAGE })
  for await (const log of all) if (wanted(log)) yield log
}

/** Every line, while the API reads the page after it. */
async function* readAhead(target: LogTarget, query: LogQuery): AsyncGenerator<StoredLog, void, undefined> {
  let reading: Promise<LinePage> | undefined = target.read(query)
  while (reading) {
    const { logs, hasMore, nextCursor }: LinePage = await reading
    reading = hasMore && nextCursor !== undefined ? target.read({ ...query, cursor: nextCursor }) : undefined
    // Told when the lines before it have been given, or never, where no more are wanted.
    reading?.catch(() => undefined)
    yield* logs
  }
}

async function* pages(target: LogTarget, query: LogQuery): AsyncGenerator<StoredLog, void, undefined> {
  for (let next: LogQuery | undefined = query; next;) {
    const { logs, hasMore, nextCursor }: LinePage = await target.read(next)
    yield* logs
    next = hasMore && nextCursor !== undefined ? { ...next, cursor: nextCursor } : undefined
  }
}

async function lastLines(
  target: LogTarget,
  query: LogQuery,
  count: number,
  wanted: (log: StoredLog) => boolean,
): Promise<StoredLog[]> {
  const last: StoredLog[] = []
  if (count === 0) return last
  for await (const log of pages(target, { ...query, direction: 'backward' })) {
    if (wanted(log)) last.push(log)
    if (last.length >= count) break
  }
  return last.reverse()
}

/** What is there, or the last lines of it, and then what comes. */
async function* coming(
  { follow }: LogTarget,
  { filters, lines, signal, onDone }: ReadOptions,
): AsyncGenerator<StoredLog, void, undefined> {
  if (lines !== undefined && lines > MOST_LINES_BEFORE) {
    throw new CommandError(`With -f, at most ${MOST_LINES_BEFORE} lines can be asked for by -n; or leave -n out.`, 2)
  }
  const from = lines === undefined ? 'start' : lines === 0 ? 'end' : `-${lines}`
  try {
    for await (const { event, data } of follow(from, filters, signal)) {
      if (event === 'log') yield data
      else if (event === 'done') onDone?.(data)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
