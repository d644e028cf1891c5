// One transaction for a batch of one partition, so that whatever is repeated is stored once.

import type { Sql, TransactionSql } from 'postgres'
import type { DeliveryContext, DeliveryCounts } from '@runlight/bridge-core/sink'
import { RunlightError } from '@runlight/contracts/errors'
import type { LabelMode } from '@runlight/contracts/labels'
import { lockIdentities, newIdentities, storeIdentities } from './identities.ts'
import type { Ranges } from './identities.ts'
import type { LogPartitions } from './log-partitions.ts'
import { halves, streamsOf, withoutItems } from './part.ts'
import type { EventItem, LogItem, LogPart, Part } from './part.ts'
import { advancePosition, lockPosition } from './positions.ts'
import { deliveryError, lacksPartition, refusesData, serverWords } from './store-error.ts'
import { insertEvents } from './store-events.ts'
import { insertLogs } from './store-logs.ts'

export interface Store {
  sql: Sql
  labels: LabelMode
  partitions: LogPartitions
  /** Told after each commit how far a partition is stored. */
  stored: (topic: string, partition: number, nextOffset: bigint) => void
  /** Told of each event that was stored. */
  storedEvent: (type: string) => void
}

/** Stores a part, halving it where the server refuses data, until each refused record is alone. */
export async function deliverPart(store: Store, part: Part, context: DeliveryContext): Promise<DeliveryCounts> {
  const outcome = await context.retrying(() => storePart(store, part))
  if (!('refusedWith' in outcome)) return outcome
  const [only] = part.items
  if (part.items.length === 1 && only) {
    await context.refuse([{ record: only.record, reason: 'refused', detail: outcome.refusedWith }])
    return deliverPart(store, withoutItems(part), context)
  }
  const [first, second] = halves(part, store.labels)
  const before = await deliverPart(store, first, context)
  const after = await deliverPart(store, second, context)
  return { delivered: before.delivered + after.delivered, repeated: before.repeated + after.repeated }
}

/** `refusedWith`: the server's words where it refuses the data of at least one record; then nothing is stored. */
async function storePart(store: Store, part: Part): Promise<DeliveryCounts | { refusedWith: string }> {
  try {
    if (part.kind === 'logs') await store.partitions.ensure(part.items.map(({ record }) => record.appendedAt))
    const stored = await store.sql.begin((tx) => storeInTransaction(tx, store, part))
    const { topic, partition, nextOffset } = part.place
    store.stored(topic, partition, nextOffset)
    if (part.kind === 'events') for (const { record } of stored as EventItem[]) store.storedEvent(record.body.type)
    return { delivered: stored.length, repeated: part.items.length - stored.length }
  } catch (cause) {
    if (cause instanceof RunlightError) throw cause
    if (lacksPartition(cause)) store.partitions.forget()
    // Without records it is not their fault.
    if (refusesData(cause) && part.items.length > 0) return { refusedWith: serverWords(cause) }
    throw deliveryError(cause)
  }
}

/** Gives the items that were new. */
async function storeInTransaction(tx: TransactionSql, store: Store, part: Part): Promise<(LogItem | EventItem)[]> {
  const { place } = part
  const next = await lockPosition(tx, place, part.items[0]?.record.offset ?? place.nextOffset)
  if (place.nextOffset <= next) return []
  const { fresh, added } = await newItems(tx, part, next)
  if (part.kind === 'logs') {
    const rows = (fresh as LogItem[]).map(({ row }) => row)
    await insertLogs(tx, rows, streamsOfFresh(part, fresh as LogItem[], store.labels))
  } else {
    await insertEvents(
      tx,
      place,
      fresh.map(({ record }) => record as EventItem['record']),
    )
  }
  await Promise.all([
    storeIdentities(tx, place.topic, added),
    advancePosition(tx, place, place.nextOffset, BigInt(place.lastAppendedAt) * 1_000_000n),
  ])
  return fresh
}

/** Items at or above the position whose identity is not stored yet. */
async function newItems(tx: TransactionSql, part: Part, next: bigint) {
  const items: readonly (LogItem | EventItem)[] = part.items
  const above = items.filter(({ record }) => record.offset >= next)
  const ids = new Set<string>()
  for (const { record } of above) if (record.body.producer) ids.add(record.body.producer.id)
  const known = ids.size > 0 ? await lockIdentities(tx, part.place.topic, [...ids]) : new Map<string, Ranges>()
  return newIdentities(above, ({ record }) => record.body.producer, known)
}

function streamsOfFresh(part: LogPart, fresh: readonly LogItem[], labels: LabelMode) {
  return fresh.length === part.items.length ? part.streams : streamsOf(fresh, part.place.partition, labels)
}
