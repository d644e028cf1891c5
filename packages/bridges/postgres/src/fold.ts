// Folds events into the state of their run. What is folded does not depend on the order of arrival beyond what the
// contract says: within one execution a final state is kept, and a higher execution begins anew.

import { FAILURE_DETAILS_LEVELS, STATE_AFTER, isFinal } from '@runlight/contracts/execution-status'
import type { Failure, RunState } from '@runlight/contracts/execution-status'
import { storedOrg } from '@runlight/contracts/organisation'
import { instantToNanos } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import type { RunGraph, RunStartedData, TraceEvent } from '@runlight/contracts/trace-event'
import type { EventRecord } from './event-rows.ts'
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

/** What is folded of an event. */
export type FoldedEvent = Pick<
  TraceEvent,
  'type' | 'runId' | 'orgId' | 'workflowId' | 'execution' | 'nodeRef' | 'message' | 'data'
> & { error?: Pick<NonNullable<TraceEvent['error']>, 'type' | 'message'> }

export interface FoldableEvent {
  event: FoldedEvent
  own: Instant
  effective: Instant
}

/** Keeps of an event what is folded of it; its data may be large. */
export function foldable({ body, own, effective }: Pick<EventRecord, 'body' | 'own' | 'effective'>): FoldableEvent {
  const { type, runId, orgId, workflowId, execution, nodeRef, message, error } = body
  const event: FoldedEvent = { type, runId, execution, message }
  if (orgId !== undefined) event.orgId = orgId
  if (workflowId !== undefined) event.workflowId = workflowId
  if (nodeRef !== undefined) event.nodeRef = nodeRef
  if (error) event.error = { type: error.type, message: error.message }
  const data = foldedData(body)
  if (data) event.data = data
  return { event, own, effective: effective.instant }
}

function foldedData({ type, data }: TraceEvent): TraceEvent['data'] {
  if (!data) return undefined
  if (type === 'RUN_STARTED') {
    const { graph, parentRunId } = data as RunStartedData
    return { graph: bounded(graph), ...(parentRunId !== undefined && { parentRunId }) }
  }
  if (type !== 'NODE_FAILED' && !isFinal(STATE_AFTER[type] ?? 'RUNNING')) return undefined
  const { nodeRef, details } = data
  return { nodeRef, ...(!nestsDeeperThan(details, FAILURE_DETAILS_LEVELS) && { details }) }
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
  run.graph = data.graph
  run.parentRunId ??= data.parentRunId ?? null
  run.startedNs ??= startedNs
}

// What the contract does not know is passed on, but not at any depth.
function bounded(graph: RunGraph): RunGraph {
  if (!nestsDeeperThan(graph, GRAPH_LEVELS)) return graph
  return { nodes: graph.nodes.map(({ ref, after }) => ({ ref, after })) }
}

function advance(run: RunFold, event: FoldedEvent, ownNs: bigint): void {
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
function blameNode(run: RunFold, event: FoldedEvent): void {
  if (run.status === 'COMPLETED') return
  if (isFinal(run.status) && run.failure?.nodeRef !== undefined) return
  const blamed = { ...(event.nodeRef === undefined ? {} : { nodeRef: event.nodeRef }) }
  if (isFinal(run.status) && run.failure) run.failure = { ...run.failure, ...blamed }
  else if (!isFinal(run.status)) run.failure = { ...describe(event), ...blamed }
}

function failureOf(run: RunFold, event: FoldedEvent): Failure | null {
  if (event.type === 'RUN_CANCELLED' && !event.error) return null
  const named = event.nodeRef ?? (typeof event.data?.['nodeRef'] === 'string' ? event.data['nodeRef'] : undefined)
  const nodeRef = named ?? run.failure?.nodeRef
  return { ...describe(event), ...(nodeRef === undefined ? {} : { nodeRef }) }
}

function describe({ type, message, error, data }: FoldedEvent): Failure {
  const details = data?.['details']
  return {
    reason: error?.type ?? type,
    message: error?.message ?? message,
    ...(details !== undefined && { details }),
  }
}
