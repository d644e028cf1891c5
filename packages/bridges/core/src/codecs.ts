// Compression that other producers use. kafkajs brings gzip only, and a consumer that meets a batch it has no codec for
// stops for good: one such record on a topic would hold up everything behind it.

import { decompress as unzstd } from 'fzstd'
import kafkajs from 'kafkajs'
import lz4 from 'lz4-napi'
import { uncompressSync as unsnap } from 'snappy'

/** Java's snappy stream: this, two versions of four bytes, then blocks, each after its length in four bytes. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = XERIAL_MAGIC.length + 8

/** Teaches kafkajs to read snappy, lz4 and zstd, for the whole process. Nothing here writes them. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = readingWith(unsnappy)
  CompressionCodecs[CompressionTypes.LZ4] = readingWith((bytes) => lz4.decompressFrameSync(bytes))
  CompressionCodecs[CompressionTypes.ZSTD] = readingWith((bytes) => Buffer.from(unzstd(bytes)))
}

function readingWith(decompress: (bytes: Buffer) => Buffer) {
  return () => ({
    compress: () => Promise.reject(new Error('This codec is for reading only.')),
    decompress: (bytes: Buffer) => Promise.resolve(decompress(bytes)),
  })
}

function unsnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return block(bytes)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const start = at + 4
    at = start + bytes.readInt32BE(at)
    blocks.push(block(bytes.subarray(start, at)))
  }
  return Buffer.concat(blocks)
}

function block(bytes: Buffer): Buffer {
  const plain = unsnap(bytes)
  return typeof plain === 'string' ? Buffer.from(plain) : plain
}
