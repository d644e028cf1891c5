// What only the list of pending activities tells: attempts that failed and are to be tried again.

import type { Instant } from '@runlight/contracts/time'
import { compareInstants } from '@runlight/contracts/time'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { temporal } from '@temporalio/proto'
import { isTimeout } from './failure.ts'
import { openAttempt, startedForWorker } from './node-life.ts'
import type { Fact, ObservedRun, OpenNode } from './observed-run.ts'
import { toEvent } from './observed-run.ts'
import { instantOf, later, minusNanos, nanosOf, textOf, toMillis } from './times.ts'

export type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo

/** Temporal's PendingActivityState, by number; part of its wire format. */
const STARTED = 2
const CANCEL_REQUESTED = 3

/**
 * Takes the pending activities of a run. For one attempt, Temporal answers the same at any time it is asked, so what
 * is told of it does not depend on when that was.
 */
export function takePending(run: ObservedRun, activities: readonly PendingActivity[]): TraceEvent[] {
  const facts: Fact[] = []
  for (const { activity, node } of matched(run, activities)) {
    const attempt = activity.attempt ?? 1
    node.attempt = Math.max(node.attempt, attempt)
    node.previousTimedOut = activity.lastFailure ? isTimeout(activity.lastFailure) : false
    if (attempt > 1 && !node.opened.has(attempt)) {
      const scheduled = textOf(activity.scheduledTime)
      const data = scheduled === undefined ? {} : { notBefore: scheduled }
      const at = failedAt(activity) ?? run.startedAt
      facts.push(...openAttempt(run, node, attempt, { at, failure: activity.lastFailure, data }))
    }
    const begun = hasBegun(activity) ? instantOf(activity.lastStartedTime) : undefined
    if (begun) facts.push(...startedForWorker(run, node, attempt, begun))
  }
  return facts.map((fact) => toEvent(run, fact))
}

/**
 * When the server will act next on one of these activities, if nobody else does: a time-out or the start of a retry,
 * in milliseconds since the epoch. Undefined when it waits for somebody else alone.
 */
export function nextDeadline(activities: readonly PendingActivity[]): number | undefined {
  const deadlines = activities.flatMap((activity) => {
    const { activityOptions: options, lastStartedTime, lastHeartbeatTime, scheduledTime, expirationTime } = activity
    const expiration = instantOf(expirationTime)
    const others = hasBegun(activity)
      ? [
          after(lastStartedTime, options?.startToCloseTimeout),
          after(later(instantOf(lastStartedTime), instantOf(lastHeartbeatTime)), options?.heartbeatTimeout),
        ]
      : [after(scheduledTime, options?.scheduleToStartTimeout)]
    return [...others, expiration && toMillis(expiration)].filter((at) => at !== undefined)
  })
  return deadlines.length > 0 ? Math.min(...deadlines) : undefined
}

/** A moment and a time-out that begins there; a time-out of zero is none. */
function after(from: Parameters<typeof instantOf>[0], timeout: Parameters<typeof nanosOf>[0]): number | undefined {
  const begin = instantOf(from)
  const nanos = nanosOf(timeout)
  return begin && nanos > 0n ? toMillis(minusNanos(begin, -nanos)) : undefined
}

/** Has a worker taken the attempt that is pending? */
export function hasBegun({ state }: PendingActivity): boolean {
  return state === STARTED || state === CANCEL_REQUESTED
}

/** Open nodes of the run, each with what is pending of it. Ids are unique among the open activities of a run. */
export function matched(
  run: ObservedRun,
  activities: readonly PendingActivity[],
): { activity: PendingActivity; node: OpenNode }[] {
  const byRef = new Map([...run.open.values()].filter(({ kind }) => kind === 'activity').map((n) => [n.nodeRef, n]))
  const pairs = []
  for (const activity of activities) {
    const node = byRef.get(activity.activityId ?? '')
    if (node) pairs.push({ activity, node })
  }
  return pairs
}

/**
 * When the attempt before the pending one failed. After a time-out, the server leaves the time of an earlier failure
 * in place; then it is the time at which this attempt was scheduled, less the wait that the retry policy gives.
 */
function failedAt(activity: PendingActivity): Instant | undefined {
  const scheduled = instantOf(activity.scheduledTime)
  const completed = instantOf(activity.lastAttemptCompleteTime)
  const timedOut = activity.lastFailure ? isTimeout(activity.lastFailure) : false
  if (!timedOut && completed) return completed
  if (!scheduled) return completed
  const waited = minusNanos(scheduled, retryInterval(activity))
  return completed && compareInstants(waited, completed) < 0 ? completed : waited
}

/** The wait before this attempt, as the server computes it (retry.go: initial interval × coefficient ^ (n - 1)). */
function retryInterval({ activityOptions, attempt }: PendingActivity): bigint {
  const policy = activityOptions?.retryPolicy
  const initial = Number(nanosOf(policy?.initialInterval))
  const maximum = Number(nanosOf(policy?.maximumInterval))
  const interval = initial * (policy?.backoffCoefficient ?? 1) ** Math.max(0, (attempt ?? 1) - 2)
  const bounded = maximum > 0 ? Math.min(interval, maximum) : interval
  return Number.isFinite(bounded) ? BigInt(Math.trunc(bounded)) : 0n
}
