// Stores filled by hand as the bridges should fill them, so that a test of the oracle can plant a fault.

import type { Sql } from 'postgres'
import { taskRunId } from '@runlight/contracts/identifiers'
import { streamLabels, structuredMetadata } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { storedOrg } from '@runlight/contracts/organisation'
import { fillBelowPrecision, fractionDigits, instantToNanos } from '@runlight/contracts/time'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { NumberedRecords, SourceRecord } from './numbered-records.ts'

export interface PlacedRecord extends SourceRecord {
  partition: number
  offset: number
}

export interface PlantedLine {
  number: number
  tenant: string
  labels: Record<string, string>
  timestamp: bigint
  line: string
  metadata: Record<string, string>
}

const PARTITIONS = 4

/** Each record at its place on the bus. */
export function placeRecords(records: NumberedRecords): PlacedRecord[] {
  const next = new Map<string, number>()
  return Array.from({ length: records.size }, (_, number) => {
    const record = records.record(number)
    const partition = Number(record.key.at(-1)) % PARTITIONS
    const own = `${record.kind}/${partition}`
    const offset = next.get(own) ?? 0
    next.set(own, offset + 1)
    return { ...record, partition, offset }
  })
}

/** The lines of all logs as Loki should hold them. */
export function plantedLines(placed: readonly PlacedRecord[]): PlantedLine[] {
  return placed
    .filter(({ kind }) => kind === 'logs')
    .map(({ number, body, own, partition, offset: at }) => {
      const entry = body as LogEntry
      const offset = BigInt(at)
      const position = { generation: '', topic: '', partition, offset }
      return {
        number,
        tenant: storedOrg(entry.orgId),
        labels: Object.fromEntries(streamLabels(entry, partition, 'perRun')),
        timestamp: instantToNanos(fillBelowPrecision(own, offset, fractionDigits(entry.timestamp))),
        line: JSON.stringify(entry),
        metadata: Object.fromEntries(structuredMetadata(entry, position, 'perRun', false)),
      }
    })
}

/** Pushes them as JSON, as any client can. */
export async function pushLines(url: URL, lines: readonly PlantedLine[]): Promise<void> {
  for (const tenant of new Set(lines.map((line) => line.tenant))) {
    const own = lines.filter((line) => line.tenant === tenant)
    const streams = own.map(({ labels, timestamp, line, metadata }) => ({
      stream: labels,
      values: [[String(timestamp), line, metadata]],
    }))
    const answer = await fetch(new URL('/loki/api/v1/push', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'X-Scope-OrgID': tenant },
      body: JSON.stringify({ streams }),
    })
    if (answer.status !== 204) throw new Error(`Loki answered ${answer.status}: ${await answer.text()}`)
  }
}

/** Inserts everything as Postgres should hold it. */
export async function insertRows(sql: Sql, records: NumberedRecords, placed: readonly PlacedRecord[]): Promise<void> {
  await sql`truncate logs, log_stream, runs, workflow_traces`
  await sql`select runlight_ensure_log_partition(now()::date)`
  const createdAt = new Date().toISOString()
  const logs = placed.filter(({ kind }) => kind === 'logs').map((record) => logRow(record, createdAt))
  const sequences = new Map<string, number>()
  const events = placed
    .filter(({ kind }) => kind === 'events')
    .map((record) => {
      const sequence = (sequences.get(record.key) ?? 0) + 1
      sequences.set(record.key, sequence)
      return { ...eventRow(record, createdAt), sequence }
    })
  await sql`insert into logs select * from jsonb_populate_recordset(null::logs, ${JSON.stringify(logs)}::text::jsonb)`
  await sql`
    insert into workflow_traces
    select * from jsonb_populate_recordset(null::workflow_traces, ${JSON.stringify(events)}::text::jsonb)`
  await sql`
    insert into log_stream (org_id, selector, stream, labels, first_ns, last_ns, lines, bytes)
    values ('acme', '{}', 'stdout', '{}', 0, 0, ${logs.length}, 0)`
  for (const { runId, orgId, status, events: count, completedNodes, graph } of records.plan.runs.values()) {
    if (count === 0) continue
    await sql`
      insert into runs (run_id, org_id, execution, status, updated_ns, completed_actions, total_actions, last_sequence, created_at)
      values (${runId}, ${storedOrg(orgId)}, 1, ${status}, 0, ${completedNodes}, ${graph.nodes.length}, ${count}, now())`
  }
}

function commonColumns({ body, own, partition, offset }: PlacedRecord, createdAt: string) {
  const nanos = instantToNanos(own)
  return {
    org_id: storedOrg(body.orgId),
    workflow_id: body.workflowId,
    execution: body.execution,
    node_ref: body.nodeRef,
    attempt: body.attempt,
    // Cut to microseconds; PostgreSQL would round.
    timestamp: `${body.timestamp.slice(0, -1).slice(0, 26)}Z`,
    timestamp_ns: String(nanos),
    effective_ns: String(nanos),
    skewed: false,
    level: body.level,
    message: body.message,
    producer_id: body.producer?.id,
    producer_seq: body.producer?.seq,
    created_at: createdAt,
    kafka_partition: partition,
    kafka_offset: offset,
  }
}

function logRow(record: PlacedRecord, createdAt: string) {
  const body = record.body as LogEntry
  const { type, runId, execution = 1, nodeRef, attempt = 1, component, stream, metadata, trace } = body
  const isTask = runId !== undefined && nodeRef !== undefined
  return {
    ...commonColumns(record, createdAt),
    ...{ type, component, stream, metadata, job_run_id: runId, trace_id: trace?.traceId, span_id: trace?.spanId },
    task_run_id: isTask ? taskRunId({ runId, execution, nodeRef, attempt }) : undefined,
  }
}

function eventRow(record: PlacedRecord, createdAt: string) {
  const { runId, type, error, outputSummary, data } = record.body as TraceEvent
  return { ...commonColumns(record, createdAt), run_id: runId, type, error, output_summary: outputSummary, data }
}
