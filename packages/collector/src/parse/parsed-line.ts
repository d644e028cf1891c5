// What a line of a log says, once its format is known.

import type { LogEntry, LogLevel } from '@runlight/contracts/log-entry'

export interface ParsedLine {
  /** RFC 3339; undefined where the line does not say when. */
  timestamp: string | undefined
  level: LogLevel
  message: string
  metadata?: Record<string, unknown>
  trace?: NonNullable<LogEntry['trace']>
  /** `complete`: nothing that follows belongs to it. `open`: lines that begin no record of their own belong to it. */
  extent: 'complete' | 'open'
  /**
   * Who speaks, where several speakers share a log, and whether the line only adds a field to what the same speaker has
   * just said (PostgreSQL's DETAIL, HINT, CONTEXT …).
   */
  speaker?: string
  adds?: { field: string; text: string }
}

/** Reads a line; undefined when it is not of this format. */
export type Format = (line: string) => ParsedLine | undefined
