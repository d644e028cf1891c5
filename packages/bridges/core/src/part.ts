// What a lane stores and acknowledges together.

import { offsetAfter } from './sink.ts'
import type { BusRecord, PartitionBatch, Refusal, TopicKind } from './sink.ts'

/** Where the records of a batch lie, or first lay, and how far they go. */
export type BatchFrame = Omit<PartitionBatch, 'kind' | 'records'>

/** Records of one place as they were taken from the bus: what a batch is made of, and can be made of again. */
export interface TakenBatch {
  kind: TopicKind
  frame: BatchFrame
  records: readonly BusRecord[]
}

export interface Part {
  /** Stored one after the other. */
  batches: readonly TakenBatch[]
  /** Records of the lane's own topic that belong to no batch. */
  broken: readonly Refusal[]
  /** First offset after it on the topic that the lane consumes. */
  nextOffset: bigint
}

/** All records of a slice as one batch. */
export function wholePart(
  kind: TopicKind,
  origin: Pick<BatchFrame, 'topic' | 'partition' | 'generation'>,
  records: readonly BusRecord[],
): Part {
  const last = records.at(-1) as BusRecord
  const nextOffset = offsetAfter(last)
  const frame = { ...origin, nextOffset, lastAppendedAt: last.appendedAt }
  return { batches: [{ kind, frame, records }], broken: [], nextOffset }
}

/** Two halves that follow one another; the batch must have two records or more. */
export function halvesOf({ kind, frame, records }: TakenBatch): [TakenBatch, TakenBatch] {
  const middle = records.length >> 1
  const border = records[middle] as BusRecord
  const last = records[middle - 1] as BusRecord
  const before = { ...frame, nextOffset: border.offset, lastAppendedAt: last.appendedAt }
  return [
    { kind, frame: before, records: records.slice(0, middle) },
    { kind, frame, records: records.slice(middle) },
  ]
}
