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

/** A string, or a whole number that may be past what a double holds. */
const STRING_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?=\s*[,\]}])/g

function parseObject(line: string): Map<string, unknown> | undefined {
  const isLong = /\d{16}/.test(line)
  const exact = isLong ? line.replace(STRING_OR_LONG_NUMBER, (text) => (text[0] === '"' ? text : `"${text}"`)) : line
  const value = tryParse(exact)
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
