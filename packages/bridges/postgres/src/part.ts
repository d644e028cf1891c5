// A batch, or a half of it, as far as it can be made ready without the database.

import type { EventBatch, LogBatch, RecordBatch } from '@runlight/bridge-core/sink'
import type { LabelMode } from '@runlight/contracts/labels'
import { logRow, streamRows } from './log-rows.ts'
import type { LogRecord, StreamRow } from './log-rows.ts'
import type { EventRecord } from './event-rows.ts'

export type Place = Pick<RecordBatch, 'topic' | 'partition' | 'generation' | 'nextOffset' | 'lastAppendedAt' | 'replay'>

/** A log record and its row in COPY's text format. */
export interface LogItem {
  record: LogRecord
  row: string
}

/** An event; its row needs the number that it gets when it is stored. */
export interface EventItem {
  record: EventRecord
}

export interface LogPart {
  kind: 'logs'
  place: Place
  items: readonly LogItem[]
  /** Of all items. */
  streams: readonly StreamRow[]
}

export interface EventPart {
  kind: 'events'
  place: Place
  items: readonly EventItem[]
}

export type Part = LogPart | EventPart

/** @param records those of the batch that the store can hold */
export function preparePart(batch: RecordBatch, records: readonly unknown[], labels: LabelMode): Part {
  const { topic, partition, generation, nextOffset, lastAppendedAt, replay } = batch
  const place: Place = { topic, partition, generation, nextOffset, lastAppendedAt, ...(replay && { replay }) }
  if (batch.kind === 'events') {
    const own = records as EventBatch['records']
    return { kind: 'events', place, items: own.map((record) => ({ record })) }
  }
  const own = records as LogBatch['records']
  const items = own.map((record) => ({ record, row: logRow(record, batch) }))
  return { kind: 'logs', place, items, streams: streamRows(own, partition, labels) }
}

/** The same place without its records: only the position is to be moved. */
export function withoutItems(part: Part): Part {
  return part.kind === 'logs' ? { ...part, items: [], streams: [] } : { ...part, items: [] }
}

/** Two halves that follow one another; the part must have two items or more. */
export function halves(part: Part, labels: LabelMode): [Part, Part] {
  const middle = part.items.length >> 1
  const border = part.items[middle] as LogItem | EventItem
  const last = part.items[middle - 1] as LogItem | EventItem
  const before = { ...part.place, nextOffset: border.record.offset, lastAppendedAt: last.record.appendedAt }
  if (part.kind === 'events') {
    return [
      { ...part, place: before, items: part.items.slice(0, middle) },
      { ...part, items: part.items.slice(middle) },
    ]
  }
  const half = (items: readonly LogItem[]) => ({ items, streams: streamsOf(items, part.place.partition, labels) })
  return [
    { ...part, place: before, ...half(part.items.slice(0, middle)) },
    { ...part, ...half(part.items.slice(middle)) },
  ]
}

export function streamsOf(items: readonly LogItem[], partition: number, labels: LabelMode): StreamRow[] {
  return streamRows(
    items.map(({ record }) => record),
    partition,
    labels,
  )
}
