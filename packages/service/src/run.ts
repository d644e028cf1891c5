// From start to exit: one way for every service.

import { RunlightError } from '@runlight/contracts/errors'
import type { Log } from './log.ts'

export interface RunningService {
  /** Resolves when the service has ended by itself, rejects when it can't go on. */
  ended: Promise<void>
  /** Stops gracefully: takes nothing new, finishes what it has. */
  stop: () => Promise<void>
}

/** How long a graceful stop may take before the process ends all the same, in milliseconds. */
const STOP_DEADLINE_MS = 20_000

/**
 * Runs a service until SIGTERM or SIGINT (exit code 0), or until it can't go on (exit code 1, the reason as the last
 * line of the log). A second signal, or the stop deadline, ends the process at once with exit code 1.
 */
export async function runService(log: Log, start: () => Promise<RunningService>): Promise<never> {
  const stopRequested = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      let seen = false
      process.on(signal, () => {
        if (seen) exit(log, 1, `A second ${signal} ended the process before it had stopped.`)
        seen = true
        resolve(signal)
      })
    }
  })
  process.on('unhandledRejection', (cause) => fail(log, cause))
  process.on('uncaughtException', (cause) => fail(log, cause))
  try {
    const service = await Promise.race([start(), stopRequested.then(() => undefined)])
    if (!service) return exit(log, 0, 'The service was stopped before it had started.')
    log.info('The service has started.')
    const signal = await Promise.race([stopRequested, service.ended])
    if (signal) log.info({ signal }, 'The service is stopping.')
    setTimeout(() => exit(log, 1, 'The service did not stop in time.'), STOP_DEADLINE_MS).unref()
    await service.stop()
    return exit(log, 0, 'The service has stopped.')
  } catch (cause) {
    return fail(log, cause)
  }
}

/** Ends the process with exit code 1 and the reason as the last line of its log. */
export function fail(log: Log, cause: unknown): never {
  const known = cause instanceof RunlightError ? { code: cause.code, next: cause.next } : {}
  log.fatal({ cause, ...known }, `The service cannot go on: ${cause instanceof Error ? cause.message : String(cause)}`)
  process.exit(1)
}

function exit(log: Log, code: 0 | 1, message: string): never {
  if (code === 0) log.info(message)
  else log.error(message)
  process.exit(code)
}
