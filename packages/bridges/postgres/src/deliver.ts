// One transaction for a batch of one partition, so that whatever is repeated is stored once.

import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres'
import { isOwnFault } from '@runlight/bridge-core/own-fault'
import type { DeliveryContext, DeliveryCounts, Refusal } from '@runlight/bridge-core/sink'
import { RunlightError } from '@runlight/contracts/errors'
import { isAborted } from './copy.ts'
import { lockIdentities, newIdentities, storeIdentities } from './identities.ts'
import type { WayIn } from './insert.ts'
import type { LogPartitions } from './log-partitions.ts'
import { halves, streamsOf, withoutItems } from './part.ts'
import type { EventItem, Item, LogItem, LogPart, Part } from './part.ts'
import { advancePosition, lockPosition } from './positions.ts'
import type { KnownPositions } from './positions.ts'
import { assertPassed, storedPlaces } from './replays.ts'
import { deliveryError, lacksPartition, refusesData, serverWords } from './store-error.ts'
import { insertEvents } from './store-events.ts'
import { markStored } from './store-letters.ts'
import { insertLogs } from './store-logs.ts'

export interface Store {
  sql: Sql
  partitions: LogPartitions
  positions: KnownPositions
  /** Told after each commit how far a partition is stored. */
  stored: (topic: string, partition: number, nextOffset: bigint) => void
  /** Told of each event that was stored. */
  storedEvent: (type: string) => void
}

/** Why the server refuses at least one record of a part; then nothing of it is stored. */
type Rejection = Pick<Refusal, 'reason' | 'detail'>

/**
 * Stores a part. Where the server refuses data, the part is halved until each record at fault is alone and can be
 * dead-lettered.
 */
export async function deliverPart(store: Store, part: Part, context: DeliveryContext): Promise<DeliveryCounts> {
  const outcome = await context.retrying(() => storePart(store, part, 'copy'))
  if (!('reason' in outcome)) return outcome
  const [only] = part.items
  if (part.items.length === 1 && only) {
    await context.refuse([{ record: only.record, ...outcome }])
    return deliverPart(store, withoutItems(part), context)
  }
  const [first, second] = halves(part)
  const before = await deliverPart(store, first, context)
  const after = await deliverPart(store, second, context)
  return { delivered: before.delivered + after.delivered, repeated: before.repeated + after.repeated }
}

async function storePart(
  store: Store,
  part: Part,
  way: WayIn,
  // Before anything is waited for: whoever takes the partition over meanwhile may ask for its position anew.
  known = store.positions.get(part.place),
): Promise<DeliveryCounts | Rejection> {
  const { topic, partition, nextOffset } = part.place
  try {
    if (part.kind === 'logs') await store.partitions.ensure(part.items.map(({ record }) => record.appendedAt))
    const fresh = await store.sql.begin((tx) => storeInTransaction(tx, store, part, way, known))
    if (!part.place.replay) {
      store.positions.stored(part.place, nextOffset)
      store.stored(topic, partition, nextOffset)
    }
    if (part.kind === 'events') for (const { event } of fresh as EventItem[]) store.storedEvent(event.event.type)
    return { delivered: fresh.length, repeated: part.items.length - fresh.length }
  } catch (cause) {
    if (cause instanceof RunlightError) throw cause
    if (lacksPartition(cause)) store.partitions.forget()
    if (way === 'copy' && isAborted(cause)) return storePart(store, part, 'insert', known)
    // Without records it is not their fault.
    if (part.items.length === 0) throw deliveryError(cause)
    if (refusesData(cause)) return { reason: 'refused', detail: serverWords(cause) }
    throw isOwnFault(cause) ? cause : deliveryError(cause)
  }
}

/** Gives the items that were new. */
async function storeInTransaction(
  tx: TransactionSql,
  store: Store,
  part: Part,
  way: WayIn,
  known: bigint | undefined,
): Promise<readonly Item[]> {
  const { place } = part
  const items: readonly Item[] = part.items
  if (place.replay) return storeReplay(tx, store, part, way)
  // Statements that are not awaited one by one go to the server together, in this order.
  const [next, identities] = await Promise.all([
    lockPosition(tx, place, items[0]?.record.offset ?? place.nextOffset, known),
    lockIdentities(tx, place.topic, producerIds(items)),
  ])
  if (place.nextOffset <= next) return []
  const above = items.filter(({ record }) => record.offset >= next)
  const { fresh, added } = newIdentities(above, ({ producer }) => producer, identities)
  const last = await insertItems(tx, store, part, fresh, way)
  await Promise.all([
    ...last,
    storeIdentities(tx, place.topic, added),
    advancePosition(tx, place, place.nextOffset, BigInt(place.lastAppendedAt) * 1_000_000n),
  ])
  return fresh
}

// Records that come back from the dead letters lie below the position: whether they are stored is told by their
// identity, and for a record without a producer by the row of its place.
async function storeReplay(tx: TransactionSql, store: Store, part: Part, way: WayIn): Promise<readonly Item[]> {
  const { place } = part
  const items: readonly Item[] = part.items
  await assertPassed(
    tx,
    place,
    items.map(({ record }) => record.offset),
  )
  const known = await lockIdentities(tx, place.topic, producerIds(items))
  const held = await storedPlaces(tx, part.kind, place, items.filter(isForeign))
  const absent = items.filter((item) => {
    if (!isForeign(item)) return true
    const { offset } = item.record
    return !held.has(offset) && held.add(offset)
  })
  const { fresh, added } = newIdentities(absent, ({ producer }) => producer, known)
  const last = await insertItems(tx, store, part, fresh, way)
  const { generation, topic, partition } = place
  const origins = items.map(({ record: { offset } }) => ({ generation, topic, partition, offset }))
  await Promise.all([...last, storeIdentities(tx, topic, added), markStored(tx, origins)])
  return fresh
}

function isForeign({ producer }: Item): boolean {
  return producer === undefined
}

function producerIds(items: readonly Item[]): string[] {
  return [...new Set(items.flatMap(({ producer }) => producer?.id ?? []))]
}

async function insertItems(
  tx: TransactionSql,
  store: Store,
  part: Part,
  fresh: readonly Item[],
  way: WayIn,
): Promise<PendingQuery<Row[]>[]> {
  if (part.kind === 'events') return insertEvents(tx, fresh as readonly EventItem[], way)
  const own = fresh as readonly LogItem[]
  const rows = own.map(({ row }) => row)
  return insertLogs(tx, rows, streamsOfFresh(part, own), way)
}

function streamsOfFresh(part: LogPart, fresh: readonly LogItem[]) {
  return fresh.length === part.items.length ? part.streams : streamsOf(fresh)
}
