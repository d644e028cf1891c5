// Rows of `logs` and `log_stream`.

import type { LogBatch } from '@runlight/bridge-core/sink'
import { taskRunId } from '@runlight/contracts/identifiers'
import { selector, streamLabels } from '@runlight/contracts/labels'
import type { LabelMode } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { storedOrg } from '@runlight/contracts/organisation'
import { TABLES } from '@runlight/contracts/tables'
import { instantToNanos } from '@runlight/contracts/time'
import { NULL, copyOptional, copyText } from './copy.ts'
import { identityColumns, jsonColumn, positionColumns, timeColumns } from './row-text.ts'

export type LogRecord = LogBatch['records'][number]

export const LOG_COLUMNS: readonly string[] = Object.keys(TABLES.logs.columns)

/** One row in the order of LOG_COLUMNS. */
export function logRow(record: LogRecord, { topic, partition, generation }: LogBatch): string {
  const { body, offset } = record
  const columns = [
    body.type,
    storedOrg(body.orgId),
    copyOptional(body.workflowId),
    copyOptional(body.runId),
    copyOptional(taskOf(body)),
    String(body.execution ?? NULL),
    copyOptional(body.nodeRef),
    String(body.attempt ?? NULL),
    copyOptional(body.component),
    ...timeColumns(record),
    body.level,
    body.stream,
    copyText(body.message),
    jsonColumn(record, 'metadata', body.metadata),
    body.trace?.traceId ?? NULL,
    body.trace?.spanId ?? NULL,
    ...identityColumns(body.producer, { generation, topic, partition, offset }),
    ...positionColumns(record, partition),
  ]
  return columns.join('\t')
}

function taskOf({ type, runId, execution = 1, nodeRef, attempt = 1 }: LogEntry): string | undefined {
  if (type !== 'task' || runId === undefined || nodeRef === undefined) return undefined
  return taskRunId({ runId, execution, nodeRef, attempt })
}

export interface StreamRow {
  org_id: string
  selector: string
  run_id: string | null
  component: string | null
  node_ref: string | null
  stream: string
  labels: Record<string, string>
  first_ns: string
  last_ns: string
  lines: number
  bytes: number
}

/** What the records add to `log_stream`: the streams that they lie in in Loki, sorted so that rows are locked in order. */
export function streamRows(records: readonly LogRecord[], partition: number, mode: LabelMode): StreamRow[] {
  const streams = new Map<string, { row: StreamRow; first: bigint; last: bigint }>()
  for (const { body, effective } of records) {
    const nanos = instantToNanos(effective.instant)
    const labels = streamLabels(body, partition, mode)
    const key = selector(labels)
    const org = storedOrg(body.orgId)
    const found = streams.get(`${org} ${key}`)
    const bytes = Buffer.byteLength(body.message)
    if (found) {
      if (nanos < found.first) found.first = nanos
      if (nanos > found.last) found.last = nanos
      found.row.lines += 1
      found.row.bytes += bytes
      continue
    }
    const perRun = mode === 'perRun' && body.type !== 'system'
    const row = {
      ...{ org_id: org, selector: key, stream: body.stream, labels: Object.fromEntries(labels), lines: 1, bytes },
      run_id: perRun ? (body.runId ?? null) : null,
      component: body.type === 'system' ? (body.component ?? null) : null,
      node_ref: perRun ? (body.nodeRef ?? null) : null,
      ...{ first_ns: '', last_ns: '' },
    }
    streams.set(`${org} ${key}`, { row, first: nanos, last: nanos })
  }
  return [...streams.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { row, first, last }]) => ({ ...row, first_ns: String(first), last_ns: String(last) }))
}
