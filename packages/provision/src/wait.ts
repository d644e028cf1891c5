// Waits for a server that is not up yet, and says so.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@runlight/service/log'

const INTERVAL_MS = 500
const LIMIT_MS = 60_000
const SAY_AGAIN_MS = 10_000

/**
 * Repeats `ask` until it succeeds.
 * @throws the last error when the time (60 s) is over, or at once when `final` says that waiting can't help
 */
export async function waitFor<R>(
  log: Log,
  what: string,
  ask: () => Promise<R>,
  final: (cause: unknown) => boolean = () => false,
): Promise<R> {
  const started = Date.now()
  let said = 0
  for (;;) {
    try {
      return await ask()
    } catch (cause) {
      const waited = Date.now() - started
      if (final(cause) || waited > LIMIT_MS) throw cause
      if (waited >= said) {
        log.warn(`${what} does not answer yet: ${(cause as Error).message}`)
        said = waited + SAY_AGAIN_MS
      }
      await sleep(INTERVAL_MS)
    }
  }
}
