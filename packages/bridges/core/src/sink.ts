// What a sink is: the one thing that differs between bridges.

import type { DeadLetterReason } from '@runlight/contracts/dead-letter'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { EffectiveTime, Instant } from '@runlight/contracts/time'
import { replayTopic } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import type { TraceEvent } from '@runlight/contracts/trace-event'

/** What the records of a topic are. */
export type RecordKind = 'logs' | 'events'

/** How the records of a topic reach a sink: decoded and checked, or as they lie on the bus, for the sink alone to read. */
export type TopicKind = RecordKind | 'raw'

/** A record as it lies on the bus. */
export interface BusRecord {
  offset: bigint
  /** Append time, milliseconds since the epoch. */
  appendedAt: number
  key: Buffer | null
  value: Buffer | null
  /** The header `runlight-origin` as it lies on the bus, where the record has one: of raw and replay topics. */
  origin?: Buffer | null
  /** Where it lay on the sink's replay topic, where it came back from there. */
  replayOffset?: bigint
  /** Set where it could not be read; key and value are null then. */
  unreadable?: Unreadable
}

/** Why records could not be taken from the bus. */
export interface Unreadable {
  reason: DeadLetterReason
  detail: string
  /** Offset of the last record that it stands for, where it stands for several. */
  last?: bigint
}

/** First offset after a record. */
export function offsetAfter({ offset, unreadable }: BusRecord): bigint {
  return (unreadable?.last ?? offset) + 1n
}

/** A record that has the shape of its topic. */
export interface DecodedRecord<T> extends BusRecord {
  /** The record as it was taken from the bus: what is worth keeping while the store works. */
  bus: BusRecord
  value: Buffer
  /** The value as text: exactly its bytes. */
  text: string
  body: T
  own: Instant
  effective: EffectiveTime
}

/** Records that a sink had refused and that come back to it, through its replay topic. */
export interface Replay {
  /** Names the replay: `[A-Za-z0-9_-]{1,64}`. */
  id: string
}

interface BatchOf<K extends TopicKind, R extends BusRecord> {
  kind: K
  topic: string
  partition: number
  /** Generation of the topic that the offsets belong to. */
  generation: string
  /** In the order of their offsets; may have gaps where records were dead-lettered. A replay keeps its own order. */
  records: readonly R[]
  /** First offset after the batch, dead-lettered records included. */
  nextOffset: bigint
  /** Append time of the last record taken from the bus for this batch, milliseconds since the epoch. */
  lastAppendedAt: number
  /**
   * Set where the records come back from the dead letters. Topic, generation, offsets and append times are then those
   * of the originals, so that identity and effective time are too: they lie below what the store has passed, perhaps in
   * an older life of the topic. So a store's position must neither be asked about them nor be moved by them: their
   * identity alone tells whether they are stored already.
   */
  replay?: Replay
}
export type LogBatch = BatchOf<'logs', DecodedRecord<LogEntry>>
export type EventBatch = BatchOf<'events', DecodedRecord<TraceEvent>>
export type RawBatch = BatchOf<'raw', BusRecord>
/** A batch whose records are decoded. */
export type RecordBatch = LogBatch | EventBatch
export type PartitionBatch = RecordBatch | RawBatch

/** A record that a store refuses for good, with the store's own words. */
export interface Refusal {
  record: BusRecord
  reason: DeadLetterReason
  detail: string
}

export interface DeliveryContext {
  /** Aborted when the partition is taken away or the process ends; a delivery may then reject. */
  signal: AbortSignal
  /**
   * Writes dead letters and resolves once the bus has acknowledged them. Must be awaited before anything past these
   * records is made permanent. Rejects when the partition is not ours any more.
   */
  refuse: (refusals: readonly Refusal[]) => Promise<void>
  /** Repeats `work` with full jitter until it succeeds; a DeliveryError names the reason that is counted and logged. */
  retrying: <R>(work: () => Promise<R>) => Promise<R>
}

/** How many records of a batch were newly stored, and how many were there already. */
export interface DeliveryCounts {
  delivered: number
  repeated: number
}

/**
 * Stores one batch and resolves once the store has acknowledged every record that was not refused. Deliveries of one
 * partition follow one another; those of several run side by side. When it rejects, it is called again, unless it rejects
 * with a RunlightError: then the process must end.
 */
export type Delivery = (context: DeliveryContext) => Promise<DeliveryCounts>

export interface AssignedPartition {
  topic: string
  partition: number
  generation: string
  /** First offset that the bus still has. */
  low: bigint
  /** First offset that the bus does not have yet. */
  high: bigint
}

export interface Sink {
  name: SinkName
  /** Topics it takes, and what their records are. */
  topics: readonly { topic: string; kind: TopicKind }[]
  /**
   * Where the store itself says that a partition goes on; undefined when it knows nothing of it.
   * A sink without this goes on at the group's committed offset.
   * @throws RunlightError when the partition can't be continued (another generation, the log ends too early)
   */
  position?: (partition: AssignedPartition) => Promise<bigint | undefined>
  /** Age above which the store takes no record, in milliseconds; left out where there is no such age. */
  ageLimitMillis?: number
  /**
   * Does what can be done without the store, while the batch before is under way, and gives what stores the batch.
   * Must not fail.
   */
  prepare: (batch: PartitionBatch) => Delivery
  /** Can the store be reached? Rejects with the reason when not. */
  check: () => Promise<void>
  close: () => Promise<void>
}

/** The sink's own topics, and the one on which what it had refused comes back. */
export function consumedTopics({ name, topics }: Pick<Sink, 'name' | 'topics'>): string[] {
  return [...topics.map(({ topic }) => topic), replayTopic(name)]
}

export const FAILURE_REASONS = [
  'unreachable',
  'timeout',
  'rate_limited',
  'server_error',
  'not_authorised',
  'conflict',
  'other',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** A delivery that failed for a reason that is not the records' fault, and will be repeated. */
export class DeliveryError extends Error {
  readonly reason: FailureReason
  /** How long the store asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(reason: FailureReason, message: string, options?: ErrorOptions & { retryAfter?: number | undefined }) {
    super(message, options)
    this.name = 'DeliveryError'
    this.reason = reason
    this.retryAfter = options?.retryAfter
  }
}
