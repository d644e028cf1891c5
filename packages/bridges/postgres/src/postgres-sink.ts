// The Postgres sink: one transaction for a batch of one partition, so that whatever is repeated is stored once.

import type { Sql, TransactionSql } from 'postgres'
import type {
  DeliveryContext,
  DeliveryCounts,
  EventBatch,
  LogBatch,
  PartitionBatch,
  Refusal,
  Sink,
} from '@runlight/bridge-core/sink'
import { maybeUnrepresentable, unrepresentableField } from '@runlight/bridge-core/unrepresentable'
import { RunlightError } from '@runlight/contracts/errors'
import type { LabelMode } from '@runlight/contracts/labels'
import { METRICS } from '@runlight/contracts/metrics'
import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import { lockIdentities, newIdentities, storeIdentities } from './identities.ts'
import { LogPartitions } from './log-partitions.ts'
import { PositionNotifier } from './notifier.ts'
import { advancePosition, lockPosition, readPosition } from './positions.ts'
import { deliveryError, lacksPartition, refusesData, serverWords } from './store-error.ts'
import { insertEvents } from './store-events.ts'
import { insertLogs } from './store-logs.ts'

export interface PostgresSinkSettings {
  sql: Sql
  logTopic: string
  eventTopic: string
  /** Label set that the Loki sink uses: `log_stream` refers to its streams. */
  labels: LabelMode
  metrics: Metrics
  log: Log
}

type Record = PartitionBatch['records'][number]

export function createPostgresSink(settings: PostgresSinkSettings): Sink {
  const { sql, logTopic, eventTopic, labels, metrics, log } = settings
  const partitions = new LogPartitions(sql)
  const notifier = new PositionNotifier(sql, log)
  const events = metrics.counter(METRICS.traceEvents)
  for (const type of TRACE_EVENT_TYPES) events.inc({ type }, 0)
  const onStored = (batch: PartitionBatch, fresh: readonly Record[]) => {
    notifier.stored(batch.topic, batch.partition, batch.nextOffset)
    if (batch.kind === 'events') for (const { body } of fresh as EventBatch['records']) events.inc({ type: body.type })
  }
  const store = { sql, labels, partitions, onStored }
  return {
    name: 'postgres',
    topics: [
      { topic: logTopic, kind: 'logs' },
      { topic: eventTopic, kind: 'events' },
    ],
    position: async (partition) => {
      await partitions.ensureAhead(Date.now())
      return readPosition(sql, partition)
    },
    deliver: (batch, context) => deliver(store, batch, context),
    check: async () => {
      await sql`select 1`
    },
    close: async () => {
      await notifier.close()
      await sql.end({ timeout: 5 })
    },
  }
}

interface Store {
  sql: Sql
  labels: LabelMode
  partitions: LogPartitions
  onStored: (batch: PartitionBatch, fresh: readonly Record[]) => void
}

async function deliver(store: Store, batch: PartitionBatch, context: DeliveryContext): Promise<DeliveryCounts> {
  const { good, refused } = withoutUnrepresentable(batch)
  // Before the position passes them.
  if (refused.length > 0) await context.refuse(refused)
  return deliverPart(store, { ...batch, records: good } as PartitionBatch, context)
}

/** Stores a batch, halving it where the server refuses data, until each refused record is alone. */
async function deliverPart(store: Store, batch: PartitionBatch, context: DeliveryContext): Promise<DeliveryCounts> {
  const outcome = await context.retrying(() => storeBatch(store, batch))
  if (!('refusedWith' in outcome)) return outcome
  const [only] = batch.records
  if (batch.records.length === 1 && only) {
    await context.refuse([{ record: only, reason: 'refused', detail: outcome.refusedWith }])
    return deliverPart(store, { ...batch, records: [] }, context)
  }
  const [first, second] = halves(batch)
  const before = await deliverPart(store, first, context)
  const after = await deliverPart(store, second, context)
  return { delivered: before.delivered + after.delivered, repeated: before.repeated + after.repeated }
}

/** `refusedWith`: the server's words where it refuses the data of at least one record; then nothing is stored. */
async function storeBatch(store: Store, batch: PartitionBatch): Promise<DeliveryCounts | { refusedWith: string }> {
  try {
    if (batch.kind === 'logs') await store.partitions.ensure(batch.records.map((record) => record.appendedAt))
    const stored = await store.sql.begin((tx) => storeInTransaction(tx, store, batch))
    store.onStored(batch, stored)
    return { delivered: stored.length, repeated: batch.records.length - stored.length }
  } catch (cause) {
    if (cause instanceof RunlightError) throw cause
    if (lacksPartition(cause)) store.partitions.forget()
    // Without records it is not their fault.
    if (refusesData(cause) && batch.records.length > 0) return { refusedWith: serverWords(cause) }
    throw deliveryError(cause)
  }
}

/** Gives the records that were new. */
async function storeInTransaction(tx: TransactionSql, store: Store, batch: PartitionBatch): Promise<Record[]> {
  const first = batch.records[0]?.offset ?? batch.nextOffset
  const next = await lockPosition(tx, batch, first)
  if (batch.nextOffset <= next) return []
  const above = (batch.records as readonly Record[]).filter((record) => record.offset >= next)
  const identified = above.flatMap((record) => {
    const producer = record.body.producer
    return producer ? [{ producerId: producer.id, seq: producer.seq, record }] : []
  })
  const ids = [...new Set(identified.map(({ producerId }) => producerId))]
  const known = ids.length > 0 ? await lockIdentities(tx, batch.topic, ids) : new Map<string, never>()
  const { fresh, added } = newIdentities(identified, known)
  const kept = new Set(fresh.map(({ record }) => record))
  // A record without a producer is known by where it lies, and the position has decided on that.
  const records = above.filter((record) => !record.body.producer || kept.has(record))
  if (batch.kind === 'logs') await insertLogs(tx, batch, records as LogBatch['records'], store.labels)
  else await insertEvents(tx, batch, records as EventBatch['records'])
  await Promise.all([
    storeIdentities(tx, batch.topic, added),
    advancePosition(tx, batch, batch.nextOffset, BigInt(batch.lastAppendedAt) * 1_000_000n),
  ])
  return records
}

function withoutUnrepresentable(batch: PartitionBatch): { good: Record[]; refused: Refusal[] } {
  const good: Record[] = []
  const refused: Refusal[] = []
  for (const record of batch.records) {
    const detail = maybeUnrepresentable(record.text) ? unrepresentableField(record.body, { nul: true }) : undefined
    if (detail) refused.push({ record, reason: 'unrepresentable', detail })
    else good.push(record)
  }
  return { good, refused }
}

function halves(batch: PartitionBatch): [PartitionBatch, PartitionBatch] {
  const middle = batch.records.length >> 1
  const border = batch.records[middle] as Record
  const last = batch.records[middle - 1] as Record
  return [
    {
      ...batch,
      records: batch.records.slice(0, middle),
      nextOffset: border.offset,
      lastAppendedAt: last.appendedAt,
    } as PartitionBatch,
    { ...batch, records: batch.records.slice(middle) } as PartitionBatch,
  ]
}
