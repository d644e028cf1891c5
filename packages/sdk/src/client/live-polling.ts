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
  /** Told when the first answer has come. */
  onStart: () => void
}

/** Events from the place on, until `done` or the time that is given. @throws ApiProblem, ApiUnreachable */
export async function* pollEvents(
  live: LiveQuery,
  source: PolledSource,
  place: Place,
  { until, onStart }: PollBounds,
): AsyncGenerator<LiveEvent, void, undefined> {
  const kinds = wantedKinds(live, source)
  if (kinds.log) await begin(source, place)
  let eventCursor: string | undefined
  let told: string | undefined
  let endedAt: number | undefined
  do {
    // Asked for before the lines: what there is at the end is in the pages that follow.
    const status = await source.status?.()
    onStart()
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
      for await (const line of linePages(source, place)) {
        if (isSkipped(source, place, line)) continue
        found++
        yield { event: 'log', data: line }
      }
      place.skip = undefined
    }
    if (status && isFinal(status)) {
      endedAt ??= Date.now()
      const verdict = isWhole(status) ? 'complete' : Date.now() - endedAt > GRACE_MS ? 'grace' : undefined
      if (verdict) {
        const done: StreamDone = { verdict, status }
        yield { event: 'done', data: done }
        return
      }
    }
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
 * Where a reader begins that has no cursor yet: `end` and `-100` are no places of a list that goes forward. The line at
 * the place gives the time to read from, and lines of that time up to it are passed over.
 */
async function begin(source: PolledSource, place: Place): Promise<void> {
  if (source.begin) return source.begin(place.from)
  if (place.cursor !== undefined || place.from === 'start') return
  const last = place.from === 'end' ? 0 : /^-\d+$/.test(place.from) ? -Number(place.from) : undefined
  if (last === undefined) {
    place.cursor = place.from
    return
  }
  let line: unknown
  let left = Math.max(1, last)
  for (let cursor: string | undefined; left > 0;) {
    const query = {
      direction: 'backward' as const,
      limit: Math.min(left, PAGE),
      ...(cursor !== undefined && { cursor }),
    }
    const page = await source.lines(query)
    left -= page.lines.length
    line = page.lines.at(-1) ?? line
    cursor = page.nextCursor
    if (!page.hasMore || cursor === undefined) break
  }
  place.from = 'start'
  if (line === undefined) return
  const { time, id } = source.placeOf(line)
  place.since = time
  place.skip = { line: id, included: last > 0 }
}

/** Does the line stand before the place where the reader begins? */
function isSkipped(source: PolledSource, place: Place, line: unknown): boolean {
  const { skip } = place
  if (!skip) return false
  const reached = source.placeOf(line).id === skip.line
  if (reached) place.skip = undefined
  return !reached || !skip.included
}

async function* linePages(source: PolledSource, place: Place): AsyncGenerator<unknown, void, undefined> {
  for (let hasMore = true; hasMore;) {
    const page = await source.lines({
      ...{ direction: 'forward', limit: PAGE },
      ...(place.cursor !== undefined && { cursor: place.cursor }),
      ...(place.since !== undefined && { since: place.since }),
    })
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
