// One JSON object a line: pino (our services), zap and slog (Temporal), and whoever else logs so.

import { levelOf, levelOfNumber } from './level.ts'
import type { Format, ParsedLine } from './parsed-line.ts'
import { timestampOf, timestampOfNumber } from './timestamp.ts'

const TIME = ['time', 'ts', 'timestamp', '@timestamp']
const LEVEL = ['level', 'severity', 'lvl']
const MESSAGE = ['msg', 'message']

export const json: Format = (line) => {
  if (!line.startsWith('{') || !line.endsWith('}')) return undefined
  const fields = parseObject(line)
  if (!fields) return undefined
  const [message, level, time] = [MESSAGE, LEVEL, TIME].map((names) => take(fields, names))
  const parsed: ParsedLine = {
    timestamp: typeof time === 'number' ? timestampOfNumber(time) : timestampOf(String(time)),
    level: typeof level === 'number' ? levelOfNumber(level) : (levelOf(String(level)) ?? 'info'),
    // An object that is no log line, such as a command's result, is its own message.
    message: typeof message === 'string' ? message : line,
    extent: 'complete',
  }
  if (typeof message === 'string' && fields.size > 0) parsed.metadata = Object.fromEntries(fields)
  return parsed
}

function take(fields: Map<string, unknown>, names: readonly string[]): unknown {
  const name = names.find((candidate) => fields.has(candidate))
  if (name === undefined) return undefined
  const value = fields.get(name)
  fields.delete(name)
  return value
}

/** Whole numbers past what a double holds are kept as text. */
const LONG_NUMBER = /([:[,]\s*)(-?\d{16,})(?=\s*[,\]}])/g

function parseObject(line: string): Map<string, unknown> | undefined {
  // Where such a text stands inside a string, the change breaks the JSON, and the line is read as it is.
  const exact = line.replace(LONG_NUMBER, '$1"$2"')
  const value = (exact === line ? undefined : tryParse(exact)) ?? tryParse(line)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
