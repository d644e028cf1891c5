// What was stored since the last look, for everybody who is followed at once.

import type { StoredEvent } from '@runlight/contracts/api'
import type { Sql } from 'postgres'
import type { Json } from '../http/json.ts'
import { eventBytes, eventColumns, storedEvent } from './events.ts'
import type { EventRow } from './events.ts'
import { lineColumns, storedLine, tableColumns } from './line-row.ts'
import type { LineRow } from './line-row.ts'
import { lineBytes, storedBytes } from './log-lines.ts'
import type { StoredLine } from './log-lines.ts'
import { positionVector, vectorColumns } from './positions.ts'
import type { PositionVector } from '../cursor/cursors.ts'
import type { VectorRow } from './positions.ts'
import { positionWindow } from './scope.ts'
import type { LogScope } from './scope.ts'

/** How far both topics are stored. */
export interface StoredNow {
  logs: PositionVector
  /** Sum of the next offsets of the events' partitions: it moves when an event is stored. */
  events: string
}

export async function readStoredNow(sql: Sql, topics: { logs: string; events: string }): Promise<StoredNow> {
  const rows = await sql<(VectorRow & { topic: string })[]>`
    SELECT topic, ${vectorColumns(sql)} FROM positions WHERE topic IN (${topics.logs}, ${topics.events})`
  const events = rows.filter((row) => row.topic === topics.events)
  return {
    logs: positionVector(rows.filter((row) => row.topic === topics.logs)),
    events: events.map((row) => `${row.kafka_partition}:${row.generation}:${row.next_offset}`).join(),
  }
}

/** Offsets of one partition in which lines of one subject are looked for. */
export interface LineWindow {
  /** Whose lines. What is wanted of them is not asked for here: others want other lines of the same read. */
  scope: LogScope
  partition: number
  from: bigint
  until: bigint
  /** Only rows that were appended at or after this time, milliseconds since the epoch. */
  sinceMs: number
  /** Most lines that are taken. */
  lines: number
}

export interface WindowLines {
  lines: StoredLine[]
  /** There are more lines in the window, after the last of these. */
  truncated: boolean
}

/**
 * The lines of each window, in the order of the offsets. A window of a store that was long behind may hold many more of
 * them than are taken: those are not unpacked to be measured.
 * @param bytes most bytes of a window; one line all the same
 */
export async function readWindows(sql: Sql, windows: readonly LineWindow[], bytes: number): Promise<WindowLines[]> {
  const found = windows.map((): WindowLines => ({ lines: [], truncated: false }))
  const read = async (kind: LogScope['kind']) => {
    const indexes = [...windows.keys()].filter((index) => windows[index]?.scope.kind === kind)
    if (indexes.length === 0) return
    const wanted = indexes.map((index) => windows[index] as LineWindow)
    const { range, order } = positionWindow(sql, kind, {
      run: sql`wanted.run_id`,
      partition: sql`wanted.partition`,
      from: sql`wanted.first`,
      until: sql`wanted.until`,
    })
    const rows = await sql<(LineRow & { found: string; wanted: number })[]>`
      SELECT line.*, wanted.index AS wanted FROM unnest(
        ${indexes}::int[], ${wanted.map(({ scope }) => (scope.kind === 'run' ? scope.runId : null))}::text[],
        ${wanted.map(({ partition }) => partition)}::int[], ${wanted.map(({ from }) => String(from))}::bigint[],
        ${wanted.map(({ until }) => String(until))}::bigint[],
        ${wanted.map(({ sinceMs }) => new Date(sinceMs).toISOString())}::timestamptz[],
        ${wanted.map(({ lines }) => lines)}::int[]
      ) AS wanted (index, run_id, partition, first, until, since, most) CROSS JOIN LATERAL (
        SELECT ${lineColumns(sql)}, found FROM (
          SELECT *, count(*) OVER () AS found,
            sum(bytes) OVER (ORDER BY kafka_offset ROWS UNBOUNDED PRECEDING) - bytes AS before
          FROM (
            SELECT *, CASE WHEN stored_before < ${bytes} THEN ${lineBytes(sql)} ELSE stored END AS bytes FROM (
              SELECT *, sum(stored) OVER (ORDER BY kafka_offset ROWS UNBOUNDED PRECEDING) - stored AS stored_before
              FROM (
                SELECT ${tableColumns(sql)}, ${storedBytes(sql)} AS stored FROM logs
                WHERE ${range} AND created_at >= wanted.since
                ORDER BY ${order} LIMIT wanted.most + 1
              ) AS taken
            ) AS gauged
          ) AS page
        ) AS measured
        WHERE before < ${bytes} ORDER BY kafka_offset LIMIT wanted.most
      ) AS line`
    for (const row of rows) {
      const own = found[row.wanted] as WindowLines
      own.lines.push(storedLine(row))
      own.truncated = Number(row.found) > own.lines.length
    }
  }
  await Promise.all([read('run'), read('components'), read('all')])
  return found
}

export interface LiveEvent {
  sequence: bigint
  json: Json<StoredEvent>
}

export interface RunEvents {
  events: LiveEvent[]
  /** There are more events, after the last of these. */
  truncated: boolean
}

/** Events of each run after a sequence number, in their order; runs that have none are left out. */
export async function readEventsAfter(
  sql: Sql,
  runs: readonly { runId: string; after: bigint }[],
  bound: { events: number; bytes: number },
): Promise<Map<string, RunEvents>> {
  const found = new Map<string, RunEvents>()
  if (runs.length === 0) return found
  const rows = await sql<(EventRow & { run_id: string; found: string })[]>`
    SELECT event.* FROM unnest(
      ${runs.map(({ runId }) => runId)}::text[], ${runs.map(({ after }) => String(after))}::bigint[]
    ) AS wanted (run_id, after) CROSS JOIN LATERAL (
      SELECT run_id, found, ${eventColumns(sql)} FROM (
        SELECT *, count(*) OVER () AS found,
          sum(bytes) OVER (ORDER BY sequence ROWS UNBOUNDED PRECEDING) - bytes AS before
        FROM (
          SELECT *, ${eventBytes(sql)} AS bytes FROM workflow_traces
          WHERE run_id = wanted.run_id AND sequence > wanted.after ORDER BY sequence LIMIT ${bound.events + 1}
        ) AS page
      ) AS measured
      WHERE before < ${bound.bytes} ORDER BY sequence LIMIT ${bound.events}
    ) AS event ORDER BY event.run_id, event.sequence`
  for (const row of rows) {
    let own = found.get(row.run_id)
    if (!own) found.set(row.run_id, (own = { events: [], truncated: false }))
    own.events.push({ sequence: BigInt(row.sequence), json: storedEvent(JSON.stringify(row.run_id), row) })
    own.truncated = Number(row.found) > own.events.length
  }
  return found
}
