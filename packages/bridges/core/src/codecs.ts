// Compression that producers use, read piece by piece: a megabyte on the bus may be gigabytes of records, and no more of
// them than asked for may come into memory. kafkajs itself reads gzip only, and all of it at once.

import { createGunzip } from 'node:zlib'
import { Decompress as ZstdReader, decompress as unzstd } from 'fzstd'
import kafkajs from 'kafkajs'
import lz4 from 'lz4-napi'
import { uncompressSync as unsnap } from 'snappy'

/** Takes the next bytes; false when no more are wanted. */
export type Take = (bytes: Buffer) => boolean

/** Largest piece that is made in one go, where the format knows no smaller one. */
const PIECE_LIMIT_BYTES = 64 * 1024 * 1024

/** By the number that a record batch names it with (https://kafka.apache.org/documentation/#recordbatch). */
const READERS: Readonly<Record<number, (bytes: Buffer, take: Take) => void | Promise<void>>> = {
  1: gunzip,
  2: unsnappy,
  3: unlz4,
  4: unzstdPieces,
}

/**
 * Decompresses until all is taken, or no more is wanted.
 * @param codec lowest three bits of a record batch's attributes
 * @throws Error for an unknown codec, bytes that are none of it, or a piece above the limit
 */
export async function decompress(codec: number, bytes: Buffer, take: Take): Promise<void> {
  const read = READERS[codec]
  if (!read) throw new Error(`the codec ${codec} is not known`)
  await read(bytes, take)
}

async function gunzip(bytes: Buffer, take: Take): Promise<void> {
  const stream = createGunzip({ chunkSize: 128 * 1024 })
  stream.end(bytes)
  for await (const piece of stream) if (!take(piece as Buffer)) return
}

/** Java's snappy stream: this, two versions of four bytes, then blocks, each after its length in four bytes. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = XERIAL_MAGIC.length + 8

function unsnappy(bytes: Buffer, take: Take): void {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    take(snappyBlock(bytes))
    return
  }
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const start = at + 4
    at = start + bytes.readInt32BE(at)
    if (!take(snappyBlock(bytes.subarray(start, at)))) return
  }
}

function snappyBlock(bytes: Buffer): Buffer {
  let size = 0
  for (let index = 0, more = true; more && index < 5; index++) {
    const byte = bytes[index] ?? 0
    size += (byte & 0x7f) * 2 ** (7 * index)
    more = byte > 0x7f
  }
  assertPiece(size)
  const plain = unsnap(bytes)
  return typeof plain === 'string' ? Buffer.from(plain) : plain
}

const LZ4_HEADER_BYTES = 7
/** Version 1, independent blocks, no checksums, no sizes: what Kafka's clients write. */
const LZ4_PLAIN_FLAGS = 0x60
const LZ4_STORED = 0x80000000
const LZ4_END = Buffer.alloc(4)

// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
function unlz4(bytes: Buffer, take: Take): void {
  const flags = bytes.readUInt8(4)
  const header = LZ4_HEADER_BYTES + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  const trailer = flags & 0x10 ? 4 : 0
  const largest = 2 ** (8 + 2 * ((bytes.readUInt8(5) >> 4) & 7))
  const plain = flags === LZ4_PLAIN_FLAGS
  let blocks = 0
  for (let at = header; at + 4 <= bytes.length;) {
    const size = bytes.readUInt32LE(at)
    if (size === 0) break
    const start = at + 4
    const end = start + (size & 0x7fffffff)
    blocks++
    if (plain) {
      // A frame of this block alone.
      const frame = () => Buffer.concat([bytes.subarray(0, header), bytes.subarray(at, end), LZ4_END])
      const piece = size & LZ4_STORED ? bytes.subarray(start, end) : lz4.decompressFrameSync(frame())
      if (!take(piece)) return
    }
    at = end + trailer
  }
  if (plain) return
  // Its blocks may depend on one another.
  assertPiece(blocks * largest)
  take(lz4.decompressFrameSync(bytes))
}

const ENOUGH = Symbol('enough')

function unzstdPieces(bytes: Buffer, take: Take): void {
  const reader = new ZstdReader((piece) => {
    if (piece.length > 0 && !take(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))) throw ENOUGH
  })
  try {
    reader.push(bytes, true)
  } catch (cause) {
    if (cause !== ENOUGH) throw cause
  }
}

function assertPiece(size: number): void {
  if (size > PIECE_LIMIT_BYTES) throw new Error(`${size} bytes can only be decompressed in one piece`)
}

/** Teaches kafkajs' own consumers to read snappy, lz4 and zstd, for the whole process. Nothing here writes them. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = readingWith(inOnePiece(unsnappy))
  CompressionCodecs[CompressionTypes.LZ4] = readingWith((bytes) => lz4.decompressFrameSync(bytes))
  CompressionCodecs[CompressionTypes.ZSTD] = readingWith((bytes) => Buffer.from(unzstd(bytes)))
}

function inOnePiece(read: (bytes: Buffer, take: Take) => void): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const pieces: Buffer[] = []
    read(bytes, (piece) => pieces.push(piece) > 0)
    return Buffer.concat(pieces)
  }
}

function readingWith(read: (bytes: Buffer) => Buffer) {
  return () => ({
    compress: () => Promise.reject(new Error('This codec is for reading only.')),
    decompress: (bytes: Buffer) => Promise.resolve(read(bytes)),
  })
}
