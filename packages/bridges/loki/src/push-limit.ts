// How many pushes are under way at once: more while Loki answers as quickly as before, half as many when it is overloaded
// (additive increase, multiplicative decrease, as TCP does; https://www.rfc-editor.org/rfc/rfc5681#section-3.1).

export interface PushLimitSettings {
  /** Never fewer than this, so that one push that hangs does not hold up all others. */
  least: number
  most: number
  /** Told of each change: pushes that may be under way, and that are. */
  onChange?: (state: { limit: number; running: number }) => void
}

/** What became of a push, as far as it tells of Loki's load. */
export type Outcome = 'answered' | 'overloaded'

/** An answer that takes this many times the average is a sign that more at once would not be quicker. */
const SLOW = 2
/** Share of the latest answer in the average. */
const WEIGHT = 0.1

export class PushLimit {
  readonly #settings: PushLimitSettings
  readonly #waiting: (() => void)[] = []
  #limit: number
  #running = 0
  #averageMillis: number | undefined
  #loweredAt = 0

  constructor(settings: PushLimitSettings) {
    this.#settings = settings
    this.#limit = Math.min(settings.most, Math.max(settings.least, 4))
    this.#changed()
  }

  /** Pushes that may be under way at once. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  /** Does `work` as soon as it may, in the order of the calls; `outcomeOf` says what its end tells of Loki's load. */
  async run<R>(work: () => Promise<R>, outcomeOf: (cause: unknown) => Outcome): Promise<R> {
    if (this.#running >= this.limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
    this.#changed()
    const startedAt = performance.now()
    try {
      const result = await work()
      this.#answered(performance.now() - startedAt)
      return result
    } catch (cause) {
      if (outcomeOf(cause) === 'overloaded') this.#overloaded(startedAt)
      throw cause
    } finally {
      this.#release()
    }
  }

  #answered(millis: number): void {
    const average = this.#averageMillis ?? millis
    this.#averageMillis = average + WEIGHT * (millis - average)
    // Only a limit that is reached says something of what Loki can take.
    if (millis > SLOW * average || this.#running < this.limit) return
    this.#limit = Math.min(this.#settings.most, this.#limit + 1 / this.#limit)
  }

  // Pushes that were under way together fail together, and lower it once.
  #overloaded(startedAt: number): void {
    if (startedAt < this.#loweredAt) return
    this.#loweredAt = performance.now()
    this.#limit = Math.max(this.#settings.least, this.#limit / 2)
  }

  /** Hands the place on, so that nobody who comes later overtakes who waits. */
  #release(): void {
    this.#running--
    while (this.#running < this.limit) {
      const next = this.#waiting.shift()
      if (!next) break
      this.#running++
      next()
    }
    this.#changed()
  }

  #changed(): void {
    this.#settings.onChange?.({ limit: this.limit, running: this.#running })
  }
}
