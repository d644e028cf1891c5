// Partitions of `logs`, one for each UTC day of append time: made ahead, and on demand for what comes late.

import type { Sql } from 'postgres'

const DAY_MS = 86_400_000
/** Days after today that have a partition already. */
const DAYS_AHEAD = 2

export class LogPartitions {
  readonly #sql: Sql
  readonly #known = new Set<number>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Makes sure that rows of these append times (milliseconds since the epoch) have a partition. */
  async ensure(appendTimes: Iterable<number>): Promise<void> {
    const days = new Set<number>()
    for (const time of appendTimes) days.add(Math.floor(time / DAY_MS))
    for (const day of days) {
      if (this.#known.has(day)) continue
      const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
      await this.#sql`select runlight_ensure_log_partition(${date}::date)`
      this.#known.add(day)
    }
  }

  /** Makes today's partition and those of the next days. */
  async ensureAhead(now: number): Promise<void> {
    await this.ensure(Array.from({ length: DAYS_AHEAD + 1 }, (_, days) => now + days * DAY_MS))
  }

  /** A partition that was known is gone: asks for all of them again. */
  forget(): void {
    this.#known.clear()
  }
}
