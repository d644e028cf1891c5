// Warnings of deliveries that fail again and again: one now and then tells as much as all of them.

import type { Log } from '@runlight/service/log'

/** How long nothing more is said of the same reason, in milliseconds. */
const SAY_AGAIN_MS = 10_000

/** For what fails side by side, such as the pushes of one partition. The metrics count each failure. */
export class FailureLog {
  readonly #log: Pick<Log, 'warn'>
  /** By reason: when it was last said, milliseconds since the epoch, and how many were left out since then. */
  readonly #said = new Map<string, { at: number; leftOut: number }>()

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log
  }

  /** Says it, with how many of this reason were left out before, unless one was said within the last 10 s. */
  warn(reason: string, details: object, message: string): void {
    const last = this.#said.get(reason)
    const now = Date.now()
    if (last && now - last.at < SAY_AGAIN_MS) {
      last.leftOut += 1
      return
    }
    this.#said.set(reason, { at: now, leftOut: 0 })
    const leftOut = last?.leftOut ?? 0
    this.#log.warn({ ...details, reason, ...(leftOut > 0 && { leftOut }) }, message)
  }
}
