// Long work on the event loop, a slice at a time: between two slices, of whomever, everything else has its turn.

import { setImmediate } from 'node:timers/promises'

let last: Promise<void> = Promise.resolve()

/** Resolves when the event loop has gone round once since the slice before, this one's or another's. */
export function nextRound(): Promise<void> {
  last = last.then(() => setImmediate())
  return last
}
