// What a service reads before it can log with its own settings.

import { createLog } from './log.ts'
import { fail } from './run.ts'

/**
 * Gives what `read` gives. If that throws (a variable is missing or wrong), the process ends as it does when a start fails:
 * exit code 1, and the reason, with what to do, as the last line of the log.
 */
export function readOrEnd<T>(component: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    return fail(createLog({ component, instance: process.env['RUNLIGHT_INSTANCE'] || '0', level: 'info' }), cause)
  }
}
