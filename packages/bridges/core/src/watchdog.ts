// Notices a consumer that stands still in silence.

/**
 * A consumer stands still when it gives no sign at all, and also when it never gets through with a fetch although the broker
 * answers others: kafkajs starts a consumer that fails again and again, and each start is a sign of life. While the broker is
 * away for everybody, starting again is all that it can do.
 */
export class Watchdog {
  #signAt = Date.now()
  /** Since when the broker has answered others without a fetch getting through. */
  #answeredSince: number | undefined

  /** The consumer does something. */
  sign(): void {
    this.#signAt = Date.now()
  }

  /** A fetch has got through, with records or without. */
  fetched(): void {
    this.sign()
    this.#answeredSince = undefined
  }

  brokerAnswered(answered: boolean): void {
    this.#answeredSince = answered ? (this.#answeredSince ?? Date.now()) : undefined
  }

  /** In milliseconds. */
  get stillFor(): number {
    const now = Date.now()
    return Math.max(now - this.#signAt, now - (this.#answeredSince ?? now))
  }
}
