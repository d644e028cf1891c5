// The seam between the hot store and Loki: days that were dropped here, which Loki was known to hold whole.

import type { LabelMode } from '@runlight/contracts/labels'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import type { Sql } from 'postgres'
import type { Fragment } from './log-lines.ts'
import { organisations } from './scope.ts'
import type { LogScope } from './scope.ts'

const DAY_NS = 86_400_000_000_000n
const HOUR_NS = 3_600_000_000_000n
/** How much earlier than its append time a record may be ordered, and how much later (contracts, effectiveTime). */
export const BEFORE_APPEND_NS = 25n * 60n * 1_000_000_000n
export const AFTER_APPEND_NS = 5n * 60n * 1_000_000_000n
/** Loki takes no query over a longer time where nothing else is set (`max_query_length`, 721 hours). */
const FURTHEST_BACK_NS = 30n * DAY_NS

/** The latest day that was dropped, as its end in nanoseconds since the epoch; undefined while none was. */
export async function readSeam(sql: Sql): Promise<bigint | undefined> {
  const [row] = await sql<{ day_ms: string | null }[]>`
    SELECT (extract(epoch FROM max(day)) * 1000)::bigint AS day_ms FROM log_days WHERE dropped_at IS NOT NULL`
  const day = row?.day_ms ?? undefined
  return day === undefined ? undefined : BigInt(day) * 1_000_000n + DAY_NS
}

export interface Past {
  /** Lines of dropped days have effective times below this. */
  end: bigint
  /** No line of the scope has an earlier one. */
  begin: bigint
  tenants: string[]
}

/** What Loki has to be asked for besides the hot store; undefined where nothing of the scope can be older than the seam. */
export async function readPast(sql: Sql, scope: LogScope, mode: LabelMode): Promise<Past | undefined> {
  const seam = await readSeam(sql)
  if (seam === undefined) return undefined
  const end = seam + AFTER_APPEND_NS
  // Of all lines nobody notes the first: that would be to read all of log_stream.
  if (scope.kind === 'all') {
    const orgs = await sql<
      { org_id: string }[]
    >`SELECT org_id FROM (${organisations(sql, scope.orgId)}) AS known (org_id)`
    return { begin: end - FURTHEST_BACK_NS, end, tenants: orgs.map((row) => row.org_id) }
  }
  const rows = await sql<{ org_id: string; first_ns: string }[]>`
    SELECT org_id, min(first_ns) AS first_ns FROM log_stream WHERE ${streamsOf(sql, scope)} GROUP BY org_id`
  const run =
    scope.kind === 'run'
      ? await sql<{ org_id: string; created_ms: string }[]>`
          SELECT org_id, (extract(epoch FROM created_at) * 1000)::bigint AS created_ms FROM runs
          WHERE run_id = ${scope.runId}`
      : []
  const begins = rows.map((row) => BigInt(row.first_ns))
  // With few label sets log_stream does not know single runs; their first event is about as old as their first line.
  const knowsStreams = rows.length > 0 && (mode === 'perRun' || scope.kind === 'components')
  if (!knowsStreams) begins.push(...run.map((row) => BigInt(row.created_ms) * 1_000_000n - HOUR_NS))
  const known = begins.length > 0 ? begins.reduce((a, b) => (a < b ? a : b)) : await firstOfAll(sql)
  const furthest = end - FURTHEST_BACK_NS
  const begin = known > furthest ? known : furthest
  if (begin >= end) return undefined
  const orgs = [...rows, ...run].map((row) => row.org_id)
  return { begin, end, tenants: [...new Set(orgs.length > 0 ? orgs : [UNASSIGNED_ORG])] }
}

/** Rows of `log_stream` that lines of the scope are in. */
function streamsOf(sql: Sql, scope: Exclude<LogScope, { kind: 'all' }>): Fragment {
  if (scope.kind === 'run') return sql`run_id = ${scope.runId}`
  return scope.names ? sql`component = ANY(${scope.names as string[]}::text[])` : sql`component IS NOT NULL`
}

/** The earliest line of anybody. */
async function firstOfAll(sql: Sql): Promise<bigint> {
  const [row] = await sql<{ first_ns: string | null }[]>`SELECT min(first_ns) AS first_ns FROM log_stream`
  return BigInt(row?.first_ns ?? 0)
}
