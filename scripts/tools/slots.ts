interface Waiter {
  weight: number
  start: () => void
}

/**
 * Lets a limited number of jobs run at once. Of those that wait, the heaviest goes first, so that the longest job
 * doesn't begin last.
 */
export class Slots {
  #free: number
  #waiting: Waiter[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Runs `work` when a slot is free; `onWait` is called if none is yet. */
  async run<T>(weight: number, work: () => Promise<T>, options: { signal?: AbortSignal; onWait?: () => void } = {}) {
    await this.#take(weight, options)
    try {
      return await work()
    } finally {
      this.#give()
    }
  }

  async #take(weight: number, options: { signal?: AbortSignal; onWait?: () => void }): Promise<void> {
    options.signal?.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    options.onWait?.()
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== waiter)
        reject(options.signal?.reason as Error)
      }
      const waiter: Waiter = {
        weight,
        start: () => {
          options.signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      this.#waiting.push(waiter)
      options.signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #give(): void {
    let heaviest: Waiter | undefined
    for (const waiter of this.#waiting) if (!heaviest || waiter.weight > heaviest.weight) heaviest = waiter
    if (!heaviest) {
      this.#free += 1
      return
    }
    this.#waiting = this.#waiting.filter((each) => each !== heaviest)
    heaviest.start()
  }
}
