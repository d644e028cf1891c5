// Wakes those who wait for something new.

export class Bell {
  readonly #waiting = new Set<Waiting>()

  ring(): void {
    for (const one of [...this.#waiting]) one.end(true)
  }

  /** Resolves with true when it rings, with false after `ms` milliseconds or when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const one = new Waiting(this.#waiting, resolve, signal, ms)
      if (signal.aborted) one.end(false)
    })
  }
}

/** An object, not closures: thousands wait at a time. */
class Waiting {
  readonly #others: Set<Waiting>
  readonly #resolve: (rung: boolean) => void
  readonly #signal: AbortSignal
  readonly #timer: NodeJS.Timeout

  constructor(others: Set<Waiting>, resolve: (rung: boolean) => void, signal: AbortSignal, ms: number) {
    this.#others = others
    this.#resolve = resolve
    this.#signal = signal
    this.#timer = setTimeout(timeIsUp, ms, this)
    signal.addEventListener('abort', this)
    others.add(this)
  }

  /** The signal was aborted (https://dom.spec.whatwg.org/#callbackdef-eventlistener). */
  handleEvent(): void {
    this.end(false)
  }

  end(rung: boolean): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this)
    this.#others.delete(this)
    this.#resolve(rung)
  }
}

function timeIsUp(one: Waiting): void {
  one.end(false)
}
