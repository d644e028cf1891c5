// One JSON object a line: pino (our services), zap and slog (Temporal), and whoever else logs so.

import { levelOf, levelOfNumber } from './level.ts'
import type { Format, ParsedLine } from './parsed-line.ts'
import { timestampOf, timestampOfNumber } from './timestamp.ts'

const TIME = ['time', 'ts', 'timestamp', '@timestamp']
const LEVEL = ['level', 'severity', 'lvl']
const MESSAGE = ['msg', 'message']

/** Fields that are nested deeper are not taken apart: the line stays a text. */
const MAX_DEPTH = 100

export const json: Format = (line) => {
  if (!line.startsWith('{') || !line.endsWith('}')) return undefined
  const fields = parseObject(line)
  if (!fields) return undefined
  const [message, level, time] = [MESSAGE, LEVEL, TIME].map((names) => take(fields, names))
  const parsed: ParsedLine = {
    timestamp: typeof time === 'number' ? timestampOfNumber(time) : timestampOf(wordOf(time)),
    level: typeof level === 'number' ? levelOfNumber(level) : (levelOf(wordOf(level)) ?? 'info'),
    message: line,
    extent: 'complete',
  }
  // An object that is no log line, such as a command's result, is its own message; and so is one too deep to handle.
  if (typeof message !== 'string' || isDeep([...fields.values()])) return parsed
  parsed.message = message
  if (fields.size > 0) parsed.metadata = Object.fromEntries(fields)
  return parsed
}

/** Only a string: a list or an object may not have a text at all. */
function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Level by level: what is deep enough ends any walk that calls itself, JSON.stringify's too. */
function isDeep(values: readonly unknown[]): boolean {
  let level = values
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
    if (level.length === 0) return false
  }
  return true
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
  const rounded = tryParse(line)
  // Only JSON is searched: the cost of searching anything else may grow with the square of its length.
  const isLong = rounded !== undefined && /\d{16}/.test(line)
  const exact = isLong ? line.replace(STRING_OR_LONG_NUMBER, (text) => (text[0] === '"' ? text : `"${text}"`)) : line
  const value = isLong ? tryParse(exact) : rounded
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
