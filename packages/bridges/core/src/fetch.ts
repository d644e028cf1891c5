// How a bridge's fetches are read. kafkajs 2.2.4 decompresses and decodes all that a fetch brings before it shows any of it,
// one object with many parts for each record; a batch of some 120,000 records ends in a RangeError, and one that it can't
// read stops the consumer again and again. So for the topics of a bridge the answer is read here: only what may come
// into memory, and what can't be read as a record that says so.

import { createRequire } from 'node:module'
import type { KafkaMessage } from 'kafkajs'
import { readRecordBatches } from './record-batches.ts'
import type { AbortedTransaction, FetchLimits, FetchedRecords } from './record-batches.ts'

const MIB = 1024 * 1024
/** What one fetch may bring of one partition. The bus itself takes batches of 8 MiB, compressed or not. */
const LIMITS: FetchLimits = { bytes: 4 * MIB, recordBytes: 16 * MIB, batchBytes: 256 * MIB }

/** The fetch of a bridge: of all versions that kafkajs knows the one that every broker since Kafka 2.3 takes. */
const VERSION = 11

interface FetchArguments {
  topics: readonly { topic: string; partitions: readonly { partition: number; fetchOffset: string }[] }[]
}
interface Exchange {
  request: unknown
  response: { decode: (bytes: Buffer) => Promise<unknown>; parse: (decoded: unknown) => Promise<unknown> }
}
interface FetchProtocol {
  protocol: (version: { version: number }) => (request: FetchArguments) => Exchange
}

/** Topics that are read here, and the header that is wanted of their records. */
const topics = new Map<string, string | undefined>()
let installed = false

/**
 * From now on consumers of this process get a topic's records packed: each batch has one message, which `fetchedRecords`
 * opens.
 * @param header the header that is wanted of each record
 */
export function readFetchesOf(topic: string, header?: string): void {
  topics.set(topic, header)
  if (installed) return
  installed = true
  const fetch = createRequire(import.meta.url)('kafkajs/src/protocol/requests/fetch') as FetchProtocol
  const { protocol } = fetch
  fetch.protocol = ({ version }) => {
    const original = protocol({ version })
    return (request) => {
      const exchange = original(request)
      if (!request.topics.some(({ topic: own }) => topics.has(own))) return exchange
      if (version !== VERSION) throw new Error(`The broker does not take version ${VERSION} of fetch; Kafka 2.3 does.`)
      const { parse } = exchange.response
      return { ...exchange, response: { parse, decode: (bytes) => decodeAnswer(bytes, request) } }
    }
  }
}

interface PackedMessage extends Pick<KafkaMessage, 'offset' | 'key' | 'value' | 'timestamp'> {
  fetched: FetchedRecords
  isControlRecord: false
}

/** What the messages of a batch hold. */
export function fetchedRecords([message]: readonly KafkaMessage[]): FetchedRecords {
  return (message as unknown as PackedMessage).fetched
}

// https://kafka.apache.org/protocol#The_Messages_Fetch, version 11
async function decodeAnswer(bytes: Buffer, request: FetchArguments): Promise<unknown> {
  const answer = new Answer(bytes)
  const clientSideThrottleTime = answer.int32()
  const errorCode = answer.int16()
  const sessionId = answer.int32()
  const responses: unknown[] = []
  for (let left = answer.int32(); left > 0; left--) {
    const topicName = answer.text()
    const asked = request.topics.find(({ topic }) => topic === topicName)?.partitions ?? []
    const partitions: unknown[] = []
    for (let rest = answer.int32(); rest > 0; rest--) partitions.push(await decodePartition(answer, topicName, asked))
    responses.push({ topicName, partitions })
  }
  // As in kafkajs itself: what the broker tells of throttling is kept by kafkajs on its side.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
}

async function decodePartition(
  answer: Answer,
  topic: string,
  asked: FetchArguments['topics'][number]['partitions'],
): Promise<unknown> {
  const partition = answer.int32()
  const errorCode = answer.int16()
  const [highWatermark, lastStableOffset, lastStartOffset] = [answer.int64(), answer.int64(), answer.int64()].map(
    String,
  )
  const aborted: AbortedTransaction[] = []
  for (let left = answer.int32(); left > 0; left--) {
    aborted.push({ producerId: answer.int64(), firstOffset: answer.int64() })
  }
  const preferredReadReplica = answer.int32()
  const bytes = answer.bytes()
  const from = asked.find((own) => own.partition === partition)?.fetchOffset
  const messages: PackedMessage[] = []
  if (from !== undefined && bytes.length > 0) {
    const fetched = { bytes, aborted, from: BigInt(from), header: topics.get(topic), limits: LIMITS }
    messages.push(...packed(await readRecordBatches(fetched), BigInt(from)))
  }
  const ends = { highWatermark, lastStableOffset, lastStartOffset }
  return { partition, errorCode, ...ends, abortedTransactions: [], preferredReadReplica, messages }
}

/** One message at the last offset that was read: kafkajs goes on behind it. Nothing where nothing was read. */
function packed(fetched: FetchedRecords, from: bigint): PackedMessage[] {
  if (fetched.nextOffset <= from) return []
  const place = { offset: String(fetched.nextOffset - 1n), key: null, value: null, timestamp: '0' }
  return [{ ...place, fetched, isControlRecord: false }]
}

class Answer {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#forward(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#forward(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#forward(8))
  }

  text(): string {
    const length = this.int16()
    const start = this.#forward(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32())
    const start = this.#forward(length)
    return this.#bytes.subarray(start, start + length)
  }

  #forward(count: number): number {
    const at = this.#at
    this.#at += count
    return at
  }
}
