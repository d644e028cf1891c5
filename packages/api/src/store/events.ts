// Events of a run, by their dense sequence.

import type { StoredEvent } from '@runlight/contracts/api'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { EVENT_SCHEMA_VERSION } from '@runlight/contracts/trace-event'
import type { Sql } from 'postgres'
import type { Direction } from './history.ts'
import { jsonWith } from '../http/json.ts'
import type { Json, Written } from '../http/json.ts'
import { nanosText, notNull, producer } from './log-lines.ts'

export interface EventRow {
  run_id: string
  sequence: string
  org_id: string
  workflow_id: string | null
  execution: number
  node_ref: string | null
  attempt: number
  type: StoredEvent['type']
  level: StoredEvent['level']
  message: string
  timestamp_ns: string
  effective_ns: string
  error: string | null
  output_summary: string | null
  data: string | null
  causes: string[] | null
  producer_id: string
  producer_seq: string
  found: string
}

export interface EventQuery {
  runId: string
  direction: Direction
  /** Sequence of the last event already given. */
  after: bigint | undefined
  limit: number
  /** Most bytes of messages, data, summaries and errors; a page holds at least one event all the same. */
  bytes: number
}

export interface EventPage {
  events: Json<StoredEvent>[]
  /** Sequence of the last of them. */
  last: bigint | undefined
  hasMore: boolean
}

/** All columns of EventRow but the count. */
export const eventColumns = (sql: Sql) => sql`run_id, sequence, org_id, workflow_id, execution, node_ref, attempt, type,
  level, message, timestamp_ns, effective_ns, error::text, output_summary::text, data::text, causes, producer_id,
  producer_seq`

/** What an event adds to the size of an answer (log-lines.ts, lineBytes). */
export const eventBytes = (sql: Sql) => sql`octet_length(message) + coalesce(octet_length(error::text), 0)
  + coalesce(octet_length(output_summary::text), 0) + coalesce(octet_length(data::text), 0)`

/** One page of events in the order of `sequence`. */
export async function readEvents(sql: Sql, query: EventQuery): Promise<EventPage> {
  const { runId, direction, after, limit, bytes } = query
  const forward = direction === 'forward'
  const order = forward ? sql`sequence` : sql`sequence DESC`
  const place = after === undefined ? sql`` : sql`AND sequence ${forward ? sql`>` : sql`<`} ${String(after)}::bigint`
  const rows = await sql<EventRow[]>`
    SELECT ${eventColumns(sql)}, found
    FROM (
      SELECT *, count(*) OVER () AS found, sum(bytes) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - bytes AS before
      FROM (
        SELECT *, ${eventBytes(sql)} AS bytes FROM workflow_traces
        WHERE run_id = ${runId} ${place} ORDER BY ${order} LIMIT ${limit + 1}
      ) AS page
    ) AS measured
    WHERE before < ${bytes} ORDER BY ${order} LIMIT ${limit}`
  const last = rows.at(-1)
  return {
    events: rows.map(storedEvent),
    last: last && BigInt(last.sequence),
    hasMore: rows.length > 0 && Number(rows[0]?.found) > rows.length,
  }
}

export function storedEvent(row: EventRow): Json<StoredEvent> {
  const timestamp = nanosText(row.timestamp_ns)
  // One literal with what is missing as undefined: a trace has ten thousand of them, and spreads cost as much again.
  const event: Written<StoredEvent> = {
    schemaVersion: EVENT_SCHEMA_VERSION,
    orgId: row.org_id === UNASSIGNED_ORG ? undefined : row.org_id,
    workflowId: row.workflow_id ?? undefined,
    runId: row.run_id,
    execution: row.execution,
    nodeRef: row.node_ref ?? undefined,
    attempt: row.attempt,
    type: row.type,
    level: row.level,
    message: row.message,
    timestamp,
    causes: row.causes ?? undefined,
    producer: producer(row),
    id: row.sequence,
    sequence: Number(row.sequence),
    effectiveTs: row.effective_ns === row.timestamp_ns ? timestamp : nanosText(row.effective_ns),
  }
  return jsonWith<StoredEvent>(event, {
    error: notNull(row.error),
    outputSummary: notNull(row.output_summary),
    data: notNull(row.data),
  })
}
