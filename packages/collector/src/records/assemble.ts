// Lines put together to records: a stack trace is one, and so is a statement of PostgreSQL with its details.

import type { LogLevel } from '@runlight/contracts/log-entry'
import type { ParsedLine } from '../parse/parsed-line.ts'
import { isCrash, looksContinued, parseLine } from '../parse/parse-line.ts'
import type { Position } from '../source/line-source.ts'

export interface RecordContent {
  level: LogLevel
  message: string
  metadata?: Record<string, unknown>
  trace?: ParsedLine['trace']
}

export interface LogRecord extends RecordContent {
  /** Undefined where neither the lines nor their source say when. */
  timestamp: string | undefined
  /** Where the next record begins. */
  after: Position
}

export interface Bounds {
  /** Lines and UTF-16 code units of one record; what goes beyond is another record of the same time and level. */
  lines: number
  length: number
}

export const DEFAULT_BOUNDS: Bounds = { lines: 500, length: 256 * 1024 }

/** Takes the lines of one log in order; gives a record as soon as it is known to be whole. */
export class RecordAssembler {
  readonly #bounds: Bounds
  #open: OpenRecord | undefined

  constructor(bounds: Bounds = DEFAULT_BOUNDS) {
    this.#bounds = bounds
  }

  /** @param time when the line was written, for one that does not say it itself */
  push(text: string, after: Position, time?: string): LogRecord[] {
    const parsed = parseLine(text)
    const open = this.#open
    if (open && belongs(open, text, parsed)) {
      if (open.has(text.length, this.#bounds)) {
        open.add(text, parsed?.adds, after)
        return []
      }
      this.#open = open.continued(text, after)
      return [open.record()]
    }
    const done = this.flush()
    // Empty lines between records are nothing.
    if (!parsed && text.trim() === '') return done
    const begun = new OpenRecord(text, parsed, after, { time })
    if (parsed?.extent === 'complete') return [...done, begun.record()]
    this.#open = begun
    return done
  }

  /** Nothing more belongs to what waits. */
  flush(): LogRecord[] {
    const open = this.#open
    this.#open = undefined
    return open ? [open.record()] : []
  }
}

function belongs(open: OpenRecord, text: string, parsed: ParsedLine | undefined): boolean {
  if (parsed) return parsed.adds !== undefined && parsed.speaker !== undefined && parsed.speaker === open.speaker
  // A format that dates its lines dates every line that begins a record; a crash has no form but that it comes at once.
  return open.known || open.crash || looksContinued(text)
}

/** A record to which lines may still be added. */
class OpenRecord {
  readonly known: boolean
  readonly speaker: string | undefined
  crash: boolean
  readonly #parsed: Pick<ParsedLine, 'timestamp' | 'level' | 'metadata' | 'trace'>
  readonly #lines: string[]
  #length: number
  #after: Position

  constructor(
    text: string,
    parsed: ParsedLine | undefined,
    after: Position,
    { time, inherited }: { time?: string | undefined; inherited?: OpenRecord },
  ) {
    this.known = parsed !== undefined || (inherited?.known ?? false)
    this.speaker = parsed?.speaker ?? inherited?.speaker
    this.crash = parsed === undefined && isCrash(text)
    const known = parsed ?? inherited?.inheritance() ?? { timestamp: undefined, level: 'info' }
    this.#parsed = { ...known, timestamp: known.timestamp ?? time }
    this.#lines = [parsed?.message ?? text]
    this.#length = text.length
    this.#after = after
  }

  has(length: number, bounds: Bounds): boolean {
    return this.#lines.length < bounds.lines && this.#length + length <= bounds.length
  }

  add(text: string, adds: ParsedLine['adds'], after: Position): void {
    this.#after = after
    this.#length += text.length + 1
    this.#lines.push(adds ? `${adds.field.toUpperCase()}: ${adds.text}` : text)
  }

  /** What goes beyond the bounds of this record. */
  continued(text: string, after: Position): OpenRecord {
    const next = new OpenRecord(text, undefined, after, { inherited: this })
    next.crash ||= this.crash
    return next
  }

  inheritance(): Pick<ParsedLine, 'timestamp' | 'level' | 'metadata'> {
    const { timestamp, level, metadata } = this.#parsed
    return { timestamp, level, metadata: { ...metadata, continued: true } }
  }

  record(): LogRecord {
    const { timestamp, metadata, trace } = this.#parsed
    while (this.#lines.length > 1 && this.#lines.at(-1)?.trim() === '') this.#lines.pop()
    return {
      timestamp,
      level: this.crash ? 'error' : this.#parsed.level,
      message: this.#lines.join('\n'),
      ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
      ...(trace && { trace }),
      after: this.#after,
    }
  }
}
