// Temporal's failures as the errors of trace events.

import type { TraceError } from '@runlight/contracts/trace-event'
import type { temporal } from '@temporalio/proto'

export type Failure = temporal.api.failure.v1.IFailure

const MESSAGE_LIMIT = 8 * 1024
const STACK_LIMIT = 16 * 1024

/** Temporal's TimeoutType, by number; part of its wire format. */
const TIMEOUTS = ['unspecified', 'start-to-close', 'schedule-to-start', 'schedule-to-close', 'heartbeat'] as const

/**
 * The failure at the root: what Temporal wraps around it only says which activity or child run it came from.
 * Long messages and stacks are cut.
 */
export function traceError(failure: Failure): TraceError {
  const root = rootOf(failure)
  const error: TraceError = {
    message: cut(root.message || root.timeoutFailureInfo ? describe(root) : 'No message was given', MESSAGE_LIMIT),
    type: typeOf(root),
    retryable: isRetryable(root),
  }
  if (root.stackTrace) error.stack = cut(root.stackTrace, STACK_LIMIT)
  return error
}

/** The node that a run's failure came from: the activity's id or the child run's, if the failure names one. */
export function failedNode(failure: Failure): string | undefined {
  for (let at: Failure | null | undefined = failure; at; at = at.cause) {
    const node =
      at.activityFailureInfo?.activityId || at.childWorkflowExecutionFailureInfo?.workflowExecution?.workflowId
    if (node) return node
  }
  return undefined
}

export function isTimeout(failure: Failure): boolean {
  return Boolean(rootOf(failure).timeoutFailureInfo)
}

/** No worker can have reported it: the server itself made it, because of a time-out or a reset. */
export function isServerMade(failure: Failure): boolean {
  const root = rootOf(failure)
  return Boolean(root.timeoutFailureInfo ?? root.resetWorkflowFailureInfo ?? root.serverFailureInfo)
}

function rootOf(failure: Failure): Failure {
  let root = failure
  while (root.cause && (root.activityFailureInfo || root.childWorkflowExecutionFailureInfo)) root = root.cause
  return root
}

function describe(failure: Failure): string {
  if (failure.message) return failure.message
  const kind = failure.timeoutFailureInfo?.timeoutType
  return kind ? `The ${TIMEOUTS[kind]} time-out was reached` : ''
}

function typeOf(failure: Failure): string {
  if (failure.applicationFailureInfo) return failure.applicationFailureInfo.type || 'ApplicationFailure'
  if (failure.timeoutFailureInfo) return 'TimeoutError'
  if (failure.canceledFailureInfo) return 'CancelledFailure'
  if (failure.terminatedFailureInfo) return 'TerminatedError'
  if (failure.resetWorkflowFailureInfo) return 'ResetError'
  if (failure.serverFailureInfo) return 'ServerError'
  if (failure.childWorkflowExecutionFailureInfo) return 'ChildRunError'
  if (failure.activityFailureInfo) return 'ActivityError'
  return 'Error'
}

function isRetryable(failure: Failure): boolean {
  if (failure.applicationFailureInfo) return !failure.applicationFailureInfo.nonRetryable
  if (failure.serverFailureInfo) return !failure.serverFailureInfo.nonRetryable
  const timeout = TIMEOUTS[failure.timeoutFailureInfo?.timeoutType ?? 0]
  return timeout === 'start-to-close' || timeout === 'heartbeat'
}

/** Cuts without leaving half a surrogate pair, and takes out NUL, which no text column can hold. */
function cut(text: string, limit: number): string {
  const clean = text.replaceAll('\u0000', '\ufffd')
  if (clean.length <= limit) return clean
  const last = clean.charCodeAt(limit - 1)
  return `${clean.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)}… (cut)`
}
