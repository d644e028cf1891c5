// Mends a fault of kafkajs 2.2.4: from the first answer on, each of its connections sets a timer of 1 ms again and again
// to look for waiting requests, also when there are none (https://github.com/tulios/kafkajs/issues/1704). That costs
// 700 wake-ups a second and keeps the process alive for ever.

import { createRequire } from 'node:module'

interface RequestQueue {
  pending: unknown[]
  /** Until when the broker wants no requests, in milliseconds since the epoch; below 0: it does not care. */
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests: () => void
  scheduleCheckPendingRequests: () => void
}

const CHECK_MS = 10

/** Looks for waiting requests only while there are some. For all kafkajs clients of the process; once is enough. */
export function mendIdleTimers(): void {
  const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      Math.max(this.throttledUntil - Date.now(), CHECK_MS),
    )
  }
}
