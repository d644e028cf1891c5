// Calling what the application has given: it must cost a caller of log() nothing, whatever it does.

import { asOwnOutput } from './own-output.ts'

/** Calls it; what it throws is its own, and what it logs is not shipped. */
export function harmless<Arguments extends unknown[]>(tell: (...args: Arguments) => void, ...args: Arguments): void {
  if ((tell as unknown) === ignore) return
  try {
    asOwnOutput(() => tell(...args))
  } catch {
    // Nobody is left to be told.
  }
}

/** For a callback that nobody has given. */
export function ignore(): void {
  // Nobody counts.
}
