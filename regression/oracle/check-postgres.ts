// Everything that Postgres holds against everything that was sent.

import { isDeepStrictEqual } from 'node:util'
import type { Sql } from 'postgres'
import { taskRunId } from '@runlight/contracts/identifiers'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { instantToNanos } from '@runlight/contracts/time'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { Account } from './account.ts'
import { OrderOfRun } from './check-loki.ts'
import type { SourceRecord } from './numbered-records.ts'

type Row = Readonly<Record<string, unknown>>

const ROWS = 10_000

/** Reads logs, events and runs with a cursor, and enters them in the account. */
export async function readPostgres(account: Account, sql: Sql): Promise<void> {
  await readLogs(account, sql)
  await readEvents(account, sql)
  await readRuns(account, sql)
}

/** Every row of `logs` against the record it was made from, in the order in which a reader gets the lines of a run. */
export async function readLogs(account: Account, sql: Sql): Promise<void> {
  let order: { owner: unknown; check: OrderOfRun } | undefined
  // One text a row instead of its many columns: a million rows are read in half the time.
  const rows = sql<Row[]>`
    select producer_id, producer_seq::float8, kafka_partition, kafka_offset::float8, metadata,
      coalesce(job_run_id, component) as owner,
      concat_ws(chr(31), type, org_id, coalesce(workflow_id, '-'), coalesce(job_run_id, '-'), coalesce(task_run_id, '-'),
        coalesce(execution, 0), coalesce(node_ref, '-'), coalesce(attempt, 0), coalesce(component, '-'),
        (extract(epoch from "timestamp") * 1000000)::bigint, timestamp_ns, effective_ns, skewed, level, stream,
        coalesce(trace_id, '-'), coalesce(span_id, '-'), message) as columns
    from logs order by coalesce(job_run_id, component), effective_ns, kafka_partition, kafka_offset`
  for await (const page of rows.cursor(ROWS)) {
    for (const row of page) {
      const number = account.enter('logs', placeOf(row))
      if (number === undefined) continue
      if (order?.owner !== row['owner'])
        order = { owner: row['owner'], check: new OrderOfRun(account, String(row['owner'])) }
      order?.check.next(number)
      compareLog(account, number, row)
    }
  }
  // What Loki is referred to by is kept in the same transaction.
  const [sums] =
    await sql`select (select coalesce(sum(lines), 0) from log_stream)::text as told, (select count(*) from logs)::text as held`
  if (sums?.['told'] !== sums?.['held']) {
    account.fault('changed', `log_stream tells of ${sums?.['told']} lines, logs holds ${sums?.['held']}`)
  }
}

/** Every row of `workflow_traces`: payload, order of arrival, dense numbers. */
export async function readEvents(account: Account, sql: Sql): Promise<void> {
  let run = { id: undefined as unknown, sequence: 0, order: new OrderOfRun(account, '') }
  const rows = sql<Row[]>`
    select run_id, sequence, org_id, workflow_id, execution, node_ref, attempt, type, level, message,
      (extract(epoch from "timestamp") * 1000000)::bigint as micros, timestamp_ns, effective_ns, skewed,
      error, output_summary, data, causes, producer_id, producer_seq, kafka_partition, kafka_offset
    from workflow_traces order by run_id, sequence`
  for await (const page of rows.cursor(ROWS)) {
    for (const row of page) {
      const id = row['run_id']
      if (run.id !== id) run = { id, sequence: 0, order: new OrderOfRun(account, `events of ${String(id)}`) }
      run.sequence += 1
      if (Number(row['sequence']) !== run.sequence) {
        account.fault('notDense', `${String(id)}: ${String(row['sequence'])} where ${run.sequence} was expected`)
        run.sequence = Number(row['sequence'])
      }
      const number = account.enter('events', placeOf(row))
      if (number === undefined) continue
      run.order.next(number)
      compare(account, number, row, eventRow(account.records.record(number)))
    }
  }
}

async function readRuns(account: Account, sql: Sql): Promise<void> {
  const rows = await sql`
    select run_id, org_id, status, last_sequence, completed_actions, total_actions from runs order by run_id`
  const found = new Map(rows.map((row) => [String(row['run_id']), row]))
  for (const [runId, { orgId, status, events, completedNodes, graph }] of account.records.plan.runs) {
    const expected = {
      run_id: runId,
      org_id: orgId ?? 'unassigned',
      status,
      last_sequence: String(events),
      completed_actions: completedNodes,
      total_actions: graph.nodes.length,
    }
    const row = found.get(runId)
    found.delete(runId)
    if (events === 0) continue
    if (row && !isDeepStrictEqual({ ...row }, expected)) {
      account.fault('changed', `run ${runId} is ${JSON.stringify(row)}, not ${JSON.stringify(expected)}`)
    }
    if (!row) account.fault('missing', `run ${runId}`)
  }
  for (const runId of found.keys()) account.fault('invented', `run ${runId}`)
}

function placeOf(row: Row) {
  return {
    producer: String(row['producer_id']),
    seq: Number(row['producer_seq']),
    partition: Number(row['kafka_partition']),
    offset: Number(row['kafka_offset']),
  }
}

function compare(account: Account, number: number, row: Row, expected: Row): void {
  for (const [column, value] of Object.entries(expected)) {
    const found = row[column]
    if (found === value || (typeof value === 'object' && isDeepStrictEqual(found, value))) continue
    account.changed(number, `${column} is ${JSON.stringify(found)?.slice(0, 200)}`)
  }
}

function timeColumns({ own }: SourceRecord) {
  const nanos = instantToNanos(own)
  return { micros: String(nanos / 1000n), timestamp_ns: String(nanos), effective_ns: String(nanos), skewed: false }
}

function compareLog(account: Account, number: number, row: Row): void {
  const record = account.records.record(number)
  const body = record.body as LogEntry
  const expected = logColumns(record, body)
  if (row['columns'] !== expected) account.changed(number, `its columns are ${String(row['columns'])}, not ${expected}`)
  if (!isDeepStrictEqual(row['metadata'], body.metadata ?? null)) {
    account.changed(number, `metadata is ${JSON.stringify(row['metadata'])}`)
  }
}

/** As the query puts them together. */
function logColumns({ own }: SourceRecord, body: LogEntry): string {
  const { type, orgId, workflowId, runId, execution = 1, nodeRef, attempt = 1, component, level, stream, trace } = body
  const isTask = runId !== undefined && nodeRef !== undefined
  const nanos = instantToNanos(own)
  const columns = [
    ...[type, orgId ?? 'unassigned', workflowId ?? '-', runId ?? '-'],
    isTask ? taskRunId({ runId, execution, nodeRef, attempt }) : '-',
    ...[body.execution ?? 0, nodeRef ?? '-', body.attempt ?? 0, component ?? '-'],
    ...[nanos / 1000n, nanos, nanos, 'f', level, stream, trace?.traceId ?? '-', trace?.spanId ?? '-', body.message],
  ]
  return columns.join('\u001f')
}

function eventRow(record: SourceRecord): Row {
  const body = record.body as TraceEvent
  return {
    ...timeColumns(record),
    run_id: body.runId,
    org_id: body.orgId ?? 'unassigned',
    workflow_id: body.workflowId ?? null,
    execution: body.execution,
    node_ref: body.nodeRef ?? null,
    attempt: body.attempt,
    type: body.type,
    level: body.level,
    message: body.message,
    error: body.error ?? null,
    output_summary: body.outputSummary ?? null,
    data: body.data ?? null,
    causes: null,
  }
}
