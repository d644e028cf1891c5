// Private keys that come line by line, as a program prints them: each line alone looks harmless.

import { REDACTED } from './redactor.ts'
import type { Redactor, Tally } from './redactor.ts'

/** A key of 16,384 bits has some 220 lines. */
const MAX_LINES = 400
const KEY_LINE = /^[A-Za-z0-9+/=:,.\s-]{0,200}$/

export class KeyLines {
  readonly #redactor: Redactor
  /** Streams in the middle of a key, with the lines that it may still have. */
  readonly #open = new Map<string, number>()

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /** A line of a stream without its secrets. */
  line(stream: string, line: string, tally: Tally): string {
    const left = this.#open.get(stream)
    if (left !== undefined) {
      if (left > 0 && KEY_LINE.test(line)) {
        if (line.includes('-----END')) this.#open.delete(stream)
        else this.#open.set(stream, left - 1)
        tally('private-key', 1)
        return REDACTED
      }
      this.#open.delete(stream)
    }
    let begins = false
    const clean = this.#redactor.text(line, (rule, count) => {
      begins ||= rule === 'private-key'
      tally(rule, count)
    })
    if (begins && line.lastIndexOf('-----BEGIN') > line.lastIndexOf('-----END')) this.#open.set(stream, MAX_LINES)
    return clean
  }
}
