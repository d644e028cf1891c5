// A place in the order in which the lines and events of a subject are stored.

import type { PositionVector, Stored } from '../cursor/cursors.ts'
import { storedIn } from '../store/positions.ts'

/** Everything before it has been given: lines below the vector, events up to the sequence number. */
export interface Place {
  vector: PositionVector
  events: bigint
}

/** Has `one` reached `other` in every partition, and in the events? */
export function reaches(one: Place, other: Place): boolean {
  if (one.events < other.events) return false
  return other.vector.partitions.every(
    (stored, partition) => !stored || storedIn(one.vector, partition).nextOffset >= stored.nextOffset,
  )
}

/** The later of both in every partition, and in the events. */
export function furthest(one: Place, other: Place): Place {
  const length = Math.max(one.vector.partitions.length, other.vector.partitions.length)
  const partitions = Array.from({ length }, (_, partition): Stored | undefined => {
    const [a, b] = [one.vector.partitions[partition], other.vector.partitions[partition]]
    return a && b ? (a.nextOffset >= b.nextOffset ? a : b) : (a ?? b)
  })
  return {
    vector: { ...one.vector, partitions },
    events: one.events > other.events ? one.events : other.events,
  }
}

/** The vector with another next offset in one partition. */
export function withOffset(vector: PositionVector, partition: number, nextOffset: bigint): PositionVector {
  const partitions = Array.from(vector.partitions)
  partitions[partition] = { ...storedIn(vector, partition), nextOffset }
  return { ...vector, partitions }
}
