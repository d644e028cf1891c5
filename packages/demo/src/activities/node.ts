// What every activity of the audit has around its work: the demanded fault, a heartbeat, a context to report with.

import { setImmediate } from 'node:timers/promises'
import type { Fault } from '@runlight/contracts/audit-inputs'
import { currentContext } from '@runlight/sdk/current-context'
import type { ExecutionContext } from '@runlight/sdk/execution-context'
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'

const HEARTBEAT_MS = 1_000
/** Lines between two waits for the bus, so that a flood of them stays within the queue's bound. */
const LINES_AT_ONCE = 5_000
const FLUSH_MS = 60_000

/** The work of an activity. The context reports; `signal` is aborted when the activity is cancelled. */
export type Work<Input, Result> = (input: Input, context: ExecutionContext, signal: AbortSignal) => Promise<Result>

/** An activity that does some work; what it is made to do besides comes first. */
export function node<Input, Result>(work: Work<Input, Result>): (input: Input, fault: Fault) => Promise<Result> {
  return async (input, fault) => {
    const context = currentContext()
    if (!context) throw new Error('The worker runs activities without Runlight: its interceptors are missing')
    const activity = Context.current()
    const heartbeat = setInterval(() => activity.heartbeat(), HEARTBEAT_MS)
    try {
      await misbehave(fault, context, activity)
      const result = await work(input, context, activity.cancellationSignal)
      activity.cancellationSignal.throwIfAborted()
      return result
    } finally {
      clearInterval(heartbeat)
    }
  }
}

async function misbehave(fault: Fault, context: ExecutionContext, activity: Context): Promise<void> {
  const { attempt } = activity.info
  if (fault.lines !== undefined) await logLines(fault.lines, context)
  if (fault.hang) {
    context.logger.warn('Waiting to be cancelled, as demanded.')
    await activity.cancelled
  }
  if (fault.fail) {
    context.logger.error('Failing for good, as demanded.')
    throw ApplicationFailure.nonRetryable('This node was made to fail', 'DemandedFailure')
  }
  if (attempt <= (fault.failTimes ?? 0)) {
    context.logger.error(`Failing in attempt ${attempt}, as demanded.`, { failTimes: fault.failTimes })
    throw ApplicationFailure.retryable(`This node was made to fail ${fault.failTimes} times`, 'DemandedFailure')
  }
}

async function logLines(lines: number, context: ExecutionContext): Promise<void> {
  for (let line = 1; line <= lines; line++) {
    context.stdout(`line ${line} of ${lines}: the quick brown fox jumps over the lazy dog\n`)
    if (line % LINES_AT_ONCE !== 0) continue
    // Logging never waits by itself; code that floods can.
    await context.flush(FLUSH_MS)
    await setImmediate()
  }
}
