// Waiting that ends early when a signal is aborted.

/** @throws the reason of the signal */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, milliseconds)
    if (signal?.aborted) aborted()
    else signal?.addEventListener('abort', aborted, { once: true })
  })
}

const FIRST_MS = 250
const LONGEST_MS = 5_000

/** Waits that double up to five seconds, each a random part of it, so that readers do not come back all at once. */
export class Backoff {
  /** Failures in a row. */
  failures = 0

  succeeded(): void {
    this.failures = 0
  }

  async wait(signal?: AbortSignal): Promise<void> {
    const longest = Math.min(FIRST_MS * 2 ** this.failures, LONGEST_MS)
    this.failures++
    await wait(Math.random() * longest, signal)
  }
}
