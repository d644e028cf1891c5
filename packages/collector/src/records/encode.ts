// A record as it goes over the bus.

import { LOG_SCHEMA_VERSION } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { Producer } from '@runlight/contracts/producer'
import type { Message } from '../ship/journal.ts'
import type { RecordContent } from './assemble.ts'
import type { LeftOut } from './limit.ts'

/** What a component says through its own log, whichever of its outputs that goes to. */
const STREAM = 'system'

export function encode(
  component: string,
  { level, message, metadata, trace }: RecordContent,
  timestamp: string,
  producer: Producer,
): Message {
  const entry: LogEntry = {
    schemaVersion: LOG_SCHEMA_VERSION,
    type: 'system',
    component,
    timestamp,
    level,
    stream: STREAM,
    message,
    ...(metadata && { metadata }),
    ...(trace && { trace }),
    producer,
  }
  return { key: component, value: JSON.stringify(entry) }
}

/** Says that records were left out because there were too many. */
export function leftOutRecord({ count, byLevel, from, to }: LeftOut): RecordContent {
  return {
    level: 'warn',
    message: `${count} ${count === 1 ? 'line was' : 'lines were'} left out: more came than are shipped in that time.`,
    metadata: { leftOut: { reason: 'rate', count, byLevel, from, to } },
  }
}

/** Says that output is lost: a file was gone before it could be read. `bytes` as far as it is known. */
export function lostRecord(bytes: number | undefined): RecordContent {
  return {
    level: 'error',
    message:
      bytes === undefined
        ? 'Lines may be missing here: the log file, or one that followed it, was truncated or removed before it was read.'
        : `Lines are missing here: ${bytes} bytes of the log file were rotated away before they could be read.`,
    metadata: { leftOut: { reason: 'rotated', ...(bytes !== undefined && { bytes }) } },
  }
}

/** Stands for a line that could not even be searched for secrets; `bytes` as far as they were kept. */
export function unreadableRecord(bytes: number): RecordContent {
  return {
    level: 'error',
    message: `A line is missing here: its ${bytes} bytes could not be searched for secrets.`,
    metadata: { leftOut: { reason: 'unreadable', bytes } },
  }
}

/** What a record says, without fields that could not be searched for secrets. */
export function unreadableFields({ metadata, ...said }: RecordContent): RecordContent {
  const fields = Object.keys(metadata ?? {}).length
  return { ...said, metadata: { leftOut: { reason: 'unreadable', fields } } }
}
