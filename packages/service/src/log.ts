// The service's own structured log, on standard output.

import type { Logger } from 'pino'
import { pino } from 'pino'

export type Log = Logger

export interface LogSettings {
  component: string
  instance: string
  level: 'debug' | 'info' | 'warn' | 'error'
}

/** JSON lines with RFC 3339 time and the level as a word; never the content of a record at info level or above. */
export function createLog({ component, instance, level }: LogSettings): Log {
  return pino({
    level,
    base: { component, instance },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { cause: pino.stdSerializers.err },
  })
}
