// Counts how far runs have come, from their stored events, by the one rule of the contracts.

import { STATE_AFTER, isFinal } from '@runlight/contracts/execution-status'
import { progressOf } from '@runlight/contracts/progress'
import type { ProgressFacts } from '@runlight/contracts/progress'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { TransactionSql } from 'postgres'
import type { RunFold } from './fold.ts'

const ENDS = Object.entries(STATE_AFTER).flatMap(([type, state]) => (isFinal(state) ? [type] : []))
const TELLING: ReadonlySet<string> = new Set(['NODE_COMPLETED', 'NODE_SKIPPED', 'RUN_STARTED', ...ENDS])

/** May the event change how far its run has come? */
export function tellsOfProgress({ type }: Pick<TraceEvent, 'type'>): boolean {
  return TELLING.has(type)
}

/** Sets `completedActions` of locked runs, whose events are stored already. */
export async function countProgress(tx: TransactionSql, runs: readonly RunFold[]): Promise<void> {
  if (runs.length === 0) return
  const ids = runs.map(({ runId }) => runId)
  const executions = runs.map(({ execution }) => execution)
  const wanted = tx`unnest(${ids}::text[], ${executions}::int[]) as wanted (run_id, execution)`
  // Not awaited one by one: both go to the server together.
  const [told, ends] = await Promise.all([
    tx<{ run_id: string; node_ref: string }[]>`
      select distinct run_id, node_ref from ${wanted} join workflow_traces using (run_id, execution)
      where type in ('NODE_COMPLETED', 'NODE_SKIPPED') and node_ref is not null`,
    tx<{ run_id: string; attempts: unknown }[]>`
      select run_id, data -> 'attempts' as attempts from ${wanted} join workflow_traces using (run_id, execution)
      where type = any(${ENDS}::text[])`,
  ])
  for (const run of runs) {
    const declared = run.graph?.nodes.map(({ ref }) => ref) ?? []
    const nodes = told.filter((row) => row.run_id === run.runId).map((row) => row.node_ref)
    const roster = ends.filter((row) => row.run_id === run.runId).flatMap((row) => readRoster(row.attempts))
    run.completedActions = progressOf({ declared, told: nodes, roster }).completedActions
  }
}

/** A foreign producer may have sent anything. */
function readRoster(attempts: unknown): ProgressFacts['roster'] {
  if (!Array.isArray(attempts)) return []
  return attempts.filter((entry): entry is ProgressFacts['roster'][number] => {
    return typeof (entry as { nodeRef?: unknown } | null)?.nodeRef === 'string'
  })
}
