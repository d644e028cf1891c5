// What a timeline is made of. All times are nanoseconds since the epoch, all durations nanoseconds.

import type { RunState } from '@runlight/contracts/execution-status'
import type { TraceError, TraceEvent } from '@runlight/contracts/trace-event'

export const NODE_STATES = [
  'WAITING',
  'SCHEDULED',
  'RUNNING',
  'RETRYING',
  'COMPLETED',
  'FAILED',
  'TIMED_OUT',
  'CANCELLED',
  'SKIPPED',
  'ABANDONED',
] as const
/**
 * WAITING: declared, not scheduled yet. RETRYING: an attempt failed, the next has not begun. ABANDONED: it was open
 * when the run ended, and what became of it is not known.
 */
export type NodeState = (typeof NODE_STATES)[number]
/** An attempt is never WAITING, RETRYING or SKIPPED. */
export type AttemptState = Exclude<NodeState, 'WAITING' | 'RETRYING' | 'SKIPPED'>

interface Span {
  start?: bigint
  end?: bigint
  /** Only when both ends are known; never negative. */
  duration?: bigint
  error?: TraceError
}

export interface ProgressMessage {
  at: bigint
  level: TraceEvent['level']
  message: string
  data?: Record<string, unknown>
}

export interface AttemptSpan extends Span {
  attempt: number
  state: AttemptState
  /** When it could begin: when it was scheduled, or the time before which a retry did not start. */
  ready?: bigint
  /** From `ready` to `start`; 0 where the worker's clock is behind the server's. */
  queueTime?: bigint
  progress: ProgressMessage[]
  outputSummary?: unknown
}

/** From the start of the first attempt to the end of the last. */
export interface NodeSpan extends Span {
  nodeRef: string
  state: NodeState
  /** Nodes that come before it: as declared, or else as the causes of its scheduling name them. */
  after: string[]
  scheduled?: bigint
  /** Of the first attempt. */
  queueTime?: bigint
  /** By number. */
  attempts: AttemptSpan[]
}

export interface ExecutionSpan extends Span {
  execution: number
  state: RunState
  temporalRunId?: string
  /** The Temporal run that goes on in its place. */
  continuedBy?: string
  /** A linear extension of the partial order; nodes without an order between them by name. */
  nodes: NodeSpan[]
}

export interface Timeline {
  runId: string
  orgId?: string
  workflowId?: string
  parentRunId?: string
  /** By number. */
  executions: ExecutionSpan[]
}
