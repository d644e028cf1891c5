// Lines of the hot store: how they are filtered, measured and turned into the shape of the answer.

import type { StoredLog } from '@runlight/contracts/api'
import type { LogType } from '@runlight/contracts/log-entry'
import { formatInstant, instantFromNanos } from '@runlight/contracts/time'
import type { PendingQuery, Row, Sql } from 'postgres'
import type { Json } from '../http/json.ts'
import type { LogKey, TimeBounds } from '../cursor/cursors.ts'
import { lineColumns, logKey, placeColumns, storedLine, tableColumns } from './line-row.ts'
import type { KeyRow, LineRow } from './line-row.ts'

/** A piece of SQL that is put into a query. */
export type Fragment = PendingQuery<Row[]>

/** What a reader wants of the lines. */
export interface LogFilters {
  nodeRefs: readonly string[] | undefined
  attempt: number | undefined
  execution?: number | undefined
  type?: LogType | undefined
  levels: readonly string[] | undefined
  streams: readonly string[] | undefined
  /** Only lines with a message that it finds something in. The store can't do that: it is done with what was read. */
  grep?: Grep | undefined
}

/** Does a message hold a match? */
export interface Grep {
  (message: string): boolean
  /** What the search of a message may cost: instructions of the expression, each at every character. */
  steps: (message: string) => number
}

export interface PageLimits {
  /** Most lines. */
  lines: number
  /** Most bytes of messages and metadata; a page holds at least one line all the same. */
  bytes: number
  /** Most lines that a filter may look at for one page. */
  scan: number
  /** Only the places of lines are wanted: what the store need not read of them is left out, and has no bytes. */
  placesOnly?: true
}

/** What a line can be filtered by. */
export interface LineFields {
  /** As it is stored: `unassigned` where the record names none. */
  orgId: string
  type: LogType
  execution: number | undefined
  nodeRef: string | undefined
  attempt: number | undefined
  component: string | undefined
  level: string
  stream: string
}

/** A line with its place in every order. */
export interface StoredLine {
  key: LogKey
  fields: LineFields
  message: string
  /** The record's own time, nanoseconds since the epoch. */
  timestampNs: bigint
  /** What makes it the same line in both stores. */
  identity: string
  /** It was found without its metadata, its trace, and what else its message does not tell. */
  partial?: true
  /** Empty where only its place was asked for. */
  json: Json<StoredLog>
}

export interface LinePage {
  lines: StoredLine[]
  /** The place where the next page goes on; undefined when there is no more. A filter may leave a page short or empty. */
  goOn: LogKey | undefined
}

/**
 * What a line adds to the size of an answer: of the text, for what is stored is compressed, a hundredfold at best. It is
 * made anew of those that are taken: a list that carries it through the measuring writes it to disk.
 */
export const lineBytes = (sql: Sql): Fragment => sql`octet_length(message) + coalesce(octet_length(metadata::text), 0)`

/** About the least that it can be, without a look at what lies outside of its row. */
export const storedBytes = (sql: Sql): Fragment => sql`octet_length(message) + coalesce(pg_column_size(metadata), 0)`

/** `found`: how many lines there are, of which a page may take fewer. */
type FoundRow = LineRow & { found: string }

/** The first so many rows of a list in its order, as something to select from. */
export type LineSource = (rows: number) => Fragment

/**
 * One page of the lines of `source`, in `order`. Reads at most `limits.lines` + 1 rows; with filters, at most
 * `limits.scan`: then the page may end where the scan ended, before a single line was found.
 */
export async function readLines(
  sql: Sql,
  page: { source: LineSource; order: Fragment; filters: readonly (Fragment | undefined)[]; limits: PageLimits },
): Promise<LinePage> {
  const { source, order, limits } = page
  const filter = allOf(sql, page.filters)
  const rowsOf = filter
    ? sql`${source(limits.scan)} AS scanned WHERE ${filter}`
    : sql`${source(limits.lines + 1)} AS taken`
  const taken = (columns: Fragment) =>
    sql`(SELECT ${columns} FROM ${rowsOf} ORDER BY ${order} LIMIT ${limits.lines + 1})`
  const rows = limits.placesOnly
    ? await sql<FoundRow[]>`
      SELECT *, count(*) OVER () AS found FROM ${taken(placeColumns(sql))} AS page
      ORDER BY ${order} LIMIT ${limits.lines}`
    : await sql<FoundRow[]>`
      SELECT ${lineColumns(sql)}, found
      FROM (
        SELECT *, count(*) OVER () AS found,
          sum(bytes) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - bytes AS before
        FROM ${taken(sql`${tableColumns(sql)}, ${lineBytes(sql)} AS bytes`)} AS page
      ) AS measured
      WHERE before < ${limits.bytes} ORDER BY ${order} LIMIT ${limits.lines}`
  const lines = rows.map(storedLine)
  const more = rows.length > 0 && Number(rows[0]?.found) > rows.length
  if (more) return { lines, goOn: lines.at(-1)?.key }
  if (!filter) return { lines, goOn: undefined }
  const [edge] = await sql<KeyRow[]>`
    SELECT effective_ns, kafka_partition, kafka_offset FROM ${source(limits.scan)} AS scanned
    ORDER BY ${order} OFFSET ${limits.scan - 1} LIMIT 1`
  return { lines, goOn: edge && logKey(edge) }
}

/**
 * Is there any line of the run? Its events may come later, or never where only its log is shipped. Of one whose days were
 * dropped here, the streams in Loki tell it, where they are of single runs.
 */
export async function hasLines(sql: Sql, runId: string): Promise<boolean> {
  const rows = await sql`SELECT FROM logs WHERE job_run_id = ${runId} LIMIT 1`
  if (rows.length > 0) return true
  const streams = await sql`SELECT FROM log_stream WHERE run_id = ${runId} LIMIT 1`
  return streams.length > 0
}

export function filterConditions(
  sql: Sql,
  { nodeRefs, attempt, execution, type, levels, streams }: LogFilters,
): readonly (Fragment | undefined)[] {
  return [
    nodeRefs && sql`node_ref = ANY(${nodeRefs as string[]}::text[])`,
    attempt === undefined ? undefined : sql`attempt = ${attempt}`,
    execution === undefined ? undefined : sql`execution = ${execution}`,
    type && sql`type = ${type}`,
    levels && sql`level = ANY(${levels as string[]}::text[])`,
    streams && sql`stream = ANY(${streams as string[]}::text[])`,
  ]
}

function allOf(sql: Sql, conditions: readonly (Fragment | undefined)[]): Fragment | undefined {
  const [first, ...rest] = conditions.filter((condition) => condition !== undefined)
  return first && rest.reduce((all, condition) => sql`${all} AND ${condition}`, first)
}

/**
 * How far a record's effective time may lie from its append time (contracts, effectiveTime), with a minute to spare:
 * tells the server which day partitions can't hold it.
 */
const APPENDED_AT_MOST_BEFORE = '6 minutes'
const APPENDED_AT_MOST_AFTER = '26 minutes'

/** Lines whose effective time lies within the bounds, both inclusive; starts with AND. */
export function timeCondition(sql: Sql, { since, until }: TimeBounds): Fragment {
  const from =
    since === undefined
      ? sql``
      : sql`
    AND effective_ns >= ${String(since)}::bigint
    AND created_at >= ${timeText(since)}::timestamptz - ${APPENDED_AT_MOST_BEFORE}::interval`
  const to =
    until === undefined
      ? sql``
      : sql`
    AND effective_ns <= ${String(until)}::bigint
    AND created_at <= ${timeText(until)}::timestamptz + ${APPENDED_AT_MOST_AFTER}::interval`
  return sql`${from} ${to}`
}

/** @param nanos since the epoch */
export function timeText(nanos: bigint): string {
  return formatInstant(instantFromNanos(nanos))
}
