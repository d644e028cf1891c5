// Compact binary fields of a cursor: LEB128 integers (https://en.wikipedia.org/wiki/LEB128) and short texts.

/** Enough for most cursors; more is taken where it is needed. */
const FIRST_BYTES = 128
/** Of an integer of 64 bits. */
const INTEGER_BYTES = 10
const MAX_NUMBER = BigInt(Number.MAX_SAFE_INTEGER)

/** Appends fields to a byte list. Integers are of 64 bits. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  /** An integer from 0 to 2^63-1. */
  uint(value: bigint | number): this {
    this.#reserve(INTEGER_BYTES)
    let large = value
    while (typeof large === 'bigint' && large > MAX_NUMBER) {
      this.#bytes[this.#length++] = Number(large & 0x7fn) | 0x80
      large >>= 7n
    }
    // The rest as a number: each line of a live stream has a cursor, and BigInts take several times as long.
    let rest = Number(large)
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
    return this
  }

  /** A signed integer of 64 bits, small magnitudes short (zigzag). */
  int(value: bigint): this {
    return this.uint(value < 0n ? -value * 2n - 1n : value * 2n)
  }

  text(value: string): this {
    const length = Buffer.byteLength(value)
    this.uint(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(value, this.#length)
    return this
  }

  optionalInt(value: bigint | undefined): this {
    return value === undefined ? this.uint(0) : this.uint(1).int(value)
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#length)], 2 * needed)
  }
}

const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)

/** Reads the fields back, in the order in which they were written. Every method throws a RangeError on bytes that a writer can't have made. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  uint(): bigint {
    return this.uintUpTo(MAX_INT64)
  }

  int(): bigint {
    const zigzag = this.#varint()
    const value = zigzag & 1n ? -(zigzag + 1n) / 2n : zigzag / 2n
    if (value > MAX_INT64 || value < MIN_INT64) throw new RangeError('an integer is too large')
    return value
  }

  /** An integer from 0 to `maximum`. */
  uintUpTo(maximum: bigint): bigint {
    const value = this.#varint()
    if (value > maximum) throw new RangeError('a number is too large')
    return value
  }

  /** The same as a JS number. */
  small(maximum: number): number {
    return Number(this.uintUpTo(BigInt(maximum)))
  }

  text(maximum: number): string {
    const length = this.small(maximum)
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('the bytes end early')
    const text = new TextDecoder('utf-8', { fatal: true }).decode(this.#bytes.subarray(this.#at, end))
    this.#at = end
    // No name holds it, and no query of the store takes it.
    if (text.includes('\0')) throw new RangeError('a text holds the character 0')
    return text
  }

  optionalInt(): bigint | undefined {
    return this.small(1) === 1 ? this.int() : undefined
  }

  /** Refuses bytes that nobody has read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('bytes are left over')
  }

  #varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('the bytes end early')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('an integer is too large')
  }
}
