// Folds events into the state of their run. What is folded does not depend on the order of arrival beyond what the
// contract says: within one execution a final state is kept, and a higher execution begins anew.

import { FAILURE_DETAILS_LEVELS, STATE_AFTER, isFinal } from '@runlight/contracts/execution-status'
import type { Failure, RunState } from '@runlight/contracts/execution-status'
import { storedOrg } from '@runlight/contracts/organisation'
import { instantToNanos } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import type { RunGraph, RunStartedData, TraceEvent } from '@runlight/contracts/trace-event'
import { nestsDeeperThan } from './nesting.ts'

/** A run as it is folded; times in nanoseconds since the epoch. */
export interface RunFold {
  runId: string
  orgId: string
  workflowId: string | null
  parentRunId: string | null
  execution: number
  status: RunState
  startedNs: bigint | null
  updatedNs: bigint
  completedNs: bigint | null
  completedActions: number
  failure: Failure | null
  graph: RunGraph | null
  lastSequence: bigint
}

const GRAPH_LEVELS = 500

export interface FoldableEvent {
  event: TraceEvent
  own: Instant
  effective: Instant
}

/** A run before its first event. */
export function newRun({ event, effective }: FoldableEvent): RunFold {
  return {
    runId: event.runId,
    orgId: storedOrg(event.orgId),
    workflowId: null,
    parentRunId: null,
    updatedNs: instantToNanos(effective),
    ...{ graph: null, lastSequence: 0n },
    ...beginning(event.execution),
  }
}

function beginning(execution: number) {
  return {
    ...{ execution, startedNs: null, completedNs: null, completedActions: 0, failure: null },
    status: 'QUEUED' as RunState,
  }
}

/** Changes `run` by one event; how many nodes are done is counted when all are in (progress.ts). */
export function foldEvent(run: RunFold, item: FoldableEvent): void {
  const { event, own, effective } = item
  const updated = instantToNanos(effective)
  if (updated > run.updatedNs) run.updatedNs = updated
  if (event.orgId !== undefined && run.orgId === storedOrg(undefined)) run.orgId = event.orgId
  run.workflowId ??= event.workflowId ?? null
  if (event.execution < run.execution) return
  if (event.execution > run.execution) Object.assign(run, beginning(event.execution))
  if (event.type === 'RUN_STARTED') start(run, event.data as RunStartedData, instantToNanos(own))
  advance(run, event, instantToNanos(own))
}

function start(run: RunFold, data: RunStartedData, startedNs: bigint): void {
  run.graph = bounded(data.graph)
  run.parentRunId ??= data.parentRunId ?? null
  run.startedNs ??= startedNs
}

// What the contract does not know is passed on, but not at any depth.
function bounded(graph: RunGraph): RunGraph {
  if (!nestsDeeperThan(graph, GRAPH_LEVELS)) return graph
  return { nodes: graph.nodes.map(({ ref, after }) => ({ ref, after })) }
}

function advance(run: RunFold, event: TraceEvent, ownNs: bigint): void {
  if (event.type === 'NODE_FAILED') blameNode(run, event)
  if (isFinal(run.status)) return
  const next = STATE_AFTER[event.type] ?? (event.type.startsWith('NODE_') ? 'RUNNING' : run.status)
  run.status = next
  if (!isFinal(next)) return
  run.completedNs = ownNs
  if (next === 'COMPLETED') run.failure = null
  else run.failure = failureOf(run, event)
}

// While the run goes on, a failed node is no failure of the run: it may be retried, or the workflow may live with it.
// It is remembered, since the run's own end may not name the node.
function blameNode(run: RunFold, event: TraceEvent): void {
  if (run.status === 'COMPLETED') return
  if (isFinal(run.status) && run.failure?.nodeRef !== undefined) return
  const blamed = { ...(event.nodeRef === undefined ? {} : { nodeRef: event.nodeRef }) }
  if (isFinal(run.status) && run.failure) run.failure = { ...run.failure, ...blamed }
  else if (!isFinal(run.status)) run.failure = { ...describe(event), ...blamed }
}

function failureOf(run: RunFold, event: TraceEvent): Failure | null {
  if (event.type === 'RUN_CANCELLED' && !event.error) return null
  const named = event.nodeRef ?? (typeof event.data?.['nodeRef'] === 'string' ? event.data['nodeRef'] : undefined)
  const nodeRef = named ?? run.failure?.nodeRef
  return { ...describe(event), ...(nodeRef === undefined ? {} : { nodeRef }) }
}

function describe({ type, message, error, data }: TraceEvent): Failure {
  const details = data?.['details']
  return {
    reason: error?.type ?? type,
    message: error?.message ?? message,
    ...(details === undefined || nestsDeeperThan(details, FAILURE_DETAILS_LEVELS) ? {} : { details }),
  }
}
