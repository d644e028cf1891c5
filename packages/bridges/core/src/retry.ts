// Waiting between attempts: exponential with full jitter
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_CEILING_MS = 200
const LAST_CEILING_MS = 30_000
/** A store may ask for any wait, by mistake too: after this long it is asked again, whatever it said. */
const LONGEST_ASKED_MS = 5 * 60_000

/**
 * A random wait in milliseconds before the attempt after `attempt` (counted from 1); never below what the store asks,
 * as long as that is at most five minutes.
 */
export function backoff(attempt: number, retryAfter = 0): number {
  const ceiling = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** Math.min(attempt - 1, 20))
  return Math.min(retryAfter, LONGEST_ASKED_MS) + Math.random() * ceiling
}

export interface RetrySettings {
  signal: AbortSignal
  /**
   * Told of each failure before the wait. Throws to give up.
   * Gives the wait that the store asked for, in milliseconds.
   */
  onFailure: (cause: unknown, attempt: number) => number | undefined
}

/** Repeats `work` until it succeeds, the signal is aborted, or `onFailure` throws. */
export async function retryForever<R>({ signal, onFailure }: RetrySettings, work: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (cause) {
      signal.throwIfAborted()
      const retryAfter = onFailure(cause, attempt)
      await sleep(backoff(attempt, retryAfter), undefined, { signal })
    }
  }
}
