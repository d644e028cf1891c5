// The fields of each kind of cursor.

import { ByteWriter } from './binary.ts'
import type { ByteReader } from './binary.ts'
import { openCursor, sealCursor } from './sealed.ts'
import type { ListIdentity } from './sealed.ts'

/** Place in the list of runs, newest first. */
export interface RunsCursor {
  /** Append time of the run's first event, microseconds since the epoch. */
  createdMicros: bigint
  runId: string
  bounds: TimeBounds
}

export function sealRunsCursor({ createdMicros, runId, bounds }: RunsCursor, list: ListIdentity): string {
  const fields = new ByteWriter().uint(createdMicros).text(runId)
  return sealCursor('runs', fields.optionalInt(bounds.since).optionalInt(bounds.until), list)
}

export function openRunsCursor(text: string, list: ListIdentity): RunsCursor {
  return openCursor(text, ['runs'], list, (_, fields) => ({
    createdMicros: fields.uintUpTo(MAX_MILLIS * 1000n),
    runId: fields.text(2048),
    bounds: { since: fields.optionalInt(), until: fields.optionalInt() },
  }))
}

/** Place in the events of a run: the sequence number of the last event given; 0 before the first. */
export function sealTraceCursor(sequence: bigint, list: ListIdentity): string {
  return sealCursor('trace', new ByteWriter().uint(sequence), list)
}

export function openTraceCursor(text: string, list: ListIdentity): bigint {
  return openCursor(text, ['trace'], list, (_, fields) => fields.uint())
}

/** What a log line is ordered by in history: `effectiveTs`, then its place on the bus. */
export interface LogKey {
  effectiveNs: bigint
  partition: number
  offset: bigint
}

/** How far one partition was stored when the first page was read. */
export interface Stored {
  /** First offset that was not stored yet. */
  nextOffset: bigint
  /**
   * A record counts as newer only if it was also appended at or after this time (milliseconds since the epoch):
   * offsets of an earlier generation of the topic, which may be higher, belong to times before it.
   */
  sinceMs: number
}

/** How far each partition of the log topic was stored; the index is the partition. */
export interface PositionVector {
  /** Short digest of the topic's generation; '' where nothing was stored yet. */
  generation: string
  partitions: readonly (Stored | undefined)[]
  /** The same for a partition of which nothing was stored. */
  otherwise: Stored
}

/** The bounds of `since` and `until` as the first page resolved them, nanoseconds since the epoch; both inclusive. */
export interface TimeBounds {
  since: bigint | undefined
  until: bigint | undefined
}

/**
 * Place in the lines of a run. First comes the history: everything that was stored when the first page was read, in
 * the order of LogKey, between `after` and `end`. Then the arrivals: what was stored since, in the order of
 * (partition, offset), from the vector on. The two never overlap and together leave nothing out, however old the times
 * of arriving lines are.
 */
export type LogCursor =
  | { segment: 'history'; bounds: TimeBounds; vector: PositionVector; after: LogKey; end: LogKey; live?: LivePlace }
  | { segment: 'arrivals'; bounds: TimeBounds; vector: PositionVector; live?: LivePlace }

/** What the cursor of a live stream says besides: it is a cursor of lines all the same. */
export interface LivePlace {
  /** Sequence number of the last event given; 0 before the first. */
  events: bigint
  /** The stream has told its end. */
  done: boolean
}

const NOTHING_STORED: Stored = { nextOffset: 0n, sinceMs: 0 }

const MAX_PARTITIONS = 10_000
/** The end of the year 9999: later times are none that Postgres takes in this form. */
const MAX_MILLIS = 253_402_300_799_999n

export function sealLogCursor(cursor: LogCursor, list: ListIdentity): string {
  const { live } = cursor
  const fields = new ByteWriter()
  if (live) fields.uint(live.events).uint(live.done ? 1 : 0)
  fields.optionalInt(cursor.bounds.since).optionalInt(cursor.bounds.until)
  const { generation, partitions, otherwise } = cursor.vector
  fields.text(generation).uint(partitions.length)
  for (const stored of [...partitions, otherwise]) {
    // Next offset + 1, so that 0 can stand for a partition without a position.
    if (stored) fields.uint(stored.nextOffset + 1n).uint(stored.sinceMs)
    else fields.uint(0)
  }
  if (cursor.segment === 'arrivals') return sealCursor(live ? 'liveArrivals' : 'logArrivals', fields, list)
  for (const key of [cursor.after, cursor.end]) fields.int(key.effectiveNs).uint(key.partition).uint(key.offset)
  return sealCursor(live ? 'liveHistory' : 'logHistory', fields, list)
}

const LOG_CURSORS = ['logHistory', 'logArrivals', 'liveHistory', 'liveArrivals'] as const

export function openLogCursor(text: string, list: ListIdentity): LogCursor {
  return openCursor(text, LOG_CURSORS, list, (kind, fields) => {
    const isLive = kind === 'liveHistory' || kind === 'liveArrivals'
    const live = isLive && { live: { events: fields.uint(), done: fields.small(1) === 1 } }
    const bounds = { since: fields.optionalInt(), until: fields.optionalInt() }
    const generation = fields.text(64)
    const partitions = Array.from({ length: fields.small(MAX_PARTITIONS) }, () => readStored(fields))
    const vector = { generation, partitions, otherwise: readStored(fields) ?? NOTHING_STORED }
    const place = { bounds, vector, ...live }
    if (kind === 'logArrivals' || kind === 'liveArrivals') return { segment: 'arrivals', ...place }
    return { segment: 'history', ...place, after: readKey(fields), end: readKey(fields) }
  })
}

function readStored(fields: ByteReader): Stored | undefined {
  const next = fields.uint()
  return next === 0n ? undefined : { nextOffset: next - 1n, sinceMs: Number(fields.uintUpTo(MAX_MILLIS)) }
}

function readKey(fields: ByteReader): LogKey {
  return { effectiveNs: fields.int(), partition: fields.small(2_147_483_647), offset: fields.uint() }
}
