// ExecutionStatus: how a run stands.

import Type from 'typebox'
import { Attempt, Execution, NodeRef, OrgId, RunId, Timestamp, WorkflowId } from './identifiers.ts'
import { SeqRange } from './producer.ts'
import { SINKS } from './topics.ts'
import type { TraceEventType } from './trace-event.ts'

export const RUN_STATES = ['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'] as const
export const RunState = Type.Enum(RUN_STATES)
export type RunState = (typeof RUN_STATES)[number]

/** A final state is never left within one execution: a late event does not re-open a run. */
export function isFinal(state: RunState): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING'
}

/** The state that an event leads to; undefined when the event does not end or start a run. */
export const STATE_AFTER: { readonly [T in TraceEventType]?: RunState } = {
  RUN_STARTED: 'RUNNING',
  RUN_COMPLETED: 'COMPLETED',
  RUN_FAILED: 'FAILED',
  RUN_CANCELLED: 'CANCELLED',
  RUN_TERMINATED: 'TERMINATED',
  RUN_TIMED_OUT: 'TIMED_OUT',
}

/** Details that nest deeper are not taken over into a run's state: not everything that reads it could go as deep. */
export const FAILURE_DETAILS_LEVELS = 500

export const Failure = Type.Object({
  reason: Type.String({ description: 'Class or code of the failure' }),
  message: Type.String(),
  nodeRef: Type.Optional(NodeRef),
  details: Type.Optional(
    Type.Unknown({
      description: `The event's \`data.details\`; left out where they nest more than ${FAILURE_DETAILS_LEVELS} levels, then only the event has them`,
    }),
  ),
})
export type Failure = Type.Static<typeof Failure>

export const Progress = Type.Object({
  completedActions: Type.Integer({ minimum: 0 }),
  totalActions: Type.Integer({ minimum: 0, description: 'Nodes of the declared graph; 0 while it is not known' }),
})
export type Progress = Type.Static<typeof Progress>

/** Worst first: a run's state is the worst of its producers'. */
export const COMPLETENESS_STATES = ['unknown', 'missing', 'arriving', 'dropped', 'complete'] as const
export const CompletenessState = Type.Enum(COMPLETENESS_STATES)
export type CompletenessState = (typeof COMPLETENESS_STATES)[number]

/** What one store holds of a run, measured against what its producers say they sent. */
export const StoreCompleteness = Type.Object({
  state: CompletenessState,
  dropped: Type.Integer({ minimum: 0, description: 'Records left out by policy before they were sent' }),
  missing: Type.Array(Type.Object({ producerId: Type.String(), topic: Type.String(), ranges: Type.Array(SeqRange) }), {
    description: 'Records that were sent and are not in the store',
  }),
  unclosed: Type.Array(
    Type.Object({
      nodeRef: NodeRef,
      execution: Execution,
      attempt: Attempt,
      knownUpTo: Type.Integer({ minimum: 0, description: 'Highest sequence number seen of it' }),
    }),
    { description: 'Attempts whose producer has not closed' },
  ),
})
export type StoreCompleteness = Type.Static<typeof StoreCompleteness>

export const Telemetry = Type.Record(Type.Enum(SINKS), StoreCompleteness)
export type Telemetry = Type.Static<typeof Telemetry>

/** A store or service that can't be asked at the moment, and what that means for the answer. */
export const Degradation = Type.Object({ component: Type.String(), reason: Type.String() })
export type Degradation = Type.Static<typeof Degradation>

export const ExecutionStatus = Type.Object({
  runId: RunId,
  orgId: OrgId,
  workflowId: Type.Optional(WorkflowId),
  execution: Execution,
  parentRunId: Type.Optional(RunId),
  status: RunState,
  startedAt: Type.Optional(Timestamp),
  updatedAt: Timestamp,
  completedAt: Type.Optional(Timestamp),
  progress: Progress,
  failure: Type.Optional(Failure),
  telemetry: Telemetry,
  degraded: Type.Optional(Type.Array(Degradation)),
})
export type ExecutionStatus = Type.Static<typeof ExecutionStatus>
