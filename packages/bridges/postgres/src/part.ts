// A batch, or a half of it, as far as it can be made ready without the database. Of the decoded records nothing is kept but
// what the transaction needs: decoded, a record takes some ten times the memory that it takes on the bus.

import type { BusRecord, EventBatch, LogBatch, RecordBatch } from '@runlight/bridge-core/sink'
import type { LabelMode } from '@runlight/contracts/labels'
import type { Producer } from '@runlight/contracts/producer'
import { eventRow } from './event-rows.ts'
import type { EventRow } from './event-rows.ts'
import { foldable } from './fold.ts'
import type { FoldableEvent } from './fold.ts'
import { logRow, streamShares, sumStreams } from './log-rows.ts'
import type { StreamRow, StreamShare } from './log-rows.ts'

export type Place = Pick<RecordBatch, 'topic' | 'partition' | 'generation' | 'nextOffset' | 'lastAppendedAt' | 'replay'>

interface ItemOf {
  /** As it was taken from the bus. */
  record: BusRecord
  producer: Producer | undefined
}

export interface LogItem extends ItemOf {
  /** In COPY's text format. */
  row: string
  share: StreamShare
}

export interface EventItem extends ItemOf {
  row: EventRow
  event: FoldableEvent
}

export type Item = LogItem | EventItem

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

export function preparePart(batch: RecordBatch, labels: LabelMode): Part {
  const { topic, partition, generation, nextOffset, lastAppendedAt, replay } = batch
  const place: Place = { topic, partition, generation, nextOffset, lastAppendedAt, ...(replay && { replay }) }
  if (batch.kind === 'events') return { kind: 'events', place, items: eventItems(batch) }
  const items = logItems(batch, labels)
  return { kind: 'logs', place, items, streams: streamsOf(items) }
}

function logItems(batch: LogBatch, labels: LabelMode): LogItem[] {
  const shares = streamShares(batch.records, batch.partition, labels)
  return batch.records.map((record, index) => ({
    record: record.bus,
    producer: identityOf(record.body.producer),
    row: logRow(record, batch),
    share: shares[index] as StreamShare,
  }))
}

function eventItems(batch: EventBatch): EventItem[] {
  return batch.records.map((record) => ({
    record: record.bus,
    producer: identityOf(record.body.producer),
    row: eventRow(record, batch),
    event: foldable(record),
  }))
}

/** Without what else a record may say there. */
function identityOf(producer: Producer | undefined): Producer | undefined {
  return producer && { id: producer.id, seq: producer.seq }
}

/** The same place without its records: only the position is to be moved. */
export function withoutItems(part: Part): Part {
  return part.kind === 'logs' ? { ...part, items: [], streams: [] } : { ...part, items: [] }
}

/** Two halves that follow one another; the part must have two items or more. */
export function halves(part: Part): [Part, Part] {
  const middle = part.items.length >> 1
  const border = part.items[middle] as Item
  const last = part.items[middle - 1] as Item
  const before = { ...part.place, nextOffset: border.record.offset, lastAppendedAt: last.record.appendedAt }
  if (part.kind === 'events') {
    return [
      { ...part, place: before, items: part.items.slice(0, middle) },
      { ...part, items: part.items.slice(middle) },
    ]
  }
  const half = (items: readonly LogItem[]) => ({ items, streams: streamsOf(items) })
  return [
    { ...part, place: before, ...half(part.items.slice(0, middle)) },
    { ...part, ...half(part.items.slice(middle)) },
  ]
}

/** What the items add to the streams that they lie in in Loki. */
export function streamsOf(items: readonly LogItem[]): StreamRow[] {
  return sumStreams(items.map(({ share }) => share))
}
