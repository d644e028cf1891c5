// The life of a node as the history tells it: scheduled, tried again, ended.

import { attemptOpenedBy, attemptStartedBy } from '@runlight/contracts/causality'
import type { Instant } from '@runlight/contracts/time'
import { causesOfScheduling } from './causes.ts'
import { isServerMade, isTimeout, traceError } from './failure.ts'
import type { Failure } from './failure.ts'
import { MAX_ATTEMPT } from './identity.ts'
import type { Fact, ObservedRun, OpenNode, Outcome } from './observed-run.ts'
import { keyOf, speaksForWorker } from './observed-run.ts'

/** A history event's id and time. */
export interface Step {
  id: number
  at: Instant
}

/**
 * Of the attempts before the last one, a history says only how many there were and how the last of them failed.
 * Where the pending activities were not seen in time either, at most this many of them are reported.
 */
export const UNSEEN_ATTEMPTS = 100

export function schedule(
  run: ObservedRun,
  { id, at }: Step,
  { nodeRef, kind, data }: { nodeRef: string; kind: OpenNode['kind']; data: Record<string, unknown> },
): Fact[] {
  const causes = causesOfScheduling(run, nodeRef)
  run.scheduled.add(nodeRef)
  run.open.set(id, {
    nodeRef,
    scheduledEventId: id,
    kind,
    attempt: 1,
    cancelRequested: false,
    previousTimedOut: false,
    opened: new Set([1]),
    started: new Set(),
  })
  const message = `${nodeRef} was scheduled`
  return [{ type: 'NODE_SCHEDULED', eventId: id, at, nodeRef, message, causes, data }]
}

/** How an attempt came to be: when the one before it failed, and of what, where that is still known. */
export interface Opening {
  at: Instant
  failure: Failure | null | undefined
  data: Record<string, unknown>
}

/** NODE_RETRYING, preceded by NODE_FAILED of the attempt before it where no worker can have said that. */
export function openAttempt(run: ObservedRun, node: OpenNode, attempt: number, { at, failure, data }: Opening): Fact[] {
  node.opened.add(attempt)
  const { nodeRef, scheduledEventId: eventId } = node
  const failed = { execution: run.execution, nodeRef, attempt: attempt - 1 }
  const error = failure ? traceError(failure) : undefined
  const facts: Fact[] = []
  if (failure && (isServerMade(failure) || speaksForWorker(run, node))) {
    const message = `Attempt ${failed.attempt} of ${nodeRef} ${isTimeout(failure) ? 'timed out' : 'failed'}`
    const causes = [attemptStartedBy(failed)]
    facts.push({ type: 'NODE_FAILED', eventId, at, nodeRef, attempt: failed.attempt, message, error, causes })
  }
  const message = `${nodeRef} is tried again: attempt ${attempt}`
  const causes = [keyOf(run, 'NODE_FAILED', nodeRef, failed.attempt)]
  facts.push({ type: 'NODE_RETRYING', eventId, at, nodeRef, attempt, message, error, data, causes })
  return facts
}

/**
 * The last attempt, as the history names it when the node is over. Attempts that were over before the pending
 * activities could be asked are told now. Their own times are not in Temporal any more: they carry the start of the
 * last attempt, and `data.seen` says `late`.
 */
export function beginLastAttempt(
  run: ObservedRun,
  { at }: Step,
  node: OpenNode,
  attempt: number,
  lastFailure: Failure | null | undefined,
): Fact[] {
  node.attempt = attempt
  node.previousTimedOut = Boolean(lastFailure && isTimeout(lastFailure))
  const facts: Fact[] = []
  for (let unseen = Math.max(2, attempt - UNSEEN_ATTEMPTS + 1); unseen <= attempt; unseen++) {
    if (node.opened.has(unseen)) continue
    const failure = unseen === attempt ? lastFailure : undefined
    facts.push(...openAttempt(run, node, unseen, { at, failure, data: { seen: 'late' } }))
  }
  return [...facts, ...startedForWorker(run, node, attempt, at)]
}

/** NODE_STARTED of an attempt for which no worker speaks. */
export function startedForWorker(run: ObservedRun, node: OpenNode, attempt: number, at: Instant): Fact[] {
  if (!speaksForWorker(run, node) || node.started.has(attempt)) return []
  node.started.add(attempt)
  const { nodeRef, scheduledEventId: eventId } = node
  const causes = [attemptOpenedBy({ execution: run.execution, nodeRef, attempt })]
  return [{ type: 'NODE_STARTED', eventId, at, nodeRef, attempt, message: `${nodeRef} started`, causes }]
}

export interface Ending {
  outcome: Outcome
  failure?: Failure | null | undefined
  /** A worker had begun the attempt that ended. */
  begun?: boolean
}

const WORDS: { readonly [O in Outcome]: string } = {
  completed: 'completed',
  failed: 'failed',
  timed_out: 'timed out',
  cancelled: 'was cancelled',
  abandoned: 'was left open',
}

/**
 * The end of a node. It is told where no worker can tell it: a time-out, a failure that the server made, an attempt
 * that never began, and wherever no worker speaks at all.
 */
export function endNode(
  run: ObservedRun,
  { at }: Step,
  node: OpenNode | undefined,
  { outcome, failure, begun = true }: Ending,
): Fact[] {
  if (!node) return []
  // Of an attempt that never began the history does not say which one it was. Temporal puts the failure of the one
  // before it, if there was one, behind the time-out.
  if (!begun && failure?.cause) node.attempt = Math.max(2, node.attempt)
  const { nodeRef, attempt, scheduledEventId: eventId } = node
  const type = outcome === 'completed' ? 'NODE_COMPLETED' : 'NODE_FAILED'
  run.open.delete(eventId)
  run.endedBy.set(nodeRef, keyOf(run, type, nodeRef, attempt))
  enrol(run, node, begun ? outcome : undefined)
  const untold = begun && outcome !== 'timed_out' && !(failure && isServerMade(failure))
  if (untold && !speaksForWorker(run, node)) return []
  const task = { execution: run.execution, nodeRef, attempt }
  const causes = [begun ? attemptStartedBy(task) : attemptOpenedBy(task)]
  const error = failure ? traceError(failure) : undefined
  const message = `${nodeRef} ${WORDS[outcome]}`
  // Its identity must not depend on whether the attempts before it were seen.
  const slot = begun ? attempt : MAX_ATTEMPT
  return [{ type, eventId, slot, at, nodeRef, attempt, message, error, causes }]
}

/**
 * Adds the attempts of a node to the roster: those that a worker of this execution took. The last one has the outcome,
 * or is left out where no worker began it; the ones before it failed. A child run and what a reset copied have no
 * worker here.
 */
export function enrol(run: ObservedRun, node: OpenNode, outcome: Outcome | undefined): void {
  if (node.kind === 'child' || node.scheduledEventId < run.ownFrom) return
  const { nodeRef, attempt: last } = node
  for (let attempt = Math.max(1, last - UNSEEN_ATTEMPTS + 1); attempt < last; attempt++) {
    const timedOut = node.previousTimedOut && attempt === last - 1
    run.roster.push({ nodeRef, attempt, outcome: timedOut ? 'timed_out' : 'failed' })
  }
  if (outcome !== undefined) run.roster.push({ nodeRef, attempt: last, outcome })
}
