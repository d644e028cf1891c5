// A cursor as text: base64url of (version, kind, fields, seal).
//
// The seal is a checksum over the bytes and over the list that the cursor belongs to (its run, its filters, its
// direction), so that a cursor of another list, a mistyped or a cut one is refused instead of giving wrong pages.
// It keeps no secret: a cursor holds only places in a list that its reader may read anyway, and every instance of the
// API, also after a restart, has to understand it.

import { hash } from 'node:crypto'
import { RunlightError } from '@runlight/contracts/errors'
import { ByteReader } from './binary.ts'
import type { ByteWriter } from './binary.ts'

const VERSION = 1
/** Version and kind. */
const HEAD_BYTES = 2
const SEAL_BYTES = 6
/** Longest text that is looked at: a vector of 1,000 partitions fits. */
export const MAX_CURSOR_LENGTH = 24_000

/** What a cursor points into. The number is part of the cursor: never reuse one. */
export const CURSOR_KINDS = {
  runs: 1,
  trace: 2,
  logHistory: 3,
  logArrivals: 4,
  liveHistory: 5,
  liveArrivals: 6,
  deadLetters: 7,
} as const
export type CursorKind = keyof typeof CURSOR_KINDS

/** The list that a cursor belongs to: everything that must be the same in the next request, in a fixed order. */
export type ListIdentity = readonly (string | number | undefined)[]

/** Makes the text of a cursor from its fields. */
export function sealCursor(kind: CursorKind, fields: ByteWriter, list: ListIdentity): string {
  const own = fields.bytes()
  const listed = listText(list)
  const end = HEAD_BYTES + own.length
  // One piece of memory: each line of a live stream has a cursor. The seal is written over the list that it seals.
  const whole = Buffer.allocUnsafe(end + Math.max(listed.length, SEAL_BYTES))
  whole[0] = VERSION
  whole[1] = CURSOR_KINDS[kind]
  whole.set(own, HEAD_BYTES)
  whole.set(listed, end)
  whole.write(sealOf(whole.subarray(0, end + listed.length)), end, SEAL_BYTES, 'latin1')
  return whole.toString('base64url', 0, end + SEAL_BYTES)
}

/**
 * Reads a cursor of one of the given kinds. `read` takes the fields in the order in which they were written.
 * @throws RunlightError RL_CURSOR_INVALID for anything that this list did not give out
 */
export function openCursor<K extends CursorKind, T>(
  text: string,
  kinds: readonly K[],
  list: ListIdentity,
  read: (kind: K, fields: ByteReader) => T,
): T {
  const bytes = decode(text)
  const body = bytes.subarray(0, -SEAL_BYTES)
  const seal = sealOf(Buffer.concat([body, listText(list)])).slice(0, SEAL_BYTES)
  if (bytes.length < HEAD_BYTES + SEAL_BYTES || seal !== bytes.toString('latin1', body.length)) {
    throw refusal('it was changed on the way, or comes from another list (another run, other filters)')
  }
  const kind = kinds.find((candidate) => CURSOR_KINDS[candidate] === body[1])
  if (body[0] !== VERSION || kind === undefined) throw refusal('it is of another kind or version')
  try {
    const fields = new ByteReader(body.subarray(HEAD_BYTES))
    const value = read(kind, fields)
    fields.end()
    return value
  } catch (cause) {
    throw refusal('its fields cannot be read', cause)
  }
}

function decode(text: string): Buffer {
  if (text.length > MAX_CURSOR_LENGTH) throw refusal(`it is longer than ${MAX_CURSOR_LENGTH} characters`)
  const bytes = Buffer.from(text, 'base64url')
  // Node skips characters that do not belong and ignores unused bits: only the exact form is taken.
  if (bytes.toString('base64url') !== text) throw refusal('it is not base64url')
  return bytes
}

/** A character for each byte; the first SEAL_BYTES of them are the seal. */
function sealOf(bodyAndList: Uint8Array): string {
  return hash('sha256', bodyAndList, 'binary')
}

/** Each line of a live stream has a cursor of the same list. */
const listTexts = new WeakMap<ListIdentity, Buffer>()

function listText(list: ListIdentity): Buffer {
  const known = listTexts.get(list)
  if (known) return known
  const text = Buffer.from(JSON.stringify(list))
  listTexts.set(list, text)
  return text
}

/** The refusal of a cursor; `why` completes "The cursor cannot be used: …". */
export function refusal(why: string, cause?: unknown): RunlightError {
  return new RunlightError('RL_CURSOR_INVALID', `The cursor cannot be used: ${why}.`, { cause })
}
