// Logs of one partition in one transaction.

import type { TransactionSql } from 'postgres'
import type { LogBatch } from '@runlight/bridge-core/sink'
import type { LabelMode } from '@runlight/contracts/labels'
import { copyRows } from './copy.ts'
import { LOG_COLUMNS, logRow, streamRows } from './log-rows.ts'
import type { LogRecord, StreamRow } from './log-rows.ts'

export async function insertLogs(
  tx: TransactionSql,
  batch: LogBatch,
  records: readonly LogRecord[],
  mode: LabelMode,
): Promise<void> {
  if (records.length === 0) return
  await copyRows(
    tx,
    'logs',
    LOG_COLUMNS,
    records.map((record) => logRow(record, batch)),
  )
  await upsertStreams(tx, streamRows(records, batch.partition, mode))
}

async function upsertStreams(tx: TransactionSql, rows: readonly StreamRow[]): Promise<void> {
  await tx`
    insert into log_stream (org_id, selector, run_id, component, node_ref, stream, labels, first_ns, last_ns, lines, bytes)
    select * from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as n (
      org_id text, selector text, run_id text, component text, node_ref text, stream text, labels jsonb,
      first_ns bigint, last_ns bigint, lines bigint, bytes bigint)
    on conflict (org_id, selector) do update set
      first_ns = least(log_stream.first_ns, excluded.first_ns),
      last_ns = greatest(log_stream.last_ns, excluded.last_ns),
      lines = log_stream.lines + excluded.lines,
      bytes = log_stream.bytes + excluded.bytes,
      updated_at = now()`
}
