// The end of a run: nodes that were never scheduled, and the run's own last event with the roster of attempts.

import type { TraceError, TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'
import { causesOfEnd, causesOfScheduling, neverScheduled } from './causes.ts'
import { failedNode, traceError } from './failure.ts'
import { enrol } from './node-life.ts'
import type { Fact, HistoryEvent, ObservedRun } from './observed-run.ts'
import { keyOf, toEvent } from './observed-run.ts'
import type { PendingActivity } from './pending.ts'
import { hasBegun, matched, takePending } from './pending.ts'
import { instantOf } from './times.ts'

interface End {
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

/** What the server says of a closed run besides its history. */
export interface AtClose {
  /** The activities that were open when it closed; without them, open nodes count as never begun. */
  pending: readonly PendingActivity[]
  /** The run that it was reset to. */
  resetTo?: string | undefined
}

/**
 * What is told when `run.closing` is set.
 * @throws Error when the run is not closed
 */
export function endRun(run: ObservedRun, { pending, resetTo }: AtClose): TraceEvent[] {
  const { closing } = run
  const end = closing && endOf(closing)
  if (!closing || !end) throw new Error(`The run ${run.runId} (${run.temporalRunId}) is not closed`)
  const told = takePending(run, pending)
  for (const { activity, node } of matched(run, pending)) {
    const left = node.cancelRequested ? 'cancelled' : 'abandoned'
    enrol(run, node, hasBegun(activity) ? left : undefined)
  }
  const at = instantOf(closing.eventTime) ?? run.startedAt
  const eventId = Number(closing.eventId)
  const facts: Fact[] = end.handsOver ? [] : skipped(run, { at, eventId })
  const continuedBy = end.continuedBy || (wasReset(run) ? resetTo : undefined)
  facts.push({
    type: end.type,
    eventId,
    at,
    message: end.message,
    error: end.error,
    data: {
      attempts: run.roster,
      ...(end.nodeRef === undefined ? {} : { nodeRef: end.nodeRef }),
      ...(continuedBy ? { continuedBy } : {}),
    },
    causes: causesOfEnd(run),
  })
  return [...told, ...facts.map((fact) => toEvent(run, fact))]
}

function skipped(run: ObservedRun, { at, eventId }: Pick<Fact, 'at' | 'eventId'>): Fact[] {
  return neverScheduled(run).map(({ ref: nodeRef, place }) => {
    const causes = causesOfScheduling(run, nodeRef)
    run.endedBy.set(nodeRef, keyOf(run, 'NODE_SKIPPED', nodeRef))
    return { type: 'NODE_SKIPPED', eventId, slot: place, at, nodeRef, message: `${nodeRef} was skipped`, causes }
  })
}

/** The Temporal run that takes over from this one; known as soon as `closing` is. */
export function successorOf({ closing }: ObservedRun): string | undefined {
  return (closing && endOf(closing)?.continuedBy) || undefined
}

/** Was the run terminated because it was reset? Which run goes on is not in its history then. */
export function wasReset({ closing }: ObservedRun): boolean {
  return closing?.workflowExecutionTerminatedEventAttributes?.identity === RESETTER
}

function endOf(closing: HistoryEvent): End | undefined {
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
