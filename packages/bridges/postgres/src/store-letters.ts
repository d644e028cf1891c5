// Dead letters, and the replays of them that others will store, in one transaction a batch.

import type { BusRecord, DeliveryCounts, RawBatch } from '@runlight/bridge-core/sink'
import { ReplayOrigin } from '@runlight/contracts/dead-letter'
import { RunlightError } from '@runlight/contracts/errors'
import { deadLetterId } from '@runlight/contracts/dead-letter-id'
import type { LetterOrigin } from '@runlight/contracts/dead-letter-id'
import { shape } from '@runlight/contracts/schema'
import type { SinkName } from '@runlight/contracts/topics'
import type { Sql, TransactionSql } from 'postgres'
import type { LetterRow } from './letter-rows.ts'
import { advancePosition, lockPosition } from './positions.ts'
import { deliveryError } from './store-error.ts'

/** A letter that was stored for the first time. */
export type NewLetter = Pick<LetterRow, 'sink' | 'reason'>

/**
 * Runs `work` in a transaction, unless the partition's position has passed the batch; moves the position past it.
 * @throws DeliveryError, or RunlightError RL_GENERATION_CHANGED
 */
async function oncePerPosition<R>(
  sql: Sql,
  batch: RawBatch,
  work: (tx: TransactionSql, above: readonly BusRecord[]) => Promise<R>,
): Promise<R | undefined> {
  const { topic, partition, generation, records, nextOffset, lastAppendedAt } = batch
  const place = { topic, partition, generation }
  try {
    const done = await sql.begin(async (tx) => {
      const next = await lockPosition(tx, place, records[0]?.offset ?? nextOffset)
      if (nextOffset <= next) return undefined
      const result = await work(
        tx,
        records.filter(({ offset }) => offset >= next),
      )
      await advancePosition(tx, place, nextOffset, BigInt(lastAppendedAt) * 1_000_000n)
      return { result }
    })
    return done?.result
  } catch (cause) {
    throw cause instanceof RunlightError ? cause : deliveryError(cause)
  }
}

/**
 * Stores letters; what tells of a letter again counts its refusals. `rowsOf` must not fail. Gives the new ones.
 * @throws DeliveryError, or RunlightError RL_GENERATION_CHANGED
 */
export async function storeLetters(
  sql: Sql,
  batch: RawBatch,
  rowsOf: (records: readonly BusRecord[]) => readonly LetterRow[],
): Promise<{ counts: DeliveryCounts; fresh: readonly NewLetter[] }> {
  const fresh = await oncePerPosition(sql, batch, (tx, above) => upsertLetters(tx, rowsOf(above)))
  const delivered = fresh?.length ?? 0
  return { counts: { delivered, repeated: batch.records.length - delivered }, fresh: fresh ?? [] }
}

async function upsertLetters(tx: TransactionSql, rows: readonly LetterRow[]): Promise<NewLetter[]> {
  if (rows.length === 0) return []
  const stored = await tx<(NewLetter & { fresh: boolean })[]>`
    insert into dead_letters (
      id, sink, reason, detail, generation, topic, kafka_partition, kafka_offset, appended_at, key, key_bytes, value,
      value_bytes, failed_at, refusals, refused_offset, created_at)
    select id, sink, reason, detail, generation, topic, kafka_partition, kafka_offset, appended_at,
      decode(key, 'base64'), key_bytes, decode(value, 'base64'), value_bytes, failed_at, refusals, refused_offset,
      created_at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as n (
      id text, sink text, reason text, detail text, generation text, topic text, kafka_partition int,
      kafka_offset bigint, appended_at timestamptz, key text, key_bytes int, value text, value_bytes bigint,
      failed_at timestamptz, refusals int, refused_offset bigint, created_at timestamptz)
    order by id
    on conflict (id) do update set
      reason = excluded.reason,
      detail = excluded.detail,
      failed_at = greatest(dead_letters.failed_at, excluded.failed_at),
      refusals = dead_letters.refusals + excluded.refusals,
      refused_offset = greatest(dead_letters.refused_offset, excluded.refused_offset)
    returning sink, reason, xmax = 0 as fresh`
  return stored.filter(({ fresh }) => fresh)
}

/**
 * Notes which letters lie on another sink's replay topic, so that the API can tell from that sink's committed offset
 * what has become of them.
 * @throws DeliveryError, or RunlightError RL_GENERATION_CHANGED
 */
export async function noteReplays(sql: Sql, batch: RawBatch, sink: SinkName): Promise<DeliveryCounts> {
  await oncePerPosition(sql, batch, async (tx, above) => {
    const noted = replaysOf(above, sink)
    if (noted.size === 0) return
    const ids = [...noted.keys()].sort()
    await tx`
      update dead_letters d
      set replays = d.replays + n.times, replay_offset = greatest(d.replay_offset, n.last)
      from unnest(
        ${ids}::text[], ${ids.map((id) => noted.get(id)?.times ?? 0)}::int[],
        ${ids.map((id) => String(noted.get(id)?.last))}::bigint[]
      ) as n (id, times, last)
      where d.id = n.id`
  })
  return { delivered: batch.records.length, repeated: 0 }
}

const replayOrigin = shape(ReplayOrigin)

/** By letter: how many of the records replay it, and where the last of them lies. */
function replaysOf(records: readonly BusRecord[], sink: SinkName): Map<string, { times: number; last: bigint }> {
  const noted = new Map<string, { times: number; last: bigint }>()
  for (const { origin: header, offset: last } of records) {
    const origin = header && readOrigin(header)
    // What has no such header is that sink's to refuse.
    if (!origin) continue
    const id = deadLetterId(sink, origin)
    noted.set(id, { times: (noted.get(id)?.times ?? 0) + 1, last })
  }
  return noted
}

function readOrigin(header: Buffer): LetterOrigin | undefined {
  try {
    const checked = replayOrigin.check(JSON.parse(header.toString('utf8')))
    if (!checked.ok) return undefined
    const { generation, topic, partition, offset } = checked.value
    return { generation, topic, partition, offset: BigInt(offset) }
  } catch {
    return undefined
  }
}

/** Notes, within the transaction that stores them, that replays have brought these letters home. */
export async function markStored(tx: TransactionSql, origins: readonly LetterOrigin[]): Promise<void> {
  const times = new Map<string, number>()
  for (const origin of origins) {
    const id = deadLetterId('postgres', origin)
    times.set(id, (times.get(id) ?? 0) + 1)
  }
  const ids = [...times.keys()].sort()
  await tx`
    update dead_letters d set replays = d.replays + n.times, stored_at = coalesce(d.stored_at, now())
    from unnest(${ids}::text[], ${ids.map((id) => times.get(id) ?? 0)}::int[]) as n (id, times)
    where d.id = n.id`
}
