// The order of the history.

import type { LogKey } from './cursors.ts'

/** Negative, zero or positive, as for Array.prototype.sort. */
export function compareKeys(a: LogKey, b: LogKey): number {
  if (a.effectiveNs !== b.effectiveNs) return a.effectiveNs < b.effectiveNs ? -1 : 1
  if (a.partition !== b.partition) return a.partition - b.partition
  return a.offset === b.offset ? 0 : a.offset < b.offset ? -1 : 1
}

export const BEFORE_ALL: LogKey = { effectiveNs: -(2n ** 63n), partition: 0, offset: 0n }
export const AFTER_ALL: LogKey = { effectiveNs: 2n ** 63n - 1n, partition: 2 ** 31 - 1, offset: 2n ** 63n - 1n }
