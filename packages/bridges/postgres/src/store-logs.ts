// Logs of one partition, inside the batch's transaction.

import type { PendingQuery, Row, TransactionSql } from 'postgres'
import { TABLES } from '@runlight/contracts/tables'
import { insertRows } from './insert.ts'
import type { WayIn } from './insert.ts'
import type { StreamRow } from './log-rows.ts'

/**
 * Gives the statement that is still to be sent, so that it can go to the server together with others.
 * @param rows in COPY's text format, in the order of the table's columns
 */
export async function insertLogs(
  tx: TransactionSql,
  rows: readonly string[],
  streams: readonly StreamRow[],
  way: WayIn,
): Promise<PendingQuery<Row[]>[]> {
  if (rows.length === 0) return []
  await insertRows(tx, 'logs', TABLES.logs, rows, way)
  return [upsertStreams(tx, streams)]
}

/** The statement that adds to `log_stream`; it is sent when it is awaited. */
export function upsertStreams(tx: TransactionSql, streams: readonly StreamRow[]): PendingQuery<Row[]> {
  const added = streams.map((row) => ({ ...row, first_ns: String(row.first_ns), last_ns: String(row.last_ns) }))
  return tx`
    insert into log_stream (org_id, selector, run_id, component, node_ref, stream, labels, first_ns, last_ns, lines, bytes)
    select * from jsonb_to_recordset(${JSON.stringify(added)}::text::jsonb) as n (
      org_id text, selector text, run_id text, component text, node_ref text, stream text, labels jsonb,
      first_ns bigint, last_ns bigint, lines bigint, bytes bigint)
    on conflict (org_id, selector) do update set
      first_ns = least(log_stream.first_ns, excluded.first_ns),
      last_ns = greatest(log_stream.last_ns, excluded.last_ns),
      lines = log_stream.lines + excluded.lines,
      bytes = log_stream.bytes + excluded.bytes,
      updated_at = now()`
}
