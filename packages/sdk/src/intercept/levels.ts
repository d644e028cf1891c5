// Other loggers' levels as ours.

import type { LogLevel } from '@runlight/contracts/log-entry'

/** Names of pino, winston (npm, cli) and syslog. */
const NAMES = new Map<string, LogLevel>([
  ...(['trace', 'silly', 'verbose', 'debug'] as const).map((name) => [name, 'debug'] as const),
  ...(['info', 'http', 'notice', 'log', 'help', 'data', 'input', 'prompt'] as const).map(
    (name) => [name, 'info'] as const,
  ),
  ...(['warn', 'warning'] as const).map((name) => [name, 'warn'] as const),
  ...(['error', 'fatal', 'crit', 'critical', 'alert', 'emerg'] as const).map((name) => [name, 'error'] as const),
])

/** Of a name, info where it is not known. */
export function levelOfName(name: string): LogLevel {
  return NAMES.get(name.toLowerCase()) ?? 'info'
}

/** Of pino's numbers: 20 is debug, 30 info, 40 warn, 50 error; custom ones lie between. */
export function levelOfNumber(level: number): LogLevel {
  if (level >= 50) return 'error'
  if (level >= 40) return 'warn'
  return level >= 30 || Number.isNaN(level) ? 'info' : 'debug'
}
