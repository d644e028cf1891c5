// Events of one partition in one transaction: locked runs, dense numbers, folded state.

import type { PendingQuery, Row, TransactionSql } from 'postgres'
import { TABLES } from '@runlight/contracts/tables'
import { numberedRow } from './event-rows.ts'
import { foldEvent, newRun } from './fold.ts'
import type { RunFold } from './fold.ts'
import { insertRows } from './insert.ts'
import type { WayIn } from './insert.ts'
import type { EventItem } from './part.ts'
import { countProgress, tellsOfProgress } from './progress.ts'
import { lockRuns, updateRuns } from './runs.ts'

/** Gives the statement that is still to be sent, so that it can go to the server together with others. */
export async function insertEvents(
  tx: TransactionSql,
  items: readonly EventItem[],
  way: WayIn,
): Promise<PendingQuery<Row[]>[]> {
  if (items.length === 0) return []
  const firsts = new Map<string, EventItem>()
  for (const item of items) if (!firsts.has(item.event.event.runId)) firsts.set(item.event.event.runId, item)
  const fresh = [...firsts.values()].map(({ event, record }) => ({ run: newRun(event), createdAt: record.appendedAt }))
  const runs = await lockRuns(tx, fresh)
  const rows: string[] = []
  for (const { event, row } of items) {
    const run = runs.get(event.event.runId) as RunFold
    run.lastSequence += 1n
    foldEvent(run, event)
    rows.push(numberedRow(row, run.lastSequence))
  }
  await insertRows(tx, 'workflow_traces', TABLES.workflow_traces, rows, way)
  const moved = new Set(items.flatMap(({ event: { event } }) => (tellsOfProgress(event) ? [event.runId] : [])))
  await countProgress(
    tx,
    [...runs.values()].filter(({ runId }) => moved.has(runId)),
  )
  return [updateRuns(tx, [...runs.values()])]
}
