// Events of one partition in one transaction: locked runs, dense numbers, folded state.

import type { TransactionSql } from 'postgres'
import type { EventBatch } from '@runlight/bridge-core/sink'
import { TABLES } from '@runlight/contracts/tables'
import { eventRow } from './event-rows.ts'
import type { EventRecord } from './event-rows.ts'
import { doneKey, foldEvent, newRun } from './fold.ts'
import type { DoneNodes, FoldableEvent, RunFold } from './fold.ts'
import { insertRows } from './insert.ts'
import type { WayIn } from './insert.ts'
import { lockRuns, updateRuns } from './runs.ts'

export async function insertEvents(
  tx: TransactionSql,
  place: Pick<EventBatch, 'topic' | 'partition' | 'generation'>,
  records: readonly EventRecord[],
  way: WayIn,
): Promise<void> {
  if (records.length === 0) return
  const firsts = new Map<string, EventRecord>()
  for (const record of records) if (!firsts.has(record.body.runId)) firsts.set(record.body.runId, record)
  const fresh = [...firsts.values()].map((record) => ({ run: newRun(foldable(record)), createdAt: record.appendedAt }))
  const runs = await lockRuns(tx, fresh)
  const done = await doneBefore(tx, records)
  const rows: string[] = []
  for (const record of records) {
    const run = runs.get(record.body.runId) as RunFold
    run.lastSequence += 1n
    foldEvent(run, foldable(record), done)
    rows.push(eventRow(record, run.lastSequence, place))
  }
  await insertRows(tx, 'workflow_traces', TABLES.workflow_traces, rows, way)
  await updateRuns(tx, [...runs.values()])
}

function foldable({ body, own, effective }: EventRecord): FoldableEvent {
  return { event: body, own, effective: effective.instant }
}

/** Nodes that these records say to be done and that were done before. The runs must be locked. */
async function doneBefore(tx: TransactionSql, records: readonly EventRecord[]): Promise<DoneNodes> {
  const said = records
    .map(({ body }) => body)
    .filter(({ type }) => type === 'NODE_COMPLETED' || type === 'NODE_SKIPPED')
  if (said.length === 0) return new Set()
  const rows = await tx<{ run_id: string; execution: number; node_ref: string }[]>`
    select distinct run_id, execution, node_ref from workflow_traces
    where type in ('NODE_COMPLETED', 'NODE_SKIPPED') and (run_id, execution, node_ref) in (
      select * from unnest(
        ${said.map((event) => event.runId)}::text[],
        ${said.map((event) => event.execution)}::int[],
        ${said.map((event) => event.nodeRef as string)}::text[]))`
  return new Set(rows.map((row) => doneKey(row.run_id, row.execution, row.node_ref)))
}
