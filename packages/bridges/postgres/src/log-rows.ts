// Rows of `logs` and `log_stream`.

import type { LogBatch } from '@runlight/bridge-core/sink'
import { streamKey } from '@runlight/bridge-core/stream-key'
import { taskRunId } from '@runlight/contracts/identifiers'
import { selector, streamLabels } from '@runlight/contracts/labels'
import type { LabelMode } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { storedOrg } from '@runlight/contracts/organisation'
import { instantToNanos } from '@runlight/contracts/time'
import { NULL, copyOptional, copyText } from './copy.ts'
import { identityColumns, jsonColumn, positionColumns, timeColumns } from './row-text.ts'

export type LogRecord = LogBatch['records'][number]

/** One row in the order of `TABLES.logs.columns`. */
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
  first_ns: bigint
  last_ns: bigint
  lines: number
  bytes: number
}

/** What one line adds to its stream. */
export interface StreamShare {
  /** The same object for all lines of one run, node and stream; empty. */
  stream: StreamRow
  nanos: bigint
  bytes: number
}

/**
 * What each of the records adds to `log_stream`.
 * @param late names the replay that has brought them to Loki
 */
export function streamShares(
  records: readonly LogRecord[],
  partition: number,
  mode: LabelMode,
  late?: string,
): StreamShare[] {
  const byKey = new Map<string, StreamRow>()
  return records.map(({ body, effective }) => {
    const key = streamKey(body)
    let stream = byKey.get(key)
    if (!stream) {
      stream = emptyStream(body, partition, mode, late)
      byKey.set(key, stream)
    }
    return { stream, nanos: instantToNanos(effective.instant), bytes: Buffer.byteLength(body.message) }
  })
}

/** The streams that shares add up to, sorted so that rows are locked in order. */
export function sumStreams(shares: readonly StreamShare[]): StreamRow[] {
  const sums = new Map<StreamRow, StreamRow>()
  for (const { stream, nanos, bytes } of shares) {
    let sum = sums.get(stream)
    if (!sum) {
      sum = { ...stream, first_ns: nanos, last_ns: nanos }
      sums.set(stream, sum)
    }
    if (nanos < sum.first_ns) sum.first_ns = nanos
    if (nanos > sum.last_ns) sum.last_ns = nanos
    sum.lines += 1
    sum.bytes += bytes
  }
  return merge([...sums.values()])
}

function emptyStream(body: LogEntry, partition: number, mode: LabelMode, late: string | undefined): StreamRow {
  const labels = streamLabels(body, partition, mode, late)
  const perRun = mode === 'perRun' && body.type !== 'system'
  return {
    org_id: storedOrg(body.orgId),
    selector: selector(labels),
    run_id: perRun ? (body.runId ?? null) : null,
    component: body.type === 'system' ? (body.component ?? null) : null,
    node_ref: perRun ? (body.nodeRef ?? null) : null,
    stream: body.stream,
    labels: Object.fromEntries(labels),
    ...{ first_ns: 0n, last_ns: 0n, lines: 0, bytes: 0 },
  }
}

// Several keys may have one label set: in mode `bounded`, the runs of a workflow.
function merge(rows: readonly StreamRow[]): StreamRow[] {
  const merged = new Map<string, StreamRow>()
  for (const row of rows) {
    const key = `${row.org_id} ${row.selector}`
    const found = merged.get(key)
    if (!found) {
      merged.set(key, row)
      continue
    }
    if (row.first_ns < found.first_ns) found.first_ns = row.first_ns
    if (row.last_ns > found.last_ns) found.last_ns = row.last_ns
    found.lines += row.lines
    found.bytes += row.bytes
  }
  return [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
