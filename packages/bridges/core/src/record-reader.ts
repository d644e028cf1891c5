// Reads the records of one record batch, piece by piece as they are decompressed
// (https://kafka.apache.org/documentation/#record).

import { recordBytes } from './memory.ts'
import type { BusRecord } from './sink.ts'

/**
 * What is read of a piece is a view on it, and holds all of it in memory: the whole answer to a fetch, or the whole buffer
 * that was decompressed into. Where that is more than this many times what is counted for the records, they are copied.
 */
const HELD_PER_COUNTED = 2

/** The head of a record needs no more: attributes, time, offset. */
const HEAD_BYTES = 16

export interface RecordReaderSettings {
  /** Offset of the batch. */
  base: bigint
  /** Records below this are skipped. */
  from: bigint
  /** Append time, where it is that of the batch; else each record has its own, counted from `firstTimestamp`. */
  appendedAt: number | undefined
  firstTimestamp: number
  /** A record above this many bytes is not taken into memory. */
  limit: number
  /** The header that is wanted of each record. */
  header: string | undefined
  /** Takes a record; false when no more are wanted. */
  take: (record: BusRecord) => boolean
}

export class RecordReader {
  readonly #settings: RecordReaderSettings
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0
  /** What has come since, until it is enough for the next record. */
  #pieces: Buffer[] = []
  #pending = 0
  #wanted = 0
  /** Bytes of a record too large that are still to come. */
  #toSkip = 0
  #enough = false
  /** Records taken of the buffer, and the bytes that are counted for them. */
  #taken: BusRecord[] = []
  #counted = 0
  /** Offset of the record after the last one that was read. */
  next: bigint

  constructor(settings: RecordReaderSettings) {
    this.#settings = settings
    this.next = settings.base
  }

  /** Reads the whole records in it, and keeps the rest for the next piece. False when no more is wanted. */
  read(piece: Buffer): boolean {
    const skipped = Math.min(this.#toSkip, piece.length)
    this.#toSkip -= skipped
    this.#pieces.push(piece.subarray(skipped))
    this.#pending += piece.length - skipped
    const rest = this.#buffer.subarray(this.#at)
    if (rest.length + this.#pending < this.#wanted) return true
    const [only] = this.#pieces
    this.#buffer =
      only && this.#pieces.length === 1 && rest.length === 0 ? alone(only) : Buffer.concat([rest, ...this.#pieces])
    this.#pieces = []
    this.#pending = 0
    this.#wanted = 0
    this.#at = 0
    while (!this.#enough && this.#record()) {
      // Goes on while there are whole records.
    }
    if (heldBy(this.#buffer) > HELD_PER_COUNTED * this.#counted) for (const record of this.#taken) copyOut(record)
    this.#taken = []
    this.#counted = 0
    return !this.#enough
  }

  /** False when the next record is not here yet as a whole. */
  #record(): boolean {
    const start = this.#at
    const available = this.#buffer.length - start
    if (available === 0 || (available < 5 && !this.#endsVarint(start))) return false
    const length = this.#varint()
    const body = this.#at
    const large = length > this.#settings.limit
    const needed = large ? Math.min(HEAD_BYTES, length) : length
    if (this.#buffer.length - body < needed) {
      this.#at = start
      this.#wanted = body - start + needed
      return false
    }
    this.#at += 1
    const delta = this.#varlong()
    const offset = this.#settings.base + BigInt(this.#varint())
    this.next = offset + 1n
    const appendedAt = this.#settings.appendedAt ?? this.#settings.firstTimestamp + delta
    if (large) return this.#skipLarge(body, length, offset, appendedAt)
    if (offset >= this.#settings.from) {
      const key = this.#bytes()
      const value = this.#bytes()
      const { header, take } = this.#settings
      const record: BusRecord = { offset, appendedAt, key, value }
      if (header !== undefined) record.origin = this.#header(header)
      this.#taken.push(record)
      this.#counted += recordBytes(record)
      if (!take(record)) this.#enough = true
    }
    this.#at = body + length
    return true
  }

  #skipLarge(body: number, length: number, offset: bigint, appendedAt: number): boolean {
    const end = body + length
    this.#toSkip = Math.max(0, end - this.#buffer.length)
    this.#at = Math.min(end, this.#buffer.length)
    const unreadable = { reason: 'too_large' as const, detail: `The record has ${length} bytes.` }
    const record = { offset, appendedAt, key: null, value: null, unreadable }
    if (offset >= this.#settings.from && !this.#settings.take(record)) this.#enough = true
    return this.#toSkip === 0
  }

  /** The last one of that name, as in Kafka's own clients. */
  #header(name: string): Buffer | null {
    let found: Buffer | null = null
    for (let count = this.#varint(); count > 0; count--) {
      const key = this.#bytes()
      const value = this.#bytes()
      if (key?.toString() === name) found = value
    }
    return found
  }

  #bytes(): Buffer | null {
    const length = this.#varint()
    if (length < 0) return null
    const start = this.#at
    this.#at = start + length
    return this.#buffer.subarray(start, this.#at)
  }

  #endsVarint(start: number): boolean {
    for (let at = start; at < this.#buffer.length; at++) if ((this.#buffer[at] as number) < 0x80) return true
    return false
  }

  /** Zigzag, up to 32 bits. */
  #varint(): number {
    let byte = this.#buffer[this.#at++] as number
    let value = byte & 0x7f
    for (let shift = 7; byte > 0x7f && shift < 35; shift += 7) {
      byte = this.#buffer[this.#at++] as number
      value |= (byte & 0x7f) << shift
    }
    return (value >>> 1) ^ -(value & 1)
  }

  /** Zigzag, up to 64 bits; exact as far as a time in milliseconds can go. */
  #varlong(): number {
    let value = 0
    let factor = 1
    for (let more = true; more; factor *= 128) {
      const byte = this.#buffer[this.#at++] as number
      value += (byte & 0x7f) * factor
      more = byte > 0x7f
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

/** Bytes that stay in memory as long as any view on the buffer does. */
function heldBy(buffer: Buffer): number {
  return buffer.buffer.byteLength
}

/** A piece that is a small part of what it lies in, as the batches of a fetch are, without the rest of it. */
function alone(piece: Buffer): Buffer {
  return heldBy(piece) > HELD_PER_COUNTED * piece.length ? copy(piece) : piece
}

/** Where most of a piece is not taken: skipped, too large, or headers that nobody wants. */
function copyOut(record: BusRecord): void {
  if (record.key) record.key = copy(record.key)
  if (record.value) record.value = copy(record.value)
  if (record.origin) record.origin = copy(record.origin)
}

function copy(bytes: Buffer): Buffer {
  // Not of the pool, which a single record would hold.
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return own
}
