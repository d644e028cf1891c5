// Names that follow from where a refused record first lay, so that whatever is repeated has the same.

import { createHash } from 'node:crypto'
import type { SinkName } from './topics.ts'

/** Where a record first lay. */
export interface LetterOrigin {
  generation: string
  topic: string
  partition: number
  offset: bigint
}

/** The id of a dead letter: one for each sink and record, however often the sink refuses it. 22 characters of base64url. */
export function deadLetterId(sink: SinkName, { generation, topic, partition, offset }: LetterOrigin): string {
  return digest([sink, generation, topic, partition, String(offset)])
}

/** What one replay stream in Loki spans of original append time, in milliseconds. */
const SLOT_MS = 20 * 60_000

/**
 * The name of the replay that brings a letter back: the same each time, so that a letter replayed twice is one line in
 * Loki. Letters of one partition that were appended within the same 20 minutes share it: their effective times span at
 * most 50 minutes, so that in whatever order they are replayed none is too far behind for Loki (one hour).
 * @param appendedAt original append time, milliseconds since the epoch
 */
export function replayIdOf({ generation, topic, partition }: Omit<LetterOrigin, 'offset'>, appendedAt: number): string {
  return digest([generation, topic, partition, Math.floor(appendedAt / SLOT_MS)])
}

function digest(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}
