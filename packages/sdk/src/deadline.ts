// Waiting with an end, for code whose sockets and timers don't keep the process alive.

const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Resolves with true when the promise does in time, else with false. Meanwhile the process is kept alive, but not for
 * a wait without an end (Infinity).
 * @throws what the promise rejects with
 */
export async function within(timeoutMs: number, promise: Promise<unknown>): Promise<boolean> {
  if (timeoutMs === Infinity) {
    await promise
    return true
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, Math.min(Math.max(timeoutMs, 0), MAX_TIMER_MS), false)
  })
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Time left of a time-out that began now, in milliseconds, at every call. */
export function countdown(timeoutMs: number): () => number {
  const start = performance.now()
  return () => Math.max(0, timeoutMs - (performance.now() - start))
}
