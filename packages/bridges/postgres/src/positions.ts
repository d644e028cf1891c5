// How far each partition is stored: the row that makes a delivery happen once.

import type { Sql, TransactionSql } from 'postgres'
import { RunlightError } from '@runlight/contracts/errors'

export interface TopicPartition {
  topic: string
  partition: number
  generation: string
}

interface PositionRow {
  generation: string
  next_offset: string
}

/** First offset that is not stored; undefined for a partition that was never stored. */
export async function readPosition(sql: Sql, partition: TopicPartition): Promise<bigint | undefined> {
  const [row] = await sql<PositionRow[]>`
    select generation, next_offset from positions
    where topic = ${partition.topic} and kafka_partition = ${partition.partition}`
  if (!row) return undefined
  assertGeneration(row, partition)
  return BigInt(row.next_offset)
}

/** Locks the position until the transaction ends; a second writer of the partition waits here. */
export async function lockPosition(tx: TransactionSql, partition: TopicPartition, first: bigint): Promise<bigint> {
  const row = (await selectForUpdate(tx, partition)) ?? (await insertPosition(tx, partition, first))
  assertGeneration(row, partition)
  return BigInt(row.next_offset)
}

export async function advancePosition(
  tx: TransactionSql,
  { topic, partition }: TopicPartition,
  nextOffset: bigint,
  lastAppendNanos: bigint,
): Promise<void> {
  await tx`
    update positions
    set next_offset = ${String(nextOffset)}, last_append_ns = ${String(lastAppendNanos)}, updated_at = now()
    where topic = ${topic} and kafka_partition = ${partition}`
}

async function selectForUpdate(tx: TransactionSql, { topic, partition }: TopicPartition) {
  const [row] = await tx<PositionRow[]>`
    select generation, next_offset from positions
    where topic = ${topic} and kafka_partition = ${partition} for update`
  return row
}

async function insertPosition(tx: TransactionSql, partition: TopicPartition, first: bigint): Promise<PositionRow> {
  await tx`
    insert into positions (topic, kafka_partition, generation, next_offset)
    values (${partition.topic}, ${partition.partition}, ${partition.generation}, ${String(first)})
    on conflict do nothing`
  return (await selectForUpdate(tx, partition)) as PositionRow
}

function assertGeneration(row: PositionRow, { topic, partition, generation }: TopicPartition): void {
  if (row.generation === generation) return
  throw new RunlightError(
    'RL_GENERATION_CHANGED',
    `${topic}/${partition} has the generation ${generation}, but the store holds offsets of ${row.generation}.`,
  )
}
