// From a record among the dead letters to its row. What lies there and is no dead letter becomes a row too: it is kept
// as it is, so that it is neither lost nor sent round in a circle.

import type { BusRecord } from '@runlight/bridge-core/sink'
import { DEAD_LETTER_VALUE_LIMIT, DeadLetter } from '@runlight/contracts/dead-letter'
import { deadLetterId } from '@runlight/contracts/dead-letter-id'
import { shape } from '@runlight/contracts/schema'
import { formatInstant, instantFromMillis, parseInstant } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'

/** Where the records lie. */
export interface LetterPlace {
  generation: string
  topic: string
  partition: number
}

/** Columns of `dead_letters`; `key` and `value` in base64, numbers of 64 bits as texts. */
export interface LetterRow {
  id: string
  sink: string
  reason: string
  detail: string
  generation: string
  topic: string
  kafka_partition: number
  kafka_offset: string
  appended_at: string
  key: string | null
  key_bytes: number | null
  value: string | null
  value_bytes: number
  failed_at: string
  refusals: number
  refused_offset: string | null
  created_at: string
}

const deadLetter = shape(DeadLetter)
const MAX_OFFSET = 2n ** 63n - 1n
/** Of a partition, and of the size of a key. */
const MAX_INT = 2 ** 31 - 1

/** Rows of a batch, one for each letter: what tells of the same record again is added to its first row. */
export function letterRows(records: readonly BusRecord[], place: LetterPlace): LetterRow[] {
  const rows = new Map<string, LetterRow>()
  for (const record of records) {
    const row = letterRow(record, place)
    const before = rows.get(row.id)
    if (!before) rows.set(row.id, row)
    else {
      const { refusals, refused_offset, created_at: _, ...latest } = row
      Object.assign(before, latest, { refusals: before.refusals + refusals })
      before.refused_offset = refused_offset ?? before.refused_offset
    }
  }
  // Locked in one order by whoever writes them.
  return [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function letterRow(record: BusRecord, place: LetterPlace): LetterRow {
  const letter = readLetter(record.value)
  return typeof letter === 'string' ? unreadableRow(record, place, letter) : readableRow(letter, record)
}

/** The letter, or what is wrong with it. */
function readLetter(bytes: Buffer | null): DeadLetter | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? Buffer.alloc(0)))
  } catch (cause) {
    return `The value is not JSON in UTF-8: ${(cause as Error).message}`
  }
  const checked = deadLetter.check(parsed)
  if (!checked.ok) return `${checked.refusal.field || 'The value'} ${checked.refusal.message}`
  const { origin, key, keyBytes, value, valueBytes, failedAt, replay } = checked.value
  if (origin.partition > MAX_INT) return 'origin.partition is above 32 bits'
  if (BigInt(origin.offset) > MAX_OFFSET || BigInt(replay?.offset ?? 0) > MAX_OFFSET)
    return 'An offset is above 64 bits'
  if ((keyBytes ?? 0) > MAX_INT || valueBytes > Number.MAX_SAFE_INTEGER) return 'A size is above what a record can have'
  if (!isPlain(origin.topic) || !isPlain(origin.generation)) return 'origin holds a character that no name has'
  if (!parseInstant(failedAt) || !parseInstant(origin.appendedAt)) return 'A time is not a day of the calendar'
  if (value !== undefined && Buffer.from(value, 'base64').length !== valueBytes) return 'value is not valueBytes long'
  const keyLength = key === undefined ? undefined : Buffer.from(key, 'base64').length
  if (keyLength !== undefined && keyLength !== (keyBytes ?? keyLength)) return 'key is not keyBytes long'
  return checked.value
}

function readableRow(letter: DeadLetter, { appendedAt }: BusRecord): LetterRow {
  const { sink, reason, detail, origin, key, keyBytes, value, valueBytes, failedAt, replay } = letter
  const { generation, topic, partition, offset } = origin
  return {
    id: deadLetterId(sink, { generation, topic, partition, offset: BigInt(offset) }),
    ...{ sink, reason, generation, topic },
    detail: storable(detail),
    kafka_partition: partition,
    kafka_offset: offset,
    appended_at: normal(origin.appendedAt),
    key: key ?? null,
    key_bytes: keyBytes ?? (key === undefined ? null : Buffer.from(key, 'base64').length),
    value: value ?? null,
    value_bytes: valueBytes,
    failed_at: normal(failedAt),
    refusals: 1,
    refused_offset: replay?.offset ?? null,
    created_at: timeText(appendedAt),
  }
}

function unreadableRow({ offset, appendedAt, key, value }: BusRecord, place: LetterPlace, detail: string): LetterRow {
  const { generation, topic, partition } = place
  const keep = (bytes: Buffer | null) =>
    bytes && bytes.length <= DEAD_LETTER_VALUE_LIMIT ? bytes.toString('base64') : null
  return {
    id: deadLetterId('postgres', { ...place, offset }),
    ...{ sink: 'postgres', reason: 'unreadable', generation, topic },
    detail: storable(detail),
    kafka_partition: partition,
    kafka_offset: String(offset),
    appended_at: timeText(appendedAt),
    key: keep(key),
    key_bytes: key?.length ?? null,
    value: keep(value),
    value_bytes: value?.length ?? 0,
    failed_at: timeText(appendedAt),
    refusals: 1,
    refused_offset: null,
    created_at: timeText(appendedAt),
  }
}

function isPlain(name: string): boolean {
  return /^[\x20-\x7e]+$/.test(name)
}

const DETAIL_LIMIT = 4_000

/** A text that a text column holds. */
function storable(text: string): string {
  return text
    .slice(0, DETAIL_LIMIT)
    .replaceAll('\0', '\u2400')
    .replace(/\p{Surrogate}/gu, '\ufffd')
}

/** RFC 3339 in the one form that Postgres reads whatever the writer's was. */
function normal(time: string): string {
  return formatInstant(parseInstant(time) as Instant)
}

function timeText(millis: number): string {
  return formatInstant(instantFromMillis(millis))
}
