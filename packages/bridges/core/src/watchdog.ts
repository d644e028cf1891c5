// Notices a consumer, or a writer of dead letters, that stands still in silence.

/**
 * A consumer stands still when it gives no sign at all, and also when it never gets through with a fetch as a member of its
 * group although the broker answers others: kafkajs starts a consumer that fails again and again, and each start is a sign
 * of life, as is a fetch of partitions that it has given up. While the broker is away for everybody, starting again is all
 * that it can do.
 *
 * The writer of dead letters gives up what takes too long, and says so: what lasts longer has got stuck.
 */
export class Watchdog {
  readonly #sendingSince: () => number | undefined
  #signAt = Date.now()
  /** Since when the broker has answered others without a fetch getting through. */
  #answeredSince: number | undefined

  /** @param sendingSince when the dead letters under way were begun, milliseconds since the epoch */
  constructor(sendingSince: () => number | undefined) {
    this.#sendingSince = sendingSince
  }

  /** The consumer does something. */
  sign(): void {
    this.#signAt = Date.now()
  }

  /**
   * A fetch has got through, with records or without.
   * @param joined whether this instance is a member of its group, so that it counts
   */
  fetched(joined: boolean): void {
    this.sign()
    if (joined) this.#answeredSince = undefined
  }

  brokerAnswered(answered: boolean): void {
    this.#answeredSince = answered ? (this.#answeredSince ?? Date.now()) : undefined
  }

  /** In milliseconds. */
  get stillFor(): number {
    const now = Date.now()
    const since = [this.#signAt, this.#answeredSince ?? now, this.#sendingSince() ?? now]
    return now - Math.min(...since)
  }
}
