// The record batches of one partition in the answer to a fetch
// (https://kafka.apache.org/documentation/#recordbatch).

import { decompress } from './codecs.ts'
import { recordBytes } from './memory.ts'
import { RecordReader } from './record-reader.ts'
import type { BusRecord, Unreadable } from './sink.ts'

/** What a fetch brought of one partition, as far as it was read. */
export interface FetchedRecords {
  records: BusRecord[]
  /** Where to go on: first offset that was not read. */
  nextOffset: bigint
}

export interface FetchedPartition {
  bytes: Buffer
  /** The offset that was asked for. */
  from: bigint
  aborted: readonly AbortedTransaction[]
  /** The header that is wanted of each record. */
  header: string | undefined
  limits: FetchLimits
}

export interface FetchLimits {
  /** No more is read once the records take this many bytes; one record is always read. */
  bytes: number
  /** A record above this is not taken into memory, whatever it was compressed to. */
  recordBytes: number
  /**
   * A compressed batch is read through in pieces, from its start for each fetch that takes a part of it; what lies
   * behind this many bytes is not read any more.
   */
  batchBytes: number
}

export interface AbortedTransaction {
  producerId: bigint
  firstOffset: bigint
}

const HEADER_BYTES = 61
/** Offset and length, which older formats have too. */
const FRAME_BYTES = 12
const COMPRESSION = 0x07
const APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/**
 * Reads up to the limit. What can't be read is given as one record that says so, in the place of all records of its
 * batch that are left.
 */
export async function readRecordBatches(fetched: FetchedPartition): Promise<FetchedRecords> {
  const { bytes, from, limits } = fetched
  const found: FetchedRecords = { records: [], nextOffset: from }
  const aborted = new AbortedProducers(fetched.aborted)
  let held = 0
  const take = (record: BusRecord): boolean => {
    found.records.push(record)
    held += recordBytes(record)
    return held < limits.bytes
  }
  for (let at = 0; at + FRAME_BYTES <= bytes.length && held < limits.bytes;) {
    const end = at + FRAME_BYTES + bytes.readInt32BE(at + 8)
    // The last one may be cut off where the broker's answer was full.
    if (end > bytes.length) break
    const batch = bytes.subarray(at, end)
    at = end
    await readBatch(batch, fetched, aborted, take, found)
  }
  return found
}

async function readBatch(
  batch: Buffer,
  { from, header, limits }: FetchedPartition,
  aborted: AbortedProducers,
  take: (record: BusRecord) => boolean,
  found: FetchedRecords,
): Promise<void> {
  const base = batch.readBigInt64BE(0)
  if (batch.readInt8(16) !== 2) {
    // Its offset is that of its last record.
    const unreadable = unreadableAs('encoding', 'The record has a format from before Kafka 0.11.')
    if (base >= from) take({ offset: base, appendedAt: 0, key: null, value: null, unreadable })
    found.nextOffset = base + 1n
    return
  }
  const attributes = batch.readInt16BE(21)
  const last = base + BigInt(batch.readInt32BE(23))
  aborted.goOnTo(last)
  if (attributes & CONTROL) aborted.end(batch)
  if (last < from || attributes & CONTROL || (attributes & TRANSACTIONAL && aborted.includes(batch))) {
    if (last >= from) found.nextOffset = last + 1n
    return
  }
  const maxTimestamp = Number(batch.readBigInt64BE(35))
  const reader = new RecordReader({
    ...{ base, from, header, take, limit: limits.recordBytes },
    appendedAt: attributes & APPEND_TIME ? maxTimestamp : undefined,
    firstTimestamp: Number(batch.readBigInt64BE(27)),
  })
  let whole = true
  let bytes = 0
  const readPiece = (piece: Buffer): boolean => {
    bytes += piece.length
    if (bytes > limits.batchBytes) throw new Error(`the batch has more than ${limits.batchBytes} bytes`)
    return (whole = reader.read(piece))
  }
  try {
    const records = batch.subarray(HEADER_BYTES)
    if (attributes & COMPRESSION) await decompress(attributes & COMPRESSION, records, readPiece)
    else readPiece(records)
  } catch (cause) {
    whole = true
    const first = reader.next > from ? reader.next : from
    const said = `The records from here up to offset ${last} cannot be decompressed: ${(cause as Error).message}`
    const unreadable = unreadableAs(bytes > limits.batchBytes ? 'too_large' : 'encoding', said, last)
    if (first <= last) take({ offset: first, appendedAt: maxTimestamp, key: null, value: null, unreadable })
  }
  found.nextOffset = whole ? last + 1n : reader.next
}

function unreadableAs(reason: Unreadable['reason'], detail: string, last?: bigint): Unreadable {
  return { reason, detail, ...(last === undefined ? {} : { last }) }
}

const PRODUCER_ID = 43
/** In the records of a control batch: after length, attributes, time, offset and the key's length, the key's version. */
const ABORT = 0

/** Producers whose transaction is being skipped, as the fetch goes through the log. */
class AbortedProducers {
  readonly #waiting: AbortedTransaction[]
  readonly #now = new Set<bigint>()

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = [...transactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  }

  /** Transactions that begin up to this offset are under way. */
  goOnTo(last: bigint): void {
    for (let [first] = this.#waiting; first && first.firstOffset <= last; [first] = this.#waiting) {
      this.#now.add(first.producerId)
      this.#waiting.shift()
    }
  }

  includes(batch: Buffer): boolean {
    return this.#now.has(batch.readBigInt64BE(PRODUCER_ID))
  }

  /** A control batch ends the transaction of its producer: by a commit, where it was none that is skipped. */
  end(batch: Buffer): void {
    if (controlType(batch) === ABORT) this.#now.delete(batch.readBigInt64BE(PRODUCER_ID))
  }
}

function controlType(batch: Buffer): number {
  let type = -1
  const reader = new RecordReader({
    ...{ base: 0n, from: 0n, appendedAt: 0, firstTimestamp: 0, header: undefined, limit: batch.length },
    take: ({ key }) => {
      if (key && key.length >= 4) type = key.readInt16BE(2)
      return false
    },
  })
  reader.read(batch.subarray(HEADER_BYTES))
  return type
}
