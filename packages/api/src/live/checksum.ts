// Checksums of pieces that many streams get: each piece is summed up once, and every stream joins the sums to its own.

import { crc32 } from 'node:zlib'

/** CRC-32 of some bytes (https://www.rfc-editor.org/rfc/rfc1952#section-8), and what it takes to put them behind others. */
export interface Checksum {
  crc: number
  length: number
  /** x to the power of the number of bits, modulo the polynomial of the checksum; so are all polynomials here. */
  shift: number
}

export function checksumOf(bytes: Uint8Array): Checksum {
  return { crc: crc32(bytes), length: bytes.length, shift: shiftBy(bytes.length) }
}

/** The CRC-32 of bytes with others behind them, as zlib's crc32_combine reckons it. */
export function crcOfBoth(crc: number, { crc: next, shift }: Checksum): number {
  return (product(shift, crc) ^ next) >>> 0
}

/** Reversed: the highest bit is the one of x to the power of 0. */
const POLYNOMIAL = 0xedb8_8320
const ONE = 0x8000_0000

/** The product of two polynomials, modulo that of the checksum. */
function product(a: number, b: number): number {
  let sum = 0
  for (let bit = ONE, shifted = b; bit !== 0; bit >>>= 1) {
    if (a & bit) sum ^= shifted
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return sum >>> 0
}

/** x to the powers of 8, 16, 32 and so on: a byte, two bytes, four. */
const POWERS: number[] = []
for (let power = ONE >>> 8; POWERS.length < 32; power = product(power, power)) POWERS.push(power)

function shiftBy(bytes: number): number {
  let shift = ONE
  for (let rest = bytes, power = 0; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) shift = product(POWERS[power] as number, shift)
  }
  return shift
}
