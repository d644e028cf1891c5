// From bytes on the bus to a checked record, or to the reason why it is none.

import { isUtf8 } from 'node:buffer'
import type { DeadLetterReason } from '@runlight/contracts/dead-letter'
import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { Checked, Refusal as ShapeRefusal } from '@runlight/contracts/schema'
import { effectiveTime, instantFromMillis, parseInstant } from '@runlight/contracts/time'
import { checkTraceEvent } from '@runlight/contracts/trace-event'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { BusRecord, DecodedRecord, RecordKind, Refusal } from './sink.ts'

type Body<K extends RecordKind> = K extends 'logs' ? LogEntry : TraceEvent

const CHECKS: { [K in RecordKind]: (value: unknown) => Checked<Body<K>> } = {
  logs: checkLogEntry,
  events: checkTraceEvent,
}

/** Decodes records of one partition, in their order; those that can't be decoded come back as refusals. */
export function decodeRecords<K extends RecordKind>(
  kind: K,
  records: readonly BusRecord[],
): { decoded: DecodedRecord<Body<K>>[]; refused: Refusal[] } {
  const decoded: DecodedRecord<Body<K>>[] = []
  const refused: Refusal[] = []
  const check = CHECKS[kind]
  for (const record of records) {
    const result = decodeRecord(check, record)
    if ('detail' in result) refused.push(result)
    else decoded.push(result)
  }
  return { decoded, refused }
}

function decodeRecord<T extends LogEntry | TraceEvent>(
  check: (value: unknown) => Checked<T>,
  record: BusRecord,
): DecodedRecord<T> | Refusal {
  const refuse = (reason: DeadLetterReason, detail: string): Refusal => ({ record, reason, detail })
  const { value } = record
  if (value === null || value.length === 0) return refuse('json', 'The value is empty.')
  if (!isUtf8(value)) return refuse('encoding', 'The value is not valid UTF-8.')
  const text = value.toString('utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    return refuse('json', `The value is not JSON: ${(cause as Error).message}`)
  }
  const checked = check(parsed)
  if (!checked.ok) return refuse(checked.refusal.field === 'orgId' ? 'org' : 'schema', describe(checked.refusal))
  const own = parseInstant(checked.value.timestamp)
  if (!own) return refuse('schema', 'timestamp is not a day of the calendar between the years 1678 and 2261')
  const effective = effectiveTime(own, instantFromMillis(record.appendedAt))
  return { ...record, value, text, body: checked.value, own, effective }
}

function describe({ field, message }: ShapeRefusal): string {
  return field === '' ? `The value ${message}` : `${field} ${message}`
}
