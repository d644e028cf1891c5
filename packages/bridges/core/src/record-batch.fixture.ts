// Record batches as they lie on the bus, with what no client would write.

export interface BatchRecord {
  value: Buffer | string | null
  key?: string
  headers?: readonly (readonly [string, string])[]
  /** Offset within the batch, where compaction has left gaps. */
  delta?: number
}

export interface BatchSettings {
  base?: number
  /** Lowest three bits: codec; 8: append time; 16: of a transaction; 32: control. */
  attributes?: number
  firstTimestamp?: number
  maxTimestamp?: number
  producerId?: number
  compress?: (records: Buffer) => Buffer
}

export function recordBatch(records: readonly BatchRecord[], settings: BatchSettings = {}): Buffer {
  const { base = 0, attributes = 8, firstTimestamp = 1_000, maxTimestamp = 2_000, producerId = -1 } = settings
  const plain = Buffer.concat(records.map((record, index) => encodeRecord(record, index)))
  const body = settings.compress?.(plain) ?? plain
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(BigInt(base), 0)
  header.writeInt32BE(49 + body.length, 8)
  header.writeInt8(2, 16)
  header.writeInt16BE(attributes, 21)
  header.writeInt32BE(records.at(-1)?.delta ?? records.length - 1, 23)
  header.writeBigInt64BE(BigInt(firstTimestamp), 27)
  header.writeBigInt64BE(BigInt(maxTimestamp), 35)
  header.writeBigInt64BE(BigInt(producerId), 43)
  header.writeInt32BE(records.length, 57)
  return Buffer.concat([header, body])
}

function encodeRecord({ key, value, headers = [], delta }: BatchRecord, index: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(index),
    varint(delta ?? index),
    bytes(key ?? null),
    bytes(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [bytes(name), bytes(text)]),
  ])
  return Buffer.concat([varint(body.length), body])
}

function bytes(value: Buffer | string | null): Buffer {
  if (value === null) return varint(-1)
  const own = Buffer.from(value)
  return Buffer.concat([varint(own.length), own])
}

function varint(value: number): Buffer {
  const digits: number[] = []
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) digits.push((rest & 0x7f) | 0x80)
  return Buffer.from([...digits, rest])
}

const ZSTD_HEADER = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38])
const ZSTD_BLOCK = 128 * 1024
const RAW = 0
const REPEATED = 1

/** A zstd frame without real compression, but for runs of one byte: those take four bytes for 128 KiB. */
export function zstd(plain: Buffer): Buffer {
  const blocks: Buffer[] = [ZSTD_HEADER]
  for (let at = 0; at < plain.length; at += ZSTD_BLOCK) {
    const piece = plain.subarray(at, at + ZSTD_BLOCK)
    const same = piece.every((byte) => byte === piece[0])
    const last = at + ZSTD_BLOCK >= plain.length ? 1 : 0
    const head = Buffer.alloc(3)
    head.writeUIntLE(last | ((same ? REPEATED : RAW) << 1) | (piece.length << 3), 0, 3)
    blocks.push(head, same ? piece.subarray(0, 1) : piece)
  }
  return Buffer.concat(blocks)
}
