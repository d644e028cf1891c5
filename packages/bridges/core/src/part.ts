// What a lane stores and acknowledges together.

import type { Origin } from './dead-letters.ts'
import { decodeBatch } from './decode.ts'
import { offsetAfter } from './sink.ts'
import type { BusRecord, PartitionBatch, TopicKind, Refusal } from './sink.ts'

export interface Part {
  /** One after the other. */
  deliveries: readonly {
    /** Where the records lie, or first lay. */
    origin: Origin
    /** Undefined where no record could be made out. */
    batch?: PartitionBatch
    refused: readonly Refusal[]
  }[]
  /** First offset after it on the topic that the lane consumes. */
  nextOffset: bigint
}

/** All records of a slice as one batch. */
export function wholePart(kind: TopicKind, origin: Origin, records: readonly BusRecord[]): Part {
  const last = records.at(-1) as BusRecord
  const nextOffset = offsetAfter(last)
  const frame = { ...origin, nextOffset, lastAppendedAt: last.appendedAt }
  return { deliveries: [{ origin, ...decodeBatch(kind, frame, records) }], nextOffset }
}
