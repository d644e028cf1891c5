// Columns that rows of logs and of events have in common, as COPY reads them.

import type { DecodedRecord } from '@runlight/bridge-core/sink'
import { foreignProducerId, foreignSeq } from '@runlight/contracts/producer'
import type { Position, Producer } from '@runlight/contracts/producer'
import { instantToNanos } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import { NULL, copyText } from './copy.ts'
import { mayLoseDigits, memberText } from '@runlight/contracts/raw-json'

/** `timestamp`, `timestamp_ns`, `effective_ns`, `skewed`. */
export function timeColumns({ own, effective }: DecodedRecord<unknown>): string[] {
  const ownNanos = instantToNanos(own)
  const effectiveNanos = effective.skewed ? instantToNanos(effective.instant) : ownNanos
  return [timestampText(own), String(ownNanos), String(effectiveNanos), effective.skewed ? 't' : 'f']
}

let lastSecond = Number.NaN
let lastSecondText = ''

/** To the microsecond, digits below cut off; Postgres would round them. */
export function timestampText({ seconds, nanos }: Instant): string {
  if (seconds !== lastSecond) {
    lastSecond = seconds
    lastSecondText = new Date(seconds * 1000).toISOString().slice(0, 19)
  }
  return `${lastSecondText}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

/** `producer_id`, `producer_seq`: the record's own, or the place where it lies. */
export function identityColumns(producer: Producer | undefined, position: Position): string[] {
  if (producer) return [copyText(producer.id), String(producer.seq)]
  return [copyText(foreignProducerId(position)), String(foreignSeq(position))]
}

/** `created_at`, `kafka_partition`, `kafka_offset`. */
export function positionColumns({ appendedAt, offset }: DecodedRecord<unknown>, partition: number): string[] {
  return [appendText(appendedAt), String(partition), String(offset)]
}

let lastAppend = Number.NaN
let lastAppendText = ''

// Records of one append have one time.
function appendText(millis: number): string {
  if (millis !== lastAppend) {
    lastAppend = millis
    lastAppendText = new Date(millis).toISOString()
  }
  return lastAppendText
}

/**
 * A member of the record as a jsonb column. Mostly what JSON.parse has given is written again; where that could lose
 * digits, or nests too deep for JSON.stringify, the text of the record is passed on.
 */
export function jsonColumn(record: DecodedRecord<object>, member: string, value: unknown): string {
  if (value === undefined) return NULL
  if (mayLoseDigits(record.text)) return copyText(memberText(record.text, member) ?? 'null')
  try {
    return copyText(JSON.stringify(value))
  } catch {
    return copyText(memberText(record.text, member) ?? 'null')
  }
}
