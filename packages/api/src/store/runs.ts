// Rows of runs, folded from their events by the bridge.

import type { Failure, RunState } from '@runlight/contracts/execution-status'
import type { Sql } from 'postgres'
import type { RunsCursor } from '../cursor/cursors.ts'
import { timeText } from './log-lines.ts'

/** How a run stands; times are nanoseconds since the epoch. */
export interface Standing {
  runId: string
  orgId: string
  workflowId: string | undefined
  parentRunId: string | undefined
  execution: number
  state: RunState
  startedNs: bigint | undefined
  updatedNs: bigint
  completedNs: bigint | undefined
  completedActions: number
  totalActions: number
  failure: Failure | undefined
  /** Highest `sequence` of its stored events; 0 while there is none. */
  lastSequence: bigint
}

export interface RunRow extends Standing {
  /** Append time of its first event, microseconds since the epoch. */
  createdMicros: bigint
}

interface Row {
  run_id: string
  org_id: string
  workflow_id: string | null
  parent_run_id: string | null
  execution: number
  status: RunState
  started_ns: string | null
  updated_ns: string
  completed_ns: string | null
  completed_actions: number
  total_actions: number
  failure: Failure | null
  last_sequence: string
  created_micros: string
}

const CREATED_MICROS = (sql: Sql) => sql`(extract(epoch FROM created_at) * 1000000)::bigint AS created_micros`

const COLUMNS = (sql: Sql) => sql`run_id, org_id, workflow_id, parent_run_id, execution, status, started_ns, updated_ns,
  completed_ns, completed_actions, total_actions, failure, last_sequence,
  ${CREATED_MICROS(sql)}`

export async function readRun(sql: Sql, runId: string): Promise<RunRow | undefined> {
  const [row] = await sql<Row[]>`SELECT ${COLUMNS(sql)} FROM runs WHERE run_id = ${runId}`
  return row && runRow(row)
}

/** Those of the runs that there are, by their ids. */
export async function readRunsOf(sql: Sql, runIds: readonly string[]): Promise<Map<string, RunRow>> {
  const rows = await sql<Row[]>`SELECT ${COLUMNS(sql)} FROM runs WHERE run_id = ANY(${runIds as string[]}::text[])`
  return new Map(rows.map((row) => [row.run_id, runRow(row)]))
}

/** Where a page goes on. */
export type RunPlace = Omit<RunsCursor, 'bounds'>

export interface RunListQuery {
  status: RunState | undefined
  workflowId: string | undefined
  /** Both inclusive, nanoseconds since the epoch: when the first event of a run reached the bus. */
  since: bigint | undefined
  until: bigint | undefined
  after: RunPlace | undefined
  limit: number
  /** Most runs that a filter may look at for one page. */
  scan: number
}

export interface RunRows {
  runs: RunRow[]
  /** Where the next page goes on; undefined when there is none. A filter may leave a page short or empty. */
  goOn: RunPlace | undefined
}

/** Runs, newest first. Those of one workflow or state come from an index of their own; with both, the state is a filter. */
export async function readRuns(sql: Sql, query: RunListQuery): Promise<RunRows> {
  const { status, workflowId, since, until, after, limit, scan } = query
  const time = (nanos: bigint) => sql`${timeText(withinYears(nanos))}::timestamptz`
  const place = sql`WHERE ${after ? sql`(created_at, run_id) < (${time(after.createdMicros * 1000n)}, ${after.runId})` : sql`true`}
    AND ${since === undefined ? sql`true` : sql`created_at >= ${time(since)}`}
    AND ${until === undefined ? sql`true` : sql`created_at <= ${time(until)}`}
    AND ${
      workflowId !== undefined
        ? sql`workflow_id = ${workflowId}`
        : status !== undefined
          ? sql`status = ${status}`
          : sql`true`
    }`
  const order = sql`ORDER BY created_at DESC, run_id DESC`
  const filtered = status !== undefined && workflowId !== undefined
  const wanted = filtered ? sql`status = ${status}` : sql`true`
  // The last row that a filter looked at comes with the others, wanted or not: read by itself it could be another one.
  const nth = filtered ? sql`row_number() OVER (${order})` : sql`0`
  const rows = await sql<(Row & { wanted: boolean; is_edge: boolean })[]>`
    SELECT ${COLUMNS(sql)}, ${wanted} AS wanted, nth = ${scan} AS is_edge
    FROM (SELECT *, ${nth} AS nth FROM runs ${place} ${order} LIMIT ${scan}) AS scanned
    WHERE ${wanted} OR nth = ${scan}
    ${order} LIMIT ${limit + 1}`
  const last = rows.at(-1)
  const goOn = rows.length > limit ? rows[limit - 1] : last?.is_edge ? last : undefined
  return {
    runs: rows
      .slice(0, limit)
      .filter((row) => row.wanted)
      .map(runRow),
    goOn: goOn && { runId: goOn.run_id, createdMicros: BigInt(goOn.created_micros) },
  }
}

const YEAR_1 = -62_135_596_800_000_000_000n
const YEAR_9999 = 253_402_300_799_999_999_999n

/** No run lies outside of what can be written as a time. */
function withinYears(nanos: bigint): bigint {
  if (nanos < YEAR_1) return YEAR_1
  return nanos > YEAR_9999 ? YEAR_9999 : nanos
}

function runRow(row: Row): RunRow {
  const nanos = (text: string | null) => (text === null ? undefined : BigInt(text))
  return {
    runId: row.run_id,
    orgId: row.org_id,
    workflowId: row.workflow_id ?? undefined,
    parentRunId: row.parent_run_id ?? undefined,
    execution: row.execution,
    state: row.status,
    startedNs: nanos(row.started_ns),
    updatedNs: BigInt(row.updated_ns),
    completedNs: nanos(row.completed_ns),
    completedActions: row.completed_actions,
    totalActions: row.total_actions,
    failure: row.failure ?? undefined,
    lastSequence: BigInt(row.last_sequence),
    createdMicros: BigInt(row.created_micros),
  }
}
