// The timeline of a run: its events folded into spans by what caused them.

import Type from 'typebox'
import { RunState } from './execution-status.ts'
import { Attempt, Execution, NodeRef, OrgId, RunId, Timestamp, WorkflowId } from './identifiers.ts'
import { LogLevel } from './log-entry.ts'
import { TraceError } from './trace-event.ts'

const span = {
  startedAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  durationMs: Type.Optional(Type.Number({ minimum: 0, description: 'Only when both ends are known' })),
  error: Type.Optional(TraceError),
}
const queueMs = Type.Optional(Type.Number({ minimum: 0, description: 'From when it could begin to its start' }))

export const AttemptSpan = Type.Object({
  attempt: Attempt,
  state: Type.String({
    description: '`SCHEDULED`, `RUNNING`, `COMPLETED`, `FAILED`, `TIMED_OUT`, `CANCELLED` or `ABANDONED`',
  }),
  ...span,
  readyAt: Type.Optional(Timestamp),
  queueMs,
  progress: Type.Array(
    Type.Object({ at: Timestamp, level: LogLevel, message: Type.String(), data: Type.Optional(Type.Unknown()) }),
  ),
  outputSummary: Type.Optional(Type.Unknown()),
})
export type AttemptSpan = Type.Static<typeof AttemptSpan>

export const NodeSpan = Type.Object({
  nodeRef: NodeRef,
  state: Type.String({ description: 'Of its latest attempt; or `WAITING`, `RETRYING`, `SKIPPED`' }),
  after: Type.Array(Type.String(), { description: 'Nodes that come before it' }),
  ...span,
  scheduledAt: Type.Optional(Timestamp),
  queueMs,
  attempts: Type.Array(AttemptSpan),
})
export type NodeSpan = Type.Static<typeof NodeSpan>

export const ExecutionSpan = Type.Object({
  execution: Execution,
  state: RunState,
  ...span,
  temporalRunId: Type.Optional(Type.String()),
  continuedBy: Type.Optional(Type.String({ description: 'The Temporal run that goes on in its place' })),
  nodes: Type.Array(NodeSpan),
})
export type ExecutionSpan = Type.Static<typeof ExecutionSpan>

export const RunTimeline = Type.Object({
  runId: RunId,
  orgId: Type.Optional(OrgId),
  workflowId: Type.Optional(WorkflowId),
  parentRunId: Type.Optional(RunId),
  executions: Type.Array(ExecutionSpan),
  events: Type.Integer({ minimum: 0, description: 'How many events it was folded from' }),
  hasMore: Type.Boolean({
    description: 'The run has more events than are folded at a time: what came last is missing',
  }),
})
export type RunTimeline = Type.Static<typeof RunTimeline>
