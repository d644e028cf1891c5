// Why a run ended, from the last event of its history.

import type { Failure } from '@runlight/contracts/execution-status'
import type { temporal } from '@temporalio/proto'

type HistoryEvent = temporal.api.history.v1.HistoryEvent.$Properties
type TemporalFailure = temporal.api.failure.v1.Failure.$Properties

/** The failure that a closing event tells of; undefined for a run that completed or was cancelled. */
export function closeFailure(event: HistoryEvent): Failure | undefined {
  const failure = event.workflowExecutionFailedEventAttributes?.failure
  if (failure) return describe(failure)
  const terminated = event.workflowExecutionTerminatedEventAttributes
  if (terminated) return { reason: 'Terminated', message: terminated.reason || 'The run was terminated' }
  if (event.workflowExecutionTimedOutEventAttributes) {
    return { reason: 'TimedOut', message: 'The run did not end within its time-out' }
  }
  return undefined
}

/** The innermost cause says what went wrong; the activity around it says where. */
function describe(failure: TemporalFailure): Failure {
  let root = failure
  let nodeRef: string | undefined
  for (let at: TemporalFailure | null | undefined = failure; at; at = at.cause) {
    root = at
    nodeRef = at.activityFailureInfo?.activityId || nodeRef
  }
  return { reason: reasonOf(root), message: root.message ?? '', ...(nodeRef && { nodeRef }) }
}

function reasonOf(failure: TemporalFailure): string {
  if (failure.applicationFailureInfo?.type) return failure.applicationFailureInfo.type
  if (failure.timeoutFailureInfo) return 'TimeoutError'
  if (failure.canceledFailureInfo) return 'CancelledError'
  if (failure.terminatedFailureInfo) return 'Terminated'
  return 'Error'
}
