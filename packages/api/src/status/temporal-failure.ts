// Why a run ended, from the last event of its history, in the same words as the observer's event will say it.

import type { Failure } from '@runlight/contracts/execution-status'
import type { temporal } from '@temporalio/proto'

type HistoryEvent = temporal.api.history.v1.HistoryEvent.$Properties
type TemporalFailure = temporal.api.failure.v1.Failure.$Properties

/** The failure that a closing event tells of; undefined for a run that completed or was cancelled. */
export function closeFailure(event: HistoryEvent): Failure | undefined {
  const failure = event.workflowExecutionFailedEventAttributes?.failure
  if (failure) return describe(failure)
  const terminated = event.workflowExecutionTerminatedEventAttributes
  if (terminated) return { reason: 'Terminated', message: terminated.reason || 'No reason was given' }
  if (event.workflowExecutionTimedOutEventAttributes) {
    return { reason: 'TimedOut', message: 'The run did not end within its time-out' }
  }
  return undefined
}

/** What Temporal wraps around a failure says where it came from: an activity, or a child run. */
function describe(failure: TemporalFailure): Failure {
  let root = failure
  let nodeRef: string | undefined
  for (;;) {
    const { activityFailureInfo: activity, childWorkflowExecutionFailureInfo: child, cause } = root
    nodeRef ??= activity?.activityId || child?.workflowExecution?.workflowId || undefined
    if (!cause || (!activity && !child)) break
    root = cause
  }
  return { reason: reasonOf(root), message: root.message || 'No message was given', ...(nodeRef && { nodeRef }) }
}

function reasonOf(failure: TemporalFailure): string {
  if (failure.applicationFailureInfo) return failure.applicationFailureInfo.type || 'ApplicationFailure'
  if (failure.timeoutFailureInfo) return 'TimeoutError'
  if (failure.canceledFailureInfo) return 'CancelledFailure'
  if (failure.terminatedFailureInfo) return 'TerminatedError'
  return 'Error'
}
