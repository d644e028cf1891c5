// A line of pino as an entry.

import type { LogLine } from '../log-producer.ts'
import { levelOfName, levelOfNumber } from './levels.ts'

export interface PinoKeys {
  /** Default `msg`. */
  messageKey?: string | undefined
  /** Default `err`. */
  errorKey?: string | undefined
  /** Default `level`. */
  levelKey?: string | undefined
  /** Default `time`. */
  timeKey?: string | undefined
}

/** Level, message and time where pino puts them; all other fields are metadata, an error with its stack among them. */
export function fromPino(line: Readonly<Record<string, unknown>>, keys: PinoKeys = {}): LogLine {
  const { messageKey = 'msg', errorKey = 'err', levelKey = 'level', timeKey = 'time' } = keys
  const { [messageKey]: message, [levelKey]: level, [timeKey]: time, ...metadata } = line
  const error = metadata[errorKey]
  const timestamp = timestampOf(time)
  return {
    level: typeof level === 'number' ? levelOfNumber(level) : levelOfName(String(level)),
    message: message === undefined ? errorMessage(error) : text(message),
    ...(timestamp !== undefined && { timestamp }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  }
}

function text(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message)
}

function errorMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return ''
  return String(error.message)
}

/** pino writes milliseconds, or RFC 3339 (`stdTimeFunctions.isoTime`); another format is replaced by the present. */
function timestampOf(time: unknown): string | undefined {
  if (typeof time === 'string') return time
  if (typeof time !== 'number' || !(Math.abs(time) < 8.64e15)) return undefined
  return new Date(time).toISOString()
}
