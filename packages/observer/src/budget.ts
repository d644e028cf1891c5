// Bounds what is asked of Temporal: so many requests a second, however many runs are open.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Budget {
  /** Resolves when the next request may be made, in the order asked. */
  take: () => Promise<void>
}

/** A bucket of one second's worth of requests, refilled all the time. */
export function requestBudget(perSecond: number): Budget {
  let free = perSecond
  let filledAt = performance.now()
  const take = async (): Promise<void> => {
    const at = performance.now()
    free = Math.min(perSecond, free + ((at - filledAt) / 1000) * perSecond)
    filledAt = at
    // May go below zero: each taker in line waits for its own place.
    free -= 1
    if (free < 0) await sleep((-free / perSecond) * 1000)
  }
  return { take }
}
