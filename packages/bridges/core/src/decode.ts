// From bytes on the bus to a checked record, or to the reason why it is none.

import { isUtf8 } from 'node:buffer'
import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { Checked, Refusal as ShapeRefusal } from '@runlight/contracts/schema'
import { effectiveTime, instantFromMillis, parseInstant } from '@runlight/contracts/time'
import { checkTraceEvent } from '@runlight/contracts/trace-event'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { BusRecord, DecodedRecord, PartitionBatch, RecordKind, Refusal, TopicKind } from './sink.ts'

type Body<K extends RecordKind> = K extends 'logs' ? LogEntry : TraceEvent

const CHECKS: { [K in RecordKind]: (value: unknown) => Checked<Body<K>> } = {
  logs: checkLogEntry,
  events: checkTraceEvent,
}

/** Decodes what was taken from one partition together. */
export function decodeBatch(
  kind: TopicKind,
  frame: Omit<PartitionBatch, 'kind' | 'records'>,
  records: readonly BusRecord[],
): { batch: PartitionBatch; refused: readonly Refusal[] } {
  if (kind === 'raw') {
    const readable = records.filter(({ unreadable }) => !unreadable)
    return { batch: { kind, ...frame, records: readable }, refused: records.flatMap(unreadableRefusal) }
  }
  if (kind === 'logs') {
    const { decoded, refused } = decodeRecords(kind, records)
    return { batch: { kind, ...frame, records: decoded }, refused }
  }
  const { decoded, refused } = decodeRecords(kind, records)
  return { batch: { kind, ...frame, records: decoded }, refused }
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

// No function is made in here: this runs for each record.
function decodeRecord<T extends LogEntry | TraceEvent>(
  check: (value: unknown) => Checked<T>,
  record: BusRecord,
): DecodedRecord<T> | Refusal {
  const { value, offset, appendedAt, key } = record
  const [unreadable] = record.unreadable ? unreadableRefusal(record) : []
  if (unreadable) return unreadable
  if (value === null || value.length === 0) return { record, reason: 'json', detail: 'The value is empty.' }
  if (!isUtf8(value)) return { record, reason: 'encoding', detail: 'The value is not valid UTF-8.' }
  const text = value.toString('utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    return { record, reason: 'json', detail: `The value is not JSON: ${(cause as Error).message}` }
  }
  const checked = check(parsed)
  if (!checked.ok) {
    const { refusal } = checked
    return { record, reason: refusal.field === 'orgId' ? 'org' : 'schema', detail: describe(refusal) }
  }
  const body = checked.value
  const own = parseInstant(body.timestamp)
  if (!own) return { record, reason: 'schema', detail: NO_SUCH_DAY }
  const effective = effectiveTime(own, instantFromMillis(appendedAt))
  const decoded: DecodedRecord<T> = { bus: record, offset, appendedAt, key, value, text, body, own, effective }
  if (record.replayOffset !== undefined) decoded.replayOffset = record.replayOffset
  return decoded
}

/** The refusal of a record that could not be read. */
export function unreadableRefusal(record: BusRecord): Refusal[] {
  const { unreadable } = record
  return unreadable ? [{ record, reason: unreadable.reason, detail: unreadable.detail }] : []
}

const NO_SUCH_DAY = 'timestamp is not a day of the calendar between the years 1678 and 2261'

function describe({ field, message }: ShapeRefusal): string {
  return field === '' ? `The value ${message}` : `${field} ${message}`
}
