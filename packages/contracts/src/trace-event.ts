// TraceEvent: one step in the life of a run, on `telemetry.events`.

import Type from 'typebox'
import { Attempt, Execution, NodeRef, OrgId, RunId, Timestamp, WorkflowId } from './identifiers.ts'
import { LogLevel } from './log-entry.ts'
import { Producer, SeqRange } from './producer.ts'
import type { Checked } from './schema.ts'
import { shape } from './schema.ts'

export const EVENT_SCHEMA_VERSION = 1

export const TRACE_EVENT_TYPES = [
  'RUN_STARTED',
  'NODE_SCHEDULED',
  'NODE_STARTED',
  'NODE_PROGRESS',
  'NODE_RETRYING',
  'NODE_COMPLETED',
  'NODE_FAILED',
  'NODE_SKIPPED',
  'RUN_COMPLETED',
  'RUN_FAILED',
  'RUN_CANCELLED',
  'RUN_TERMINATED',
  'RUN_TIMED_OUT',
  'PRODUCER_CLOSED',
] as const
export const TraceEventType = Type.Enum(TRACE_EVENT_TYPES)
export type TraceEventType = (typeof TRACE_EVENT_TYPES)[number]

export const TraceError = Type.Object({
  message: Type.String(),
  type: Type.String({ description: 'Class or code of the error, such as `TimeoutError`' }),
  retryable: Type.Boolean(),
  stack: Type.Optional(Type.String()),
})
export type TraceError = Type.Static<typeof TraceError>

/** A node of the declared graph and the nodes that must end before it starts. */
export const GraphNode = Type.Object({ ref: NodeRef, after: Type.Array(NodeRef) })
/** The declared graph of a run; its nodes are the total that progress is counted against. */
export const RunGraph = Type.Object({ nodes: Type.Array(GraphNode) })
export type RunGraph = Type.Static<typeof RunGraph>

/** What `RUN_STARTED.data` carries. */
export const RunStartedData = Type.Object({
  graph: RunGraph,
  temporalRunId: Type.Optional(Type.String()),
  parentRunId: Type.Optional(RunId),
})
export type RunStartedData = Type.Static<typeof RunStartedData>

/**
 * What a run's last event (RUN_COMPLETED, RUN_FAILED, …) carries. `attempts` are those that a worker took, as far as
 * the history knows: not the ones that never began, child runs, or what a reset copied from an earlier execution.
 * `abandoned`: it was open when the run ended, and what became of it is not known.
 */
export const RunEndedData = Type.Object({
  attempts: Type.Array(
    Type.Object({
      nodeRef: NodeRef,
      attempt: Attempt,
      outcome: Type.Enum(['completed', 'failed', 'timed_out', 'cancelled', 'abandoned']),
    }),
  ),
  nodeRef: Type.Optional(NodeRef),
  continuedBy: Type.Optional(
    Type.String({ description: 'Temporal run that goes on in its place: continue-as-new, retry, cron or reset' }),
  ),
})
export type RunEndedData = Type.Static<typeof RunEndedData>

/** What one producer says of one topic when it closes. */
export const TopicAccount = Type.Object({
  producerId: Type.String({ description: '`producer.id` in that topic' }),
  count: Type.Integer({ minimum: 0, description: 'Records acknowledged by the bus' }),
  lastSeq: Type.Integer({ minimum: 0, description: 'Highest sequence number given, sent or dropped; 0 if none' }),
  dropped: Type.Array(
    Type.Object({ from: SeqRange.properties.from, to: SeqRange.properties.to, reason: Type.String() }),
    { description: 'Ranges that were never sent, with the reason' },
  ),
  redacted: Type.Integer({ minimum: 0, description: 'Values replaced by redaction' }),
  limited: Type.Integer({ minimum: 0, description: 'Records left out by rate limits' }),
  positions: Type.Array(
    Type.Object({
      partition: Type.Integer({ minimum: 0 }),
      offset: Type.String({ pattern: '^\\d+$', description: 'Last acknowledged offset; decimal, 64 bits' }),
    }),
  ),
})
export type TopicAccount = Type.Static<typeof TopicAccount>

/** What `PRODUCER_CLOSED.data` carries. The event itself is not counted in its own topic's account. */
export const ProducerClosedData = Type.Object({ logs: TopicAccount, events: TopicAccount })
export type ProducerClosedData = Type.Static<typeof ProducerClosedData>

/** Unknown fields are kept and passed on, so that an older reader does not refuse a newer record. */
export const TraceEvent = Type.Object({
  schemaVersion: Type.Integer({ minimum: 1, description: `${EVENT_SCHEMA_VERSION}; a higher one only adds fields` }),
  orgId: Type.Optional(OrgId),
  workflowId: Type.Optional(WorkflowId),
  runId: RunId,
  execution: Execution,
  nodeRef: Type.Optional(NodeRef),
  attempt: Attempt,
  type: TraceEventType,
  level: LogLevel,
  message: Type.String(),
  timestamp: Timestamp,
  error: Type.Optional(TraceError),
  outputSummary: Type.Optional(Type.Unknown({ description: 'What the node produced, in short; any JSON value' })),
  data: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'Depends on the type' })),
  causes: Type.Optional(
    Type.Array(Type.String(), { description: 'Keys (`execution/nodeRef/attempt/type`) of the events that led to it' }),
  ),
  producer: Type.Optional(Producer),
})
export type TraceEvent = Type.Static<typeof TraceEvent>

const traceEvent = shape(TraceEvent)
const producerClosed = shape(ProducerClosedData)
const runStarted = shape(RunStartedData)

/** Checks an event as it came from the bus. NODE_* events name their node; RUN_STARTED and PRODUCER_CLOSED have their data. */
export function checkTraceEvent(value: unknown): Checked<TraceEvent> {
  const checked = traceEvent.check(value)
  if (!checked.ok) return checked
  const event = checked.value
  if (event.type.startsWith('NODE_') && event.nodeRef === undefined) {
    return { ok: false, refusal: { field: 'nodeRef', message: `is required in ${event.type}` } }
  }
  const data = event.type === 'PRODUCER_CLOSED' ? producerClosed : event.type === 'RUN_STARTED' ? runStarted : undefined
  const refusal = data?.check(event.data)
  if (refusal && !refusal.ok) {
    const { field, message } = refusal.refusal
    return { ok: false, refusal: { field: field ? `data.${field}` : 'data', message } }
  }
  return checked
}

/** Key of an event on the bus. */
export function eventKey(event: TraceEvent): string {
  return event.runId
}

/** The key by which `causes` names an event: `execution/nodeRef/attempt/type`; RUN_* events have an empty nodeRef. */
export function causeKey(event: Pick<TraceEvent, 'execution' | 'nodeRef' | 'attempt' | 'type'>): string {
  return `${event.execution}/${event.nodeRef ?? ''}/${event.attempt}/${event.type}`
}
