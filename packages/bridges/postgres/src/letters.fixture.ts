// Dead letters and replays as they lie on the bus.

import type { BusRecord, RawBatch } from '@runlight/bridge-core/sink'
import type { DeadLetter, ReplayOrigin } from '@runlight/contracts/dead-letter'

export interface RawPlace {
  topic?: string
  generation?: string
  /** Offset of the first record. */
  from?: number
  /** Append time of all records, milliseconds since the epoch. */
  appendedAt?: number
}

type RawRecord = Partial<Omit<BusRecord, 'offset' | 'appendedAt'>>

export function rawBatch(records: readonly RawRecord[], place: RawPlace = {}): RawBatch {
  const { topic = 'telemetry.dlq', generation = 'generation-1', from = 0, appendedAt = Date.now() } = place
  return {
    kind: 'raw',
    ...{ topic, partition: 0, generation, lastAppendedAt: appendedAt },
    records: records.map((record, index) => ({
      ...{ key: null, value: null, appendedAt },
      ...record,
      offset: BigInt(from + index),
    })),
    nextOffset: BigInt(from + records.length),
  }
}

export const ORIGIN = {
  generation: 'generation-1',
  topic: 'telemetry.logs',
  partition: 2,
  offset: '41',
  appendedAt: '2026-03-01T12:00:00.250Z',
}

/** A letter of Loki's, of the record at ORIGIN. */
export function deadLetter(extra: Partial<DeadLetter> = {}, value = '{"broken": '): DeadLetter {
  return {
    schemaVersion: 1,
    sink: 'loki',
    reason: 'json',
    detail: 'The value is not JSON',
    origin: ORIGIN,
    key: Buffer.from('run-1').toString('base64'),
    value: Buffer.from(value).toString('base64'),
    valueBytes: Buffer.byteLength(value),
    failedAt: '2026-03-01T12:00:01Z',
    ...extra,
  }
}

export function letterRecord(letter: object): RawRecord {
  return { key: Buffer.from('key'), value: Buffer.from(JSON.stringify(letter)) }
}

/** A record on a replay topic. */
export function replayRecord(origin: Partial<ReplayOrigin> = {}): RawRecord {
  const header = { ...ORIGIN, replayId: 'replay-1', ...origin }
  return { key: Buffer.from('run-1'), value: Buffer.from('{}'), origin: Buffer.from(JSON.stringify(header)) }
}
