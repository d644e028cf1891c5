// Rows of `runs`, locked, read and written.

import type { PendingQuery, Row, TransactionSql } from 'postgres'
import type { Failure, RunState } from '@runlight/contracts/execution-status'
import type { RunGraph } from '@runlight/contracts/trace-event'
import type { RunFold } from './fold.ts'

interface RunRow {
  run_id: string
  org_id: string
  workflow_id: string | null
  parent_run_id: string | null
  execution: number
  status: RunState
  started_ns: string | null
  updated_ns: string
  completed_ns: string | null
  completed_actions: number
  failure: Failure | null
  graph: RunGraph | null
  last_sequence: string
}

/** Makes what is missing, then locks all in the order of their ids, so that no two writers can wait for each other. */
export async function lockRuns(
  tx: TransactionSql,
  wanted: readonly { run: RunFold; createdAt: number }[],
): Promise<Map<string, RunFold>> {
  const fresh = wanted.map(({ run, createdAt }) => ({ ...toJson(run), created_at: new Date(createdAt).toISOString() }))
  const ids = wanted.map(({ run }) => run.runId)
  // Not awaited one by one: both go to the server together.
  const [, rows] = await Promise.all([
    tx`
      insert into runs (run_id, org_id, execution, status, updated_ns, created_at)
      select run_id, org_id, execution, status, updated_ns, created_at
      from jsonb_to_recordset(${JSON.stringify(fresh)}::text::jsonb) as n (
        run_id text, org_id text, execution int, status text, updated_ns bigint, created_at timestamptz)
      order by run_id
      on conflict do nothing`,
    tx<RunRow[]>`
      select run_id, org_id, workflow_id, parent_run_id, execution, status, started_ns, updated_ns, completed_ns,
        completed_actions, failure, graph, last_sequence
      from runs where run_id = any(${ids}::text[]) order by run_id for update`,
  ])
  return new Map(rows.map((row) => [row.run_id, fromRow(row)]))
}

/** The statement that writes them; it is sent when it is awaited. */
export function updateRuns(tx: TransactionSql, runs: readonly RunFold[]): PendingQuery<Row[]> {
  return tx`
    update runs r set
      org_id = n.org_id, workflow_id = n.workflow_id, parent_run_id = n.parent_run_id, execution = n.execution,
      status = n.status, started_ns = n.started_ns, updated_ns = n.updated_ns, completed_ns = n.completed_ns,
      completed_actions = n.completed_actions, total_actions = n.total_actions, failure = n.failure, graph = n.graph,
      last_sequence = n.last_sequence, updated_at = now()
    from jsonb_to_recordset(${JSON.stringify(runs.map(toJson))}::text::jsonb) as n (
      run_id text, org_id text, workflow_id text, parent_run_id text, execution int, status text, started_ns bigint,
      updated_ns bigint, completed_ns bigint, completed_actions int, total_actions int, failure jsonb, graph jsonb,
      last_sequence bigint)
    where r.run_id = n.run_id`
}

function toJson(run: RunFold) {
  return {
    run_id: run.runId,
    org_id: run.orgId,
    workflow_id: run.workflowId,
    parent_run_id: run.parentRunId,
    execution: run.execution,
    status: run.status,
    started_ns: run.startedNs === null ? null : String(run.startedNs),
    updated_ns: String(run.updatedNs),
    completed_ns: run.completedNs === null ? null : String(run.completedNs),
    completed_actions: run.completedActions,
    total_actions: run.graph?.nodes.length ?? 0,
    failure: run.failure,
    graph: run.graph,
    last_sequence: String(run.lastSequence),
  }
}

function fromRow(row: RunRow): RunFold {
  return {
    runId: row.run_id,
    orgId: row.org_id,
    workflowId: row.workflow_id,
    parentRunId: row.parent_run_id,
    execution: row.execution,
    status: row.status,
    startedNs: row.started_ns === null ? null : BigInt(row.started_ns),
    updatedNs: BigInt(row.updated_ns),
    completedNs: row.completed_ns === null ? null : BigInt(row.completed_ns),
    completedActions: row.completed_actions,
    failure: row.failure,
    graph: row.graph,
    lastSequence: BigInt(row.last_sequence),
  }
}
