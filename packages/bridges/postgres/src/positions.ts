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

/**
 * How far this process has seen partitions to be stored. A standby that had not received everything when it was promoted
 * has lost what came last, its positions with it.
 */
export class KnownPositions {
  readonly #known = new Map<string, bigint>()

  /** The store was asked where the partition goes on, and is believed. */
  asked(partition: TopicPartition, next: bigint | undefined): void {
    if (next === undefined) this.#known.delete(keyOf(partition))
    else this.#known.set(keyOf(partition), next)
  }

  /** A transaction was committed after which everything below `next` is stored. */
  stored(partition: TopicPartition, next: bigint): void {
    if (next > (this.get(partition) ?? -1n)) this.#known.set(keyOf(partition), next)
  }

  get(partition: TopicPartition): bigint | undefined {
    return this.#known.get(keyOf(partition))
  }
}

function keyOf({ topic, partition, generation }: TopicPartition): string {
  return `${generation}/${topic}/${partition}`
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

/**
 * Locks the position until the transaction ends; a second writer of the partition waits here.
 * @param first where a partition begins that was never stored
 * @param known what this process has seen to be stored
 * @throws RunlightError RL_GENERATION_CHANGED, or RL_POSITION_WENT_BACK where the store has lost some of that: what
 *   follows must not be stored before it
 */
export async function lockPosition(
  tx: TransactionSql,
  partition: TopicPartition,
  first: bigint,
  known: bigint | undefined,
): Promise<bigint> {
  const found = await selectForUpdate(tx, partition)
  if (found) assertGeneration(found, partition)
  if (known !== undefined) assertNotBelow(found && BigInt(found.next_offset), known, partition)
  const row = found ?? (await insertPosition(tx, partition, first))
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

function assertNotBelow(next: bigint | undefined, known: bigint, { topic, partition }: TopicPartition): void {
  if (next !== undefined && next >= known) return
  const position = next === undefined ? 'no position any more' : `the position ${next}`
  throw new RunlightError(
    'RL_POSITION_WENT_BACK',
    `${topic}/${partition} was stored up to offset ${known}, but the store has ${position}. Was a standby promoted that had not received everything, a backup restored, or a new generation accepted meanwhile?`,
  )
}
