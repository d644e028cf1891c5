// PostgreSQL's server log with `log_line_prefix = '%m [%p] %q%u@%d '`, and initdb's output before it.

import type { LogLevel } from '@runlight/contracts/log-entry'
import type { Format, ParsedLine } from './parsed-line.ts'
import { timestampOf } from './timestamp.ts'

// In single-user mode its prompt stands before what it says. A user's name may hold an `@`, so the last one parts it from the
// database's; of what stands behind it only what is no `@` is tried, or a line of many would take the square of their number.
const LINE =
  /^(?:backend> )*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Za-z+\-:\d]+) \[(\d+)\] (?:(\S*)@([^\s@]*) )?([A-Z][A-Z0-9]*): {1,2}(.*)$/s

/** Severities (https://www.postgresql.org/docs/18/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS). */
const SEVERITIES: Readonly<Record<string, LogLevel>> = {
  DEBUG: 'debug',
  DEBUG1: 'debug',
  DEBUG2: 'debug',
  DEBUG3: 'debug',
  DEBUG4: 'debug',
  DEBUG5: 'debug',
  INFO: 'info',
  NOTICE: 'info',
  LOG: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'error',
  PANIC: 'error',
}

/** Lines that say more of the one before. */
const ADDITIONS: ReadonlySet<string> = new Set([
  'DETAIL',
  'HINT',
  'QUERY',
  'CONTEXT',
  'LOCATION',
  'BACKTRACE',
  'STATEMENT',
])

export const postgres: Format = (line) => {
  const match = LINE.exec(line)
  if (!match) return undefined
  const [, time = '', pid = '', user, database, severity = '', text = ''] = match
  const addition = ADDITIONS.has(severity)
  const level = SEVERITIES[severity]
  if (level === undefined && !addition) return undefined
  const parsed: ParsedLine = {
    timestamp: timestampOf(time),
    level: level ?? 'info',
    message: text,
    metadata: { severity, pid: Number(pid), ...(user && { user }), ...(database && { database }) },
    extent: 'open',
    speaker: pid,
  }
  if (addition) parsed.adds = { field: severity.toLowerCase(), text }
  return parsed
}
