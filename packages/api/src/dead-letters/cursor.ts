// Place in the list of dead letters, newest first.

import type { TimeBounds } from '../cursor/cursors.ts'
import { ByteWriter } from '../cursor/binary.ts'
import { openCursor, sealCursor } from '../cursor/sealed.ts'
import type { ListIdentity } from '../cursor/sealed.ts'

export interface LettersCursor {
  /** Append time of the first letter that told of it, microseconds since the epoch. */
  createdMicros: bigint
  id: string
  bounds: TimeBounds
}

export function sealLettersCursor({ createdMicros, id, bounds }: LettersCursor, list: ListIdentity): string {
  const fields = new ByteWriter().int(createdMicros).text(id)
  return sealCursor('deadLetters', fields.optionalInt(bounds.since).optionalInt(bounds.until), list)
}

/** @throws RunlightError RL_CURSOR_INVALID */
export function openLettersCursor(text: string, list: ListIdentity): LettersCursor {
  return openCursor(text, ['deadLetters'], list, (_, fields) => ({
    createdMicros: fields.int(),
    id: fields.text(64),
    bounds: { since: fields.optionalInt(), until: fields.optionalInt() },
  }))
}
