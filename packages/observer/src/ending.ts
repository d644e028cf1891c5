// What the event that closes a history says of the end of the run.

import type { TraceError, TraceEventType } from '@runlight/contracts/trace-event'
import { failedNode, traceError } from './failure.ts'
import type { HistoryEvent, ObservedRun } from './observed-run.ts'

export interface Ending {
  type: Extract<TraceEventType, `RUN_${string}`>
  message: string
  error?: TraceError
  /** The node that the run failed of. */
  nodeRef?: string | undefined
  /** The Temporal run that goes on in its place. */
  continuedBy?: string | null | undefined
  /** The nodes left go on there, too: none of them was skipped. */
  handsOver?: boolean
}

/** Who terminates a run that is reset, in the words of the server. */
const RESETTER = 'history-resetter'

/** The Temporal run that takes over from this one; known as soon as `closing` is. */
export function successorOf({ closing }: ObservedRun): string | undefined {
  return (closing && endingOf(closing)?.continuedBy) || undefined
}

/** Was the run terminated because it was reset? Which run goes on is not in its history then. */
export function wasReset({ closing }: ObservedRun): boolean {
  return closing?.workflowExecutionTerminatedEventAttributes?.identity === RESETTER
}

/** Undefined for an event that closes no history. */
export function endingOf(closing: HistoryEvent): Ending | undefined {
  const completed = closing.workflowExecutionCompletedEventAttributes
  if (completed) {
    return { type: 'RUN_COMPLETED', message: 'The run completed', continuedBy: completed.newExecutionRunId }
  }
  const continued = closing.workflowExecutionContinuedAsNewEventAttributes
  if (continued) {
    const message = 'The run continued as new'
    return { type: 'RUN_COMPLETED', message, continuedBy: continued.newExecutionRunId, handsOver: true }
  }
  const failed = closing.workflowExecutionFailedEventAttributes
  if (failed) {
    const { failure, newExecutionRunId } = failed
    const message = newExecutionRunId ? 'The run failed and is tried again' : 'The run failed'
    const error = traceError(failure ?? {})
    const nodeRef = failedNode(failure ?? {})
    return { type: 'RUN_FAILED', message, error, nodeRef, continuedBy: newExecutionRunId }
  }
  const timedOut = closing.workflowExecutionTimedOutEventAttributes
  if (timedOut) {
    const error = { type: 'TimedOut', message: 'The run did not end within its time-out', retryable: false }
    return { type: 'RUN_TIMED_OUT', message: 'The run timed out', error, continuedBy: timedOut.newExecutionRunId }
  }
  if (closing.workflowExecutionCanceledEventAttributes)
    return { type: 'RUN_CANCELLED', message: 'The run was cancelled' }
  const terminated = closing.workflowExecutionTerminatedEventAttributes
  if (terminated) {
    const error = { type: 'Terminated', message: terminated.reason || 'No reason was given', retryable: false }
    if (terminated.identity !== RESETTER) return { type: 'RUN_TERMINATED', message: 'The run was terminated', error }
    return { type: 'RUN_TERMINATED', message: 'The run was reset and goes on', error, handsOver: true }
  }
  return undefined
}
