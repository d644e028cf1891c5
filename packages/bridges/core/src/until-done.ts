// Steps that must succeed some day, and must not hold up the end of the process: what needs a broker that may be away.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunlightError } from '@runlight/contracts/errors'
import type { Log } from '@runlight/service/log'
import { backoff } from './retry.ts'

const LONGEST_WAIT_MS = 2_000
const SAY_AGAIN_MS = 10_000

export interface Step {
  log: Log
  /** Aborted when nobody waits for the step any more. */
  signal: AbortSignal
  /** What is done, as the beginning of a sentence in the log: `Connecting to the broker`. */
  what: string
}

/**
 * Repeats a step until it succeeds, waiting two seconds at most in between; says every ten seconds at most why it has not.
 * Rejects with a RunlightError of the step, and at once when the signal is aborted, whatever is under way then.
 */
export async function untilDone<R>({ log, signal, what }: Step, work: () => Promise<R>): Promise<R> {
  let said = 0
  for (let attempt = 1; ; attempt++) {
    try {
      return await unlessAborted(signal, work())
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof RunlightError) throw cause
      if (Date.now() - said >= SAY_AGAIN_MS) {
        said = Date.now()
        log.warn({ cause }, `${what} has failed; trying again until it succeeds: ${(cause as Error).message}`)
      }
      await sleep(Math.min(backoff(attempt), LONGEST_WAIT_MS), undefined, { signal })
    }
  }
}

/** What `work` gives; rejects at once when the signal is aborted, and leaves `work` to itself then. */
export async function unlessAborted<R>(signal: AbortSignal, work: Promise<R>): Promise<R> {
  signal.throwIfAborted()
  const ended = new AbortController()
  const aborted = once(signal, 'abort', { signal: ended.signal }).then(() => {
    throw signal.reason
  })
  aborted.catch(() => undefined)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, aborted])
  } finally {
    ended.abort()
  }
}

/** Waits for `work`, but no longer than `millis`. What it fails with is of no interest any more. */
export async function noLongerThan(millis: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  const late = sleep(millis, undefined, { signal: timer.signal })
  await Promise.race([work, late]).catch(() => undefined)
  timer.abort()
  await late.catch(() => undefined)
}
