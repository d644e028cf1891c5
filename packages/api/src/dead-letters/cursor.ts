// Place in the list of dead letters, newest first.

import { ByteWriter } from '../cursor/binary.ts'
import { openCursor, sealCursor } from '../cursor/sealed.ts'
import type { ListIdentity } from '../cursor/sealed.ts'

export interface LettersCursor {
  /** Append time of the first letter that told of it, microseconds since the epoch. */
  createdMicros: bigint
  id: string
}

export function sealLettersCursor({ createdMicros, id }: LettersCursor, list: ListIdentity): string {
  return sealCursor('deadLetters', new ByteWriter().int(createdMicros).text(id), list)
}

/** @throws RunlightError RL_CURSOR_INVALID */
export function openLettersCursor(text: string, list: ListIdentity): LettersCursor {
  return openCursor(text, ['deadLetters'], list, (_, fields) => ({
    createdMicros: fields.int(),
    id: fields.text(64),
  }))
}
