// Events of one partition in one transaction: locked runs, dense numbers, folded state.

import type { PendingQuery, Row, TransactionSql } from 'postgres'
import type { EventBatch } from '@runlight/bridge-core/sink'
import { TABLES } from '@runlight/contracts/tables'
import { eventRow } from './event-rows.ts'
import type { EventRecord } from './event-rows.ts'
import { foldEvent, newRun } from './fold.ts'
import type { FoldableEvent, RunFold } from './fold.ts'
import { insertRows } from './insert.ts'
import type { WayIn } from './insert.ts'
import { countProgress, tellsOfProgress } from './progress.ts'
import { lockRuns, updateRuns } from './runs.ts'

/** Gives the statement that is still to be sent, so that it can go to the server together with others. */
export async function insertEvents(
  tx: TransactionSql,
  place: Pick<EventBatch, 'topic' | 'partition' | 'generation'>,
  records: readonly EventRecord[],
  way: WayIn,
): Promise<PendingQuery<Row[]>[]> {
  if (records.length === 0) return []
  const firsts = new Map<string, EventRecord>()
  for (const record of records) if (!firsts.has(record.body.runId)) firsts.set(record.body.runId, record)
  const fresh = [...firsts.values()].map((record) => ({ run: newRun(foldable(record)), createdAt: record.appendedAt }))
  const runs = await lockRuns(tx, fresh)
  const rows: string[] = []
  for (const record of records) {
    const run = runs.get(record.body.runId) as RunFold
    run.lastSequence += 1n
    foldEvent(run, foldable(record))
    rows.push(eventRow(record, run.lastSequence, place))
  }
  await insertRows(tx, 'workflow_traces', TABLES.workflow_traces, rows, way)
  const moved = new Set(records.flatMap(({ body }) => (tellsOfProgress(body) ? [body.runId] : [])))
  await countProgress(
    tx,
    [...runs.values()].filter(({ runId }) => moved.has(runId)),
  )
  return [updateRuns(tx, [...runs.values()])]
}

function foldable({ body, own, effective }: EventRecord): FoldableEvent {
  return { event: body, own, effective: effective.instant }
}
