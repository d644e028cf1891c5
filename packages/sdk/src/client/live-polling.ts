// What a live stream would give, asked for page by page.

import type { StreamDone } from '@runlight/contracts/api-stream'
import type { LiveEvent, LiveQuery, Place, PolledSource } from './live-place.ts'
import type { Schema } from './schema.ts'
import { wait } from './wait.ts'

const PAGE = 1_000
/** While something comes, and while nothing does. */
const BUSY_MS = 500
const QUIET_MS = 3_000
/** How long the last records of a run that has ended are waited for: as long as the API does. */
const GRACE_MS = 15_000

export interface PollBounds {
  /** Milliseconds since the epoch; then a stream is tried again. */
  until: number
  /** Told once the source is at its own place. */
  onBegin: () => void
  /** Told when something was answered. */
  onAnswer: () => void
}

/** Events from the place on, until `done` or the time that is given. @throws ApiProblem, ApiUnreachable */
export async function* pollEvents(
  live: LiveQuery,
  source: PolledSource,
  place: Place,
  { until, onBegin, onAnswer }: PollBounds,
): AsyncGenerator<LiveEvent, void, undefined> {
  const kinds = wantedKinds(live, source)
  // At once: the place is behind them now.
  for (const line of kinds.log ? await begin(source, place) : []) yield { event: 'log', data: line }
  onBegin()
  let eventCursor: string | undefined
  let told: string | undefined
  let endedAt: number | undefined
  do {
    // Asked for before the lines: what there is at the end is in the pages that follow.
    const status = await source.status?.()
    if (status) onAnswer()
    let found = 0
    if (status && kinds.status && JSON.stringify(status) !== told) {
      told = JSON.stringify(status)
      yield { event: 'status', data: status }
    }
    if (source.events && kinds.trace) {
      const pages = eventPages(source.events, eventCursor, (cursor) => (eventCursor = cursor))
      for await (const event of pages) {
        if (event.sequence <= place.sequence) continue
        place.sequence = event.sequence
        found++
        yield { event: 'trace', data: event }
      }
    }
    if (kinds.log) {
      for await (const line of linePages(source, place, onAnswer)) {
        if (place.given.has(source.idOf(line))) continue
        found++
        yield { event: 'log', data: line }
      }
      place.given = new Set()
    }
    if (status && isFinal(status)) {
      endedAt ??= Date.now()
      const verdict = isWhole(status) ? 'complete' : Date.now() - endedAt > GRACE_MS ? 'grace' : undefined
      if (verdict) {
        const done: StreamDone = { verdict, status }
        yield { event: 'done', data: done }
        return
      }
    } else endedAt = undefined
    await wait(found > 0 ? BUSY_MS : QUIET_MS, live.signal)
  } while (Date.now() < until)
}

function wantedKinds({ query }: LiveQuery, source: PolledSource) {
  const kinds = query['events'] === undefined ? ['status', 'trace', 'log'] : String(query['events']).split(',')
  return {
    status: kinds.includes('status') && source.status,
    trace: kinds.includes('trace'),
    log: kinds.includes('log'),
  }
}

/**
 * Finds the cursor to go on from where there is none yet, `end` or `-100` for instance, and gives the last lines before
 * it, oldest first. What arrives from then on comes in the order of its arrival, however old its own time is.
 */
async function begin(source: PolledSource, place: Place): Promise<unknown[]> {
  if (source.begin) {
    await source.begin(place.from)
    return []
  }
  if (place.cursor !== undefined || place.from === 'start') return []
  const count = place.from === 'end' ? 0 : /^-\d+$/.test(place.from) ? -Number(place.from) : undefined
  if (count === undefined) {
    place.cursor = place.from
    return []
  }
  // First, so that nothing arrives unseen; what arrives before the last lines are read is among both.
  const { nextCursor } = await source.lines({ direction: 'forward', cursor: 'end', limit: 1 })
  const lines = await lastLines(source, count)
  place.cursor = nextCursor
  place.from = 'start'
  place.given = new Set(lines.map((line) => source.idOf(line)))
  return lines
}

async function lastLines(source: PolledSource, count: number): Promise<unknown[]> {
  const lines: unknown[] = []
  for (let cursor: string | undefined; lines.length < count;) {
    const limit = Math.min(count - lines.length, PAGE)
    const page = await source.lines({ direction: 'backward', limit, ...(cursor !== undefined && { cursor }) })
    lines.push(...page.lines)
    cursor = page.nextCursor
    if (!page.hasMore || cursor === undefined) break
  }
  return lines.reverse()
}

async function* linePages(
  source: PolledSource,
  place: Place,
  onAnswer: () => void,
): AsyncGenerator<unknown, void, undefined> {
  for (let hasMore = true; hasMore;) {
    const page = await source.lines({
      ...{ direction: 'forward', limit: PAGE },
      ...(place.cursor !== undefined && { cursor: place.cursor }),
    })
    onAnswer()
    yield* page.lines
    place.cursor = page.nextCursor ?? place.cursor
    hasMore = page.hasMore && (source.begin !== undefined || page.nextCursor !== undefined)
  }
}

async function* eventPages(
  read: NonNullable<PolledSource['events']>,
  from: string | undefined,
  reached: (cursor: string) => void,
): AsyncGenerator<Schema<'StoredEvent'>, void, undefined> {
  for (let cursor = from, hasMore = true; hasMore;) {
    const page = await read({ limit: PAGE, ...(cursor !== undefined && { cursor }) })
    yield* page.events
    hasMore = page.hasMore
    cursor = page.nextCursor
    if (cursor === undefined) return
    reached(cursor)
  }
}

function isFinal({ status }: Schema<'ExecutionStatus'>): boolean {
  return status !== 'QUEUED' && status !== 'RUNNING'
}

function isWhole({ telemetry }: Schema<'ExecutionStatus'>): boolean {
  return Object.values(telemetry).every(({ state }) => state === 'complete' || state === 'dropped')
}
