// A line as the server gives it: ready JSON but for its times, and few columns beside it. A driver takes longer to make
// twenty values of a row than the server to write one, and what is kept for followers is one text instead of a dozen.

import type { StoredLog } from '@runlight/contracts/api'
import { LOG_SCHEMA_VERSION } from '@runlight/contracts/log-entry'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { formatInstant, instantFromNanos } from '@runlight/contracts/time'
import type { Sql } from 'postgres'
import type { Json } from '../http/json.ts'
import type { LogKey } from '../cursor/cursors.ts'
import type { Fragment, LineFields, StoredLine } from './log-lines.ts'

export interface KeyRow {
  effective_ns: string
  kafka_partition: number
  kafka_offset: string
}

export interface LineRow extends KeyRow {
  /** Null where it is the effective one. */
  own_ns: string | null
  identity: string
  /** JSON with a TIME in the place of its own time, and of the effective one; empty where only the place is wanted. */
  text: string
}

/** A character that stands in no JSON. */
const TIME = '\u0001'
const TIMES = new RegExp(TIME, 'g')

/** A record that came without a producer is stored under the place where it lay. */
export const FOREIGN = 'foreign:'

/** Columns of the table that lineColumns are made of, for lists in between. */
export const tableColumns = (sql: Sql): Fragment => sql`type, org_id, workflow_id, job_run_id, task_run_id, execution,
  node_ref, attempt, component, timestamp_ns, effective_ns, level, stream, message, metadata, trace_id, span_id,
  producer_id, producer_seq, kafka_partition, kafka_offset`

const keyColumns = (sql: Sql): Fragment => sql`effective_ns, nullif(timestamp_ns, effective_ns) AS own_ns,
  kafka_partition, kafka_offset, producer_id || '/' || producer_seq AS identity`

/** Columns of LineRow without the line itself. */
export const placeColumns = (sql: Sql): Fragment => sql`${keyColumns(sql)}, '' AS text`

/** Columns of LineRow. */
export const lineColumns = (sql: Sql): Fragment => sql`${keyColumns(sql)}, concat(
    '{"schemaVersion":', ${LOG_SCHEMA_VERSION}::integer, ',"type":', to_json(type),
    ',"orgId":' || to_json(nullif(org_id, ${UNASSIGNED_ORG})), ',"workflowId":' || to_json(workflow_id),
    ',"runId":' || to_json(job_run_id), ',"execution":' || execution, ',"nodeRef":' || to_json(node_ref),
    ',"attempt":' || attempt, ',"component":' || to_json(component),
    ',"timestamp":"${sql.unsafe(TIME)}","level":', to_json(level), ',"stream":', to_json(stream),
    ',"message":', to_json(message),
    ',"trace":{"traceId":' || to_json(trace_id) || ',"spanId":' || to_json(span_id) || '}',
    CASE WHEN NOT starts_with(producer_id, ${FOREIGN})
      THEN concat(',"producer":{"id":', to_json(producer_id), ',"seq":', producer_seq, '}') END,
    ',"effectiveTs":"${sql.unsafe(TIME)}","position":"', kafka_partition, ':', kafka_offset, '"',
    ',"taskRunId":' || to_json(task_run_id), ',"metadata":' || nullif(metadata::text, 'null'), '}'
  ) AS text`

export function logKey(row: KeyRow): LogKey {
  return {
    effectiveNs: BigInt(row.effective_ns),
    partition: row.kafka_partition,
    offset: BigInt(row.kafka_offset),
  }
}

export function storedLine(row: LineRow): StoredLine {
  return new HotLine(row)
}

/** Followers of a busy run keep thousands of them: what few ask for is taken out of the JSON when it is asked for. */
class HotLine implements StoredLine {
  readonly key: LogKey
  readonly timestampNs: bigint
  readonly identity: string
  readonly json: Json<StoredLog>
  #fields: LineFields | undefined
  #message: string | undefined

  constructor(row: LineRow) {
    this.key = logKey(row)
    this.timestampNs = row.own_ns === null ? this.key.effectiveNs : BigInt(row.own_ns)
    this.identity = row.identity
    this.json = withTimes(row)
  }

  get fields(): LineFields {
    return (this.#fields ??= fieldsOf(JSON.parse(this.json) as StoredLog))
  }

  get message(): string {
    return (this.#message ??= (JSON.parse(this.json) as StoredLog).message)
  }
}

/** The time of the digits of a column: taken apart as text they cost a fraction of what dividing a BigInt does. */
export function nanosText(nanos: string): string {
  if (nanos.length < 10 || nanos.startsWith('-')) return formatInstant(instantFromNanos(BigInt(nanos)))
  return formatInstant({ seconds: Number(nanos.slice(0, -9)), nanos: Number(nanos.slice(-9)) })
}

function withTimes({ effective_ns: effective, own_ns: own, text }: LineRow): Json<StoredLog> {
  // Replaced, not put together: what comes of it is one flat text.
  if (own === null || text === '') return text.replace(TIMES, nanosText(effective))
  const [before, between, after] = text.split(TIME)
  return `${before}${nanosText(own)}${between}${nanosText(effective)}${after}`
}

function fieldsOf({ orgId, type, execution, nodeRef, attempt, component, level, stream }: StoredLog): LineFields {
  return { orgId: orgId ?? UNASSIGNED_ORG, type, execution, nodeRef, attempt, component, level, stream }
}
