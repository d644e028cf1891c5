// What is open, to be ended all at once. What was let go of leaves nothing behind, however long the process lives:
// AbortSignal.any would keep an entry for each of its signals in one that lives as long.

export interface Ending {
  signal: AbortSignal
  /** To be called when nobody listens to the signal any more. */
  release: () => void
}

export class EndedTogether {
  readonly #open = new Set<AbortController>()
  #reason: Error | undefined

  /** How many were not let go of. */
  get size(): number {
    return this.#open.size
  }

  /** A signal that is aborted with the one given, or by `end`, whichever comes first. */
  add(signal: AbortSignal): Ending {
    const own = new AbortController()
    const end = () => own.abort(signal.reason)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    if (this.#reason) own.abort(this.#reason)
    this.#open.add(own)
    const release = () => {
      signal.removeEventListener('abort', end)
      this.#open.delete(own)
    }
    return { signal: own.signal, release }
  }

  /** Aborts all of them, and those to come. */
  end(reason: Error): void {
    this.#reason ??= reason
    for (const own of this.#open) own.abort(this.#reason)
  }

  /** @throws the reason of `end` */
  throwIfEnded(): void {
    if (this.#reason) throw this.#reason
  }
}
