// Events of a run, by their dense sequence.

import type { StoredEvent } from '@runlight/contracts/api'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { EVENT_SCHEMA_VERSION } from '@runlight/contracts/trace-event'
import type { Sql } from 'postgres'
import type { Database } from './database.ts'
import type { Direction } from './history.ts'
import type { Json } from '../http/json.ts'
import { JsonItems } from '../http/json-items.ts'
import { FOREIGN, nanosText } from './line-row.ts'
import type { Fragment } from './log-lines.ts'

export interface EventRow {
  sequence: string
  timestamp_ns: string
  /** Null where it is the same. */
  effective_ns: string | null
  rest: string
}

export interface EventQuery {
  runId: string
  direction: Direction
  /** Sequence of the last event already given. */
  after: bigint | undefined
  limit: number
  /** Most bytes of what the events hold; a page holds at least one event all the same. */
  bytes: number
}

export interface EventPage {
  events: JsonItems<StoredEvent>
  /** Sequence of the last of them. */
  last: bigint | undefined
  hasMore: boolean
}

/**
 * Columns of EventRow. What needs no arithmetic the server writes as JSON: a driver takes longer to make nineteen values
 * of a row than the server to write one, and holds up whoever else waits for this process.
 */
export const eventColumns = (sql: Sql): Fragment => sql`sequence, timestamp_ns,
  nullif(effective_ns, timestamp_ns) AS effective_ns,
  concat(
    ',"execution":', execution, ',"attempt":', attempt, ',"type":"', type, '","level":"', level, '"',
    ',"message":', to_json(message),
    ',"orgId":' || to_json(nullif(org_id, ${UNASSIGNED_ORG})), ',"workflowId":' || to_json(workflow_id),
    ',"nodeRef":' || to_json(node_ref), ',"causes":' || to_json(causes),
    CASE WHEN NOT starts_with(producer_id, ${FOREIGN})
      THEN concat(',"producer":{"id":', to_json(producer_id), ',"seq":', producer_seq, '}') END,
    ',"error":' || nullif(error::text, 'null'), ',"outputSummary":' || nullif(output_summary::text, 'null'),
    ',"data":' || nullif(data::text, 'null'), '}'
  ) AS rest`

/** What an event adds to the size of an answer (log-lines.ts, lineBytes), but for its names. */
export const eventBytes = (sql: Sql): Fragment => sql`octet_length(message) + coalesce(octet_length(error::text), 0)
  + coalesce(octet_length(output_summary::text), 0) + coalesce(octet_length(data::text), 0)`

/** As many events are read by one statement: it measures all of them, whatever they hold. */
const SLICE = 1_000

/** Events that are being read, and the sequence of the last one where there are as many as are asked for. */
interface Slice {
  query: EventQuery
  end: bigint | undefined
  read: Promise<EventPage>
}

/**
 * One page of events in the order of `sequence`. While a slice is read, the next one is: sequences have no gaps, so it is
 * known where that begins, and most of the time is the server's.
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readEventPage(database: Database, query: EventQuery): Promise<EventPage> {
  const begin = (after: bigint | undefined, known: number, bytes: number): Slice => {
    const own = { ...query, after, limit: Math.min(SLICE, query.limit - known), bytes }
    return { query: own, end: endOf(own), read: readSlice(database, own) }
  }
  const events = new JsonItems<StoredEvent>()
  let last: bigint | undefined
  for (let slice = begin(query.after, 0, query.bytes); ;) {
    const known = events.count + slice.query.limit
    const next = slice.end !== undefined && known < query.limit ? begin(slice.end, known, slice.query.bytes) : undefined
    // It may not be needed, and then nobody hears of its failure.
    next?.read.catch(() => undefined)
    const found = await slice.read
    const left = query.bytes - events.bytes
    if (slice.query.bytes > left && found.events.bytes > left) {
      // It was asked for before it was known how much would be left.
      slice = begin(slice.query.after, events.count, left)
      continue
    }
    events.addAll(found.events)
    last = found.last ?? last
    const isFull = events.count >= query.limit || events.bytes >= query.bytes
    if (isFull || !found.hasMore) return { events, last, hasMore: found.hasMore }
    const isNext = next !== undefined && next.query.after === last
    slice = isNext ? next : begin(last, events.count, query.bytes - events.bytes)
  }
}

/** Where the events end that the query asks for, if there are as many. */
function endOf({ direction, after, limit }: EventQuery): bigint | undefined {
  if (direction === 'forward') return (after ?? 0n) + BigInt(limit)
  // Sequences begin at 1.
  return after === undefined || after <= BigInt(limit) + 1n ? undefined : after - BigInt(limit)
}

async function readSlice(database: Database, query: EventQuery): Promise<EventPage> {
  const events = new JsonItems<StoredEvent>()
  const rest = await database.read((sql) => readEvents(sql, query, (event) => events.add(event)))
  return { events, ...rest }
}

/** Gives the events to `take`, each as soon as it is read. */
export async function readEvents(
  sql: Sql,
  { runId, direction, after, limit, bytes }: EventQuery,
  take: (event: Json<StoredEvent>) => void,
): Promise<Pick<EventPage, 'last' | 'hasMore'>> {
  const forward = direction === 'forward'
  const order = forward ? sql`sequence` : sql`sequence DESC`
  const beyond = (place: bigint) => sql`AND sequence ${forward ? sql`>` : sql`<`} ${String(place)}::bigint`
  const run = JSON.stringify(runId)
  const place = after === undefined ? sql`` : beyond(after)
  let [taken, length, last] = [0, 0, undefined as bigint | undefined]
  await sql<EventRow[]>`
    SELECT ${eventColumns(sql)}
    FROM (
      SELECT *, sum(bytes) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - bytes AS before
      FROM (
        SELECT *, ${eventBytes(sql)} AS bytes FROM workflow_traces
        WHERE run_id = ${runId} ${place} ORDER BY ${order} LIMIT ${limit + 1}
      ) AS page
    ) AS measured
    WHERE before < ${bytes} ORDER BY ${order}`.forEach((row) => {
    // The one above the limit only tells that there is more.
    if (++taken > limit) return
    last = BigInt(row.sequence)
    length += row.rest.length
    take(storedEvent(run, row))
  })
  if (taken > limit) return { last, hasMore: true }
  // What the server has measured was at most three bytes a character.
  if (last === undefined || 3 * length < bytes) return { last, hasMore: false }
  const [next] = await sql`SELECT FROM workflow_traces WHERE run_id = ${runId} ${beyond(last)} LIMIT 1`
  return { last, hasMore: next !== undefined }
}

/** @param runId as JSON */
export function storedEvent(runId: Json<string>, row: EventRow): Json<StoredEvent> {
  const { sequence, timestamp_ns: own, effective_ns: effective, rest } = row
  const timestamp = nanosText(own)
  const effectiveTs = effective === null ? timestamp : nanosText(effective)
  return (
    `{"schemaVersion":${EVENT_SCHEMA_VERSION},"id":"${sequence}","sequence":${sequence},"runId":${runId}` +
    `,"timestamp":"${timestamp}","effectiveTs":"${effectiveTs}"${rest}`
  )
}
