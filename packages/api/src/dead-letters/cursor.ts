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

/** The years 1 to 9999: later and earlier times are none that Postgres takes in this form. */
const EARLIEST_MICROS = -62_135_596_800_000_000n
const LATEST_MICROS = 253_402_300_799_999_999n

/** @throws RunlightError RL_CURSOR_INVALID */
export function openLettersCursor(text: string, list: ListIdentity): LettersCursor {
  return openCursor(text, ['deadLetters'], list, (_, fields) => ({
    createdMicros: withinYears(fields.int()),
    id: fields.text(64),
    bounds: { since: fields.optionalInt(), until: fields.optionalInt() },
  }))
}

function withinYears(micros: bigint): bigint {
  if (micros < EARLIEST_MICROS || micros > LATEST_MICROS) throw new RangeError('a time is too far off')
  return micros
}
