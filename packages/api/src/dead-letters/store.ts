// Rows of dead letters.

import type { DeadLetterReason, DeadLetterState } from '@runlight/contracts/dead-letter'
import type { SinkName } from '@runlight/contracts/topics'
import type { Sql } from 'postgres'
import { timeText } from '../store/log-lines.ts'
import type { LettersCursor } from './cursor.ts'

export interface LetterFilter {
  sink: SinkName | undefined
  reason: DeadLetterReason | undefined
  topic: string | undefined
  state: DeadLetterState | undefined
  /** Bounds of the time when the first letter was appended, nanoseconds since the epoch; both inclusive. */
  since: bigint | undefined
  until: bigint | undefined
}

export interface LetterRow {
  id: string
  sink: SinkName
  reason: DeadLetterReason
  detail: string
  generation: string
  topic: string
  partition: number
  /** Decimal. */
  offset: string
  /** RFC 3339. */
  appendedAt: string
  failedAt: string
  refusals: number
  replays: number
  keyBytes: number | null
  valueBytes: string
  keyKept: boolean
  valueKept: boolean
  state: DeadLetterState
  createdMicros: bigint
}

export interface LetterContents {
  key: Buffer | null
  value: Buffer | null
}

/**
 * The state of a letter: what Postgres has taken back says so itself; of Loki's, the offset says it that its group has
 * passed on the replay topic. A refusal counts until a later replay.
 */
export const letterState = (sql: Sql, lokiPassed: bigint) => sql`CASE
  WHEN stored_at IS NOT NULL THEN 'replayed'
  WHEN refused_offset IS NOT NULL AND refused_offset >= coalesce(replay_offset, refused_offset) THEN 'refused_again'
  WHEN replay_offset IS NULL THEN 'open'
  WHEN replay_offset < ${String(lokiPassed)}::bigint THEN 'replayed'
  ELSE 'replaying' END`

const time = (sql: Sql, column: string) =>
  sql`to_char(${sql(column)}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${sql(column)}`

const columns = (sql: Sql, lokiPassed: bigint) => sql`id, sink, reason, detail, generation, topic,
  kafka_partition AS partition, kafka_offset AS offset, ${time(sql, 'appended_at')}, ${time(sql, 'failed_at')}, refusals,
  replays, key_bytes, value_bytes, key IS NOT NULL AS key_kept, value IS NOT NULL AS value_kept,
  ${letterState(sql, lokiPassed)} AS state, (extract(epoch FROM created_at) * 1000000)::bigint AS created_micros`

interface Columns {
  id: string
  sink: SinkName
  reason: DeadLetterReason
  detail: string
  generation: string
  topic: string
  partition: number
  offset: string
  appended_at: string
  failed_at: string
  refusals: number
  replays: number
  key_bytes: number | null
  value_bytes: string
  key_kept: boolean
  value_kept: boolean
  state: DeadLetterState
  created_micros: string
}

export type LetterPlace = Omit<LettersCursor, 'bounds'>

export interface LetterQuery {
  filter: LetterFilter
  after: LetterPlace | undefined
  limit: number
  /** Most letters that a filter may look at for one page. */
  scan: number
  /** First offset on the replay topic that Loki's group has not passed. */
  lokiPassed: bigint
}

export interface LetterRows {
  letters: LetterRow[]
  /** Where the next page goes on; undefined when there is none. A filter may leave a page short or empty. */
  goOn: LetterPlace | undefined
}

/** Letters, newest first. */
export async function readLetters(sql: Sql, query: LetterQuery): Promise<LetterRows> {
  const { filter, after, limit, scan, lokiPassed } = query
  const { sink, reason, topic, since, until } = filter
  const order = sql`ORDER BY created_at DESC, id DESC`
  const place = sql`WHERE true
    ${after ? sql`AND (created_at, id) < (${timeText(after.createdMicros * 1000n)}::timestamptz, ${after.id})` : sql``}
    ${since === undefined ? sql`` : sql`AND created_at >= ${timeText(since)}::timestamptz`}
    ${until === undefined ? sql`` : sql`AND created_at <= ${timeText(until)}::timestamptz`}
    ${sink !== undefined && reason !== undefined ? sql`AND sink = ${sink} AND reason = ${reason}` : sql``}`
  const wanted = sql`(
    ${sink === undefined ? sql`true` : sql`sink = ${sink}`}
      AND ${reason === undefined ? sql`true` : sql`reason = ${reason}`}
      AND ${topic === undefined ? sql`true` : sql`topic = ${topic}`}
      AND ${filter.state === undefined ? sql`true` : sql`${letterState(sql, lokiPassed)} = ${filter.state}`})`
  // The last row that a filter looked at comes with the others, wanted or not: read by itself it could be another one.
  const filtered = [sink, reason, topic, filter.state].some((value) => value !== undefined)
  const nth = filtered ? sql`row_number() OVER (${order})` : sql`0`
  const rows = await sql<(Columns & { wanted: boolean; is_edge: boolean })[]>`
    SELECT ${columns(sql, lokiPassed)}, ${wanted} AS wanted, nth = ${scan} AS is_edge
    FROM (SELECT *, ${nth} AS nth FROM dead_letters ${place} ${order} LIMIT ${scan}) AS scanned
    WHERE ${wanted} OR nth = ${scan}
    ${order} LIMIT ${limit + 1}`
  const last = rows.at(-1)
  const goOn = rows.length > limit ? rows[limit - 1] : last?.is_edge ? last : undefined
  return {
    letters: rows
      .slice(0, limit)
      .filter((row) => row.wanted)
      .map(letterRow),
    goOn: goOn && { id: goOn.id, createdMicros: BigInt(goOn.created_micros) },
  }
}

export async function readLetter(sql: Sql, id: string, lokiPassed: bigint): Promise<LetterRow | undefined> {
  const [row] = await sql<Columns[]>`SELECT ${columns(sql, lokiPassed)} FROM dead_letters WHERE id = ${id}`
  return row && letterRow(row)
}

/** Keys and values as far as they are kept, by id. */
export async function readContents(sql: Sql, ids: readonly string[]): Promise<Map<string, LetterContents>> {
  const rows = await sql<({ id: string } & LetterContents)[]>`
    SELECT id, key, value FROM dead_letters WHERE id = ANY(${ids as string[]}::text[])`
  return new Map(rows.map(({ id, key, value }) => [id, { key, value }]))
}

/** How far the bridge has stored the dead letter topic, by partition, and which life of each topic the store knows. */
export async function readLetterPositions(sql: Sql, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const rows = await sql<{ kafka_partition: number; next_offset: string }[]>`
    SELECT kafka_partition, next_offset FROM positions WHERE topic = ${topic}`
  return new Map(rows.map((row) => [row.kafka_partition, BigInt(row.next_offset)]))
}

/** The life of a partition that the store knows; undefined where it knows none. */
export async function readGeneration(sql: Sql, topic: string, partition: number): Promise<string | undefined> {
  const [row] = await sql<{ generation: string }[]>`
    SELECT generation FROM positions WHERE topic = ${topic} AND kafka_partition = ${partition}`
  return row?.generation
}

function letterRow(row: Columns): LetterRow {
  return {
    id: row.id,
    sink: row.sink,
    reason: row.reason,
    detail: row.detail,
    generation: row.generation,
    topic: row.topic,
    partition: row.partition,
    offset: row.offset,
    appendedAt: row.appended_at,
    failedAt: row.failed_at,
    refusals: row.refusals,
    replays: row.replays,
    keyBytes: row.key_bytes,
    valueBytes: row.value_bytes,
    keyKept: row.key_kept || row.key_bytes === null,
    // A record without a value, a tombstone, has nothing that could be kept.
    valueKept: row.value_kept || row.value_bytes === '0',
    state: row.state,
    createdMicros: BigInt(row.created_micros),
  }
}
