// What the store must know before it takes a record back from the dead letters.

import { DeliveryError } from '@runlight/bridge-core/sink'
import type { BusRecord, RecordKind } from '@runlight/bridge-core/sink'
import { foreignProducerId } from '@runlight/contracts/producer'
import type { TransactionSql } from 'postgres'
import type { TopicPartition } from './positions.ts'

/**
 * Locks the position of the partition where the records first lay, so that none of them is stored by its first way at
 * the same time. One that this way has not passed yet waits: it may still be stored there.
 * @throws DeliveryError
 */
export async function assertPassed(
  tx: TransactionSql,
  { topic, partition, generation }: TopicPartition,
  offsets: readonly bigint[],
): Promise<void> {
  const [row] = await tx<{ generation: string; next_offset: string }[]>`
    select generation, next_offset from positions
    where topic = ${topic} and kafka_partition = ${partition} for update`
  // Of an older life of the topic nothing comes any more.
  if (row?.generation !== generation) return
  const next = BigInt(row.next_offset)
  const early = offsets.find((offset) => offset >= next)
  if (early === undefined) return
  const message = `The replay of ${topic}/${partition} at offset ${early} waits until its first delivery has ended.`
  throw new DeliveryError('conflict', message)
}

/** Offsets of those records without a producer that are stored already. */
export async function storedPlaces(
  tx: TransactionSql,
  kind: RecordKind,
  { topic, partition, generation }: TopicPartition,
  items: readonly { record: BusRecord }[],
): Promise<Set<bigint>> {
  if (items.length === 0) return new Set()
  const times = items.map(({ record }) => new Date(record.appendedAt).toISOString())
  const offsets = items.map(({ record }) => String(record.offset))
  const rows = await tx<{ kafka_offset: string }[]>`
    select kafka_offset from ${tx(kind === 'logs' ? 'logs' : 'workflow_traces')}
    where (created_at, kafka_partition, kafka_offset) in (
        select created_at, ${partition}::int, kafka_offset
        from unnest(${times}::timestamptz[], ${offsets}::bigint[]) as wanted (created_at, kafka_offset))
      and producer_id = ${foreignProducerId({ generation, topic, partition, offset: 0n })}`
  return new Set(rows.map((row) => BigInt(row.kafka_offset)))
}
