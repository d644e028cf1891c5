// Where an assigned partition goes on, and what retention has taken in the meantime.

import { RunlightError } from '@runlight/contracts/errors'
import type { AssignedPartition } from './sink.ts'

export interface Committed {
  offset: bigint
  /** Generation that was committed beside the offset; empty for offsets that others have set. */
  generation: string
}

export interface StartPosition {
  start: bigint
  /** Records between the position and the first one that the bus still has. */
  overtaken: bigint
  /** The committed offset belongs to an older life of the topic. */
  stale: boolean
}

/**
 * The store's own position comes first; a store without one goes on at the group's committed offset, or at the first
 * record that the bus has. kafkajs itself would silently jump to a default offset where its own is out of range.
 * @throws RunlightError RL_LOG_END_BELOW_POSITION
 */
export function startPosition(
  partition: AssignedPartition,
  stored: bigint | undefined,
  committed: Committed | undefined,
): StartPosition {
  const stale = stored === undefined && committed !== undefined && !sameGeneration(partition, committed)
  const position = stored ?? (stale ? undefined : committed?.offset)
  if (position === undefined) return { start: partition.low, overtaken: 0n, stale }
  if (position > partition.high) {
    throw new RunlightError(
      'RL_LOG_END_BELOW_POSITION',
      `${partition.topic}/${partition.partition} ends at offset ${partition.high}, but everything up to offset ${position} is already stored.`,
    )
  }
  if (position < partition.low) return { start: partition.low, overtaken: partition.low - position, stale }
  return { start: position, overtaken: 0n, stale }
}

function sameGeneration({ generation }: AssignedPartition, committed: Committed): boolean {
  return committed.generation === '' || committed.generation === generation
}
