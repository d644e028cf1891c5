// Wakes those who wait for something new.

export class Bell {
  readonly #waiting = new Set<(rung: boolean) => void>()

  ring(): void {
    for (const wake of [...this.#waiting]) wake(true)
  }

  /** Resolves with true when it rings, with false after `ms` milliseconds or when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (rung: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        this.#waiting.delete(wake)
        resolve(rung)
      }
      const abort = () => wake(false)
      const timer = setTimeout(wake, ms, false)
      signal.addEventListener('abort', abort)
      this.#waiting.add(wake)
      if (signal.aborted) wake(false)
    })
  }
}
