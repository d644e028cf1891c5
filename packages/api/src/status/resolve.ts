// How a run stands: its row in the trace store, and what Temporal says where the row is not final.

import type { RunState } from '@runlight/contracts/execution-status'
import { isFinal } from '@runlight/contracts/execution-status'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import type { Standing } from '../store/runs.ts'
import type { EngineRun } from './temporal.ts'

/**
 * Joins both sources; undefined when neither knows the run. A final row stands by itself, unless another execution
 * has taken over (`handedOver`). Otherwise the later state wins (QUEUED, RUNNING, final), so that neither a slow bridge
 * nor a slow answer takes a state back. An end from before the row's start is one of an earlier execution, remembered
 * from when Temporal could be asked last; the observer takes both times from Temporal.
 */
export function resolveStanding(
  runId: string,
  row: Standing | undefined,
  engine: EngineRun | undefined,
  handedOver: boolean,
): Standing | undefined {
  if (!row) return engine && fromEngine(runId, engine)
  if (engine && handedOver) return nextExecution(row, engine)
  if (!engine || isFinal(row.state) || rank(engine.state) <= rank(row.state)) return row
  const { startedNs, closedNs } = engine
  if (closedNs !== undefined && row.startedNs !== undefined && closedNs < row.startedNs) return row
  return {
    ...row,
    state: engine.state,
    startedNs: row.startedNs ?? startedNs,
    updatedNs: closedNs !== undefined && closedNs > row.updatedNs ? closedNs : row.updatedNs,
    completedNs: closedNs,
    failure: engine.failure,
  }
}

/** The execution that goes on in the place of one that has ended: the trace store has no event of it yet. */
function nextExecution(row: Standing, engine: EngineRun): Standing {
  return {
    ...row,
    execution: row.execution + 1,
    state: engine.state,
    startedNs: engine.startedNs,
    updatedNs: engine.closedNs ?? engine.startedNs,
    completedNs: engine.closedNs,
    completedActions: 0,
    failure: engine.failure,
  }
}

function rank(state: RunState): number {
  return state === 'QUEUED' ? 0 : state === 'RUNNING' ? 1 : 2
}

function fromEngine(runId: string, engine: EngineRun): Standing {
  return {
    runId,
    orgId: engine.memo.orgId ?? UNASSIGNED_ORG,
    workflowId: engine.memo.workflowId,
    // The trace store counts executions; before its first event there is one.
    execution: 1,
    parentRunId: engine.parentRunId,
    state: engine.state,
    startedNs: engine.startedNs,
    updatedNs: engine.closedNs ?? engine.startedNs,
    completedNs: engine.closedNs,
    completedActions: 0,
    totalActions: engine.memo.graph?.nodes.length ?? 0,
    failure: engine.failure,
    lastSequence: 0n,
  }
}
