// Dead letters, and the replays of them that others will store, in one transaction a batch.

import { decodeRecords } from '@runlight/bridge-core/decode'
import type { BusRecord, DeliveryCounts, RawBatch } from '@runlight/bridge-core/sink'
import { ReplayOrigin } from '@runlight/contracts/dead-letter'
import { RunlightError } from '@runlight/contracts/errors'
import { deadLetterId } from '@runlight/contracts/dead-letter-id'
import type { LetterOrigin } from '@runlight/contracts/dead-letter-id'
import type { LabelMode } from '@runlight/contracts/labels'
import { shape } from '@runlight/contracts/schema'
import { parseInstant } from '@runlight/contracts/time'
import type { Sql, TransactionSql } from 'postgres'
import type { LetterRow } from './letter-rows.ts'
import { streamShares, sumStreams } from './log-rows.ts'
import type { StreamRow } from './log-rows.ts'
import { advancePosition, lockPosition } from './positions.ts'
import type { KnownPositions } from './positions.ts'
import { deliveryError } from './store-error.ts'
import { upsertStreams } from './store-logs.ts'

export interface LetterStore {
  sql: Sql
  positions: KnownPositions
}

/** A letter that was stored for the first time. */
export type NewLetter = Pick<LetterRow, 'sink' | 'reason'>

/**
 * Runs `work` in a transaction, unless the partition's position has passed the batch; moves the position past it.
 * @throws DeliveryError, or RunlightError RL_GENERATION_CHANGED or RL_POSITION_WENT_BACK
 */
async function oncePerPosition<R>(
  { sql, positions }: LetterStore,
  batch: RawBatch,
  work: (tx: TransactionSql, above: readonly BusRecord[]) => Promise<R>,
): Promise<R | undefined> {
  const { topic, partition, generation, records, nextOffset, lastAppendedAt } = batch
  const place = { topic, partition, generation }
  // Before anything is waited for: whoever takes the partition over meanwhile may ask for its position anew.
  const known = positions.get(place)
  try {
    const done = await sql.begin(async (tx) => {
      const next = await lockPosition(tx, place, records[0]?.offset ?? nextOffset, known)
      if (nextOffset <= next) return undefined
      const result = await work(
        tx,
        records.filter(({ offset }) => offset >= next),
      )
      await advancePosition(tx, place, nextOffset, BigInt(lastAppendedAt) * 1_000_000n)
      return { result }
    })
    positions.stored(place, nextOffset)
    return done?.result
  } catch (cause) {
    throw cause instanceof RunlightError ? cause : deliveryError(cause)
  }
}

/**
 * Stores letters; what tells of a letter again counts its refusals. `rowsOf` must not fail. Gives the new ones.
 * @throws DeliveryError, or RunlightError RL_GENERATION_CHANGED or RL_POSITION_WENT_BACK
 */
export async function storeLetters(
  store: LetterStore,
  batch: RawBatch,
  rowsOf: (records: readonly BusRecord[]) => readonly LetterRow[],
): Promise<{ counts: DeliveryCounts; fresh: readonly NewLetter[] }> {
  const fresh = await oncePerPosition(store, batch, (tx, above) => upsertLetters(tx, rowsOf(above)))
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

/** What the Loki sink makes of records: needed to tell where a replay lies there. */
export interface LokiStreams {
  logTopic: string
  labels: LabelMode
}

/**
 * Notes which letters lie on Loki's replay topic, so that the API can tell from its group's committed offset what has
 * become of them, and, when a letter is replayed for the first time, the stream that its line goes to.
 * @throws DeliveryError, or RunlightError RL_GENERATION_CHANGED or RL_POSITION_WENT_BACK
 */
export async function noteReplays(store: LetterStore, batch: RawBatch, loki: LokiStreams): Promise<DeliveryCounts> {
  await oncePerPosition(store, batch, async (tx, above) => {
    const noted = replaysOf(above)
    if (noted.size === 0) return
    const ids = [...noted.keys()].sort()
    const rows = await tx<{ id: string; first: boolean }[]>`
      update dead_letters d
      set replays = d.replays + n.times, replay_offset = greatest(d.replay_offset, n.last)
      from unnest(
        ${ids}::text[], ${ids.map((id) => noted.get(id)?.times ?? 0)}::int[],
        ${ids.map((id) => String(noted.get(id)?.last.offset))}::bigint[]
      ) as n (id, times, last)
      where d.id = n.id
      returning d.id, d.replays = n.times as first`
    const firsts = rows.filter(({ first }) => first).map(({ id }) => noted.get(id) as Noted)
    const streams = streamsOfReplays(firsts, loki)
    if (streams.length > 0) await upsertStreams(tx, streams)
  })
  return { delivered: batch.records.length, repeated: 0 }
}

interface Noted {
  times: number
  last: BusRecord
  origin: ReplayOrigin
}

const replayOrigin = shape(ReplayOrigin)

/** By letter: how often the records replay it, and the last of them. */
function replaysOf(records: readonly BusRecord[]): Map<string, Noted> {
  const noted = new Map<string, Noted>()
  for (const record of records) {
    const origin = readOrigin(record)
    // What has no such header is Loki's sink to refuse.
    if (!origin) continue
    const id = deadLetterId('loki', { ...origin, offset: BigInt(origin.offset) })
    noted.set(id, { times: (noted.get(id)?.times ?? 0) + 1, last: record, origin })
  }
  return noted
}

function readOrigin({ origin: header }: BusRecord): ReplayOrigin | undefined {
  if (!header) return undefined
  try {
    const checked = replayOrigin.check(JSON.parse(header.toString('utf8')))
    return checked.ok ? checked.value : undefined
  } catch {
    return undefined
  }
}

function streamsOfReplays(replays: readonly Noted[], { logTopic, labels }: LokiStreams): StreamRow[] {
  // Replays of one name and partition may share a stream.
  const groups = new Map<string, { origin: ReplayOrigin; records: BusRecord[] }>()
  for (const { last, origin } of replays) {
    const appended = parseInstant(origin.appendedAt)
    if (origin.topic !== logTopic || !appended) continue
    const appendedAt = appended.seconds * 1000 + Math.floor(appended.nanos / 1_000_000)
    const key = `${origin.partition} ${origin.replayId}`
    const group = groups.get(key) ?? { origin, records: [] }
    group.records.push({ ...last, appendedAt })
    groups.set(key, group)
  }
  return [...groups.values()].flatMap(({ origin, records }) => {
    const { decoded } = decodeRecords('logs', records)
    return sumStreams(streamShares(decoded, origin.partition, labels, origin.replayId))
  })
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
