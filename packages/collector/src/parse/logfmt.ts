// key=value pairs: Loki, Prometheus, Alertmanager, Grafana, slog's text form (https://brandur.org/logfmt).

import { levelOf } from './level.ts'
import type { Format, ParsedLine } from './parsed-line.ts'
import { timestampOf } from './timestamp.ts'

const START = /^(?:level|lvl|ts|time|t|logger|caller)=\S/
const PAIR = /([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?(?:\s+|$)/y

export const logfmt: Format = (line) => {
  if (!START.test(line)) return undefined
  const fields = pairs(line)
  if (!fields) return undefined
  const { level, lvl, ts, time, t, msg, message, ...metadata } = fields
  const said = msg ?? message
  const when = timestampOf(ts ?? time ?? t ?? '')
  const word = level ?? lvl
  // Neither a time nor a level: a sentence that happens to begin so.
  if (when === undefined && word === undefined) return undefined
  const parsed: ParsedLine = {
    timestamp: when,
    level: levelOf(word ?? '') ?? 'info',
    message: said ?? line,
    extent: 'open',
  }
  if (said !== undefined && Object.keys(metadata).length > 0) parsed.metadata = metadata
  return parsed
}

/** All pairs, or undefined when the line holds anything else. */
function pairs(line: string): Record<string, string> | undefined {
  // Without a prototype, so that a key such as __proto__ is one like any other.
  const fields = Object.create(null) as Record<string, string>
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < line.length) {
    const match = PAIR.exec(line)
    if (!match) return undefined
    const [, key = '', quoted, bare = ''] = match
    fields[key] = quoted === undefined ? bare : unquote(quoted)
  }
  return { ...fields }
}

function unquote(text: string): string {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text // Go's escapes are more than JSON's
  }
}
