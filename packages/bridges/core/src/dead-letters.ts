// Writes dead letters and waits until the bus has them.

import kafkajs from 'kafkajs'
import type { Kafka, Producer } from 'kafkajs'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { DEAD_LETTER_VALUE_LIMIT } from '@runlight/contracts/dead-letter'
import { formatInstant, instantFromMillis } from '@runlight/contracts/time'
import type { SinkName } from '@runlight/contracts/topics'
import type { Refusal } from './sink.ts'

/** Where refused records come from. */
export interface Origin {
  generation: string
  topic: string
  partition: number
}

/** Dead letters of one message stay well below the broker's limit, whatever is refused together. */
const CHUNK_BYTES = 1024 * 1024

/** A store's own words may be long; the beginning says what is wrong. */
const DETAIL_LIMIT = 4_000

export class DeadLetterWriter {
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #sink: SinkName
  #producer: Promise<Producer> | undefined
  #queue: Promise<void> = Promise.resolve()

  constructor(kafka: Kafka, topic: string, sink: SinkName) {
    this.#kafka = kafka
    this.#topic = topic
    this.#sink = sink
  }

  /** Resolves when the bus has acknowledged all of them. One call is sent at a time: the idempotent producer needs it. */
  write(origin: Origin, refusals: readonly Refusal[]): Promise<void> {
    const sent = this.#queue.then(() => this.#send(origin, refusals))
    this.#queue = sent.catch(() => undefined)
    return sent
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#producer?.then((producer) => producer.disconnect()).catch(() => undefined)
  }

  async #send(origin: Origin, refusals: readonly Refusal[]): Promise<void> {
    this.#producer ??= this.#connect()
    try {
      const producer = await this.#producer
      for (const messages of chunks(refusals.map((refusal) => toMessage(this.#sink, origin, refusal)))) {
        await producer.send({ topic: this.#topic, acks: -1, messages })
      }
    } catch (cause) {
      // After a failed send the producer's sequence may be broken; a new one has a new producer id.
      await this.#producer.then((producer) => producer.disconnect()).catch(() => undefined)
      this.#producer = undefined
      throw cause
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      // Giving up in the middle would lose what the producer knows of its sequence, and with it the broker's protection.
      retry: { retries: Number.MAX_SAFE_INTEGER },
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    return producer
  }
}

function toMessage(
  sink: SinkName,
  origin: Origin,
  { record, reason, detail }: Refusal,
): { key: string; value: string } {
  const { key, value, replayOffset } = record
  const letter: DeadLetter = {
    schemaVersion: 1,
    sink,
    reason,
    detail: detail.slice(0, DETAIL_LIMIT),
    origin: {
      ...origin,
      offset: String(record.offset),
      appendedAt: formatInstant(instantFromMillis(record.appendedAt)),
    },
    ...(key && key.length <= DEAD_LETTER_VALUE_LIMIT ? { key: key.toString('base64') } : {}),
    ...(key && { keyBytes: key.length }),
    ...(value && value.length <= DEAD_LETTER_VALUE_LIMIT ? { value: value.toString('base64') } : {}),
    valueBytes: value?.length ?? 0,
    failedAt: new Date().toISOString(),
    ...(replayOffset !== undefined && { replay: { offset: String(replayOffset) } }),
  }
  return { key: `${origin.topic}/${origin.partition}/${record.offset}`, value: JSON.stringify(letter) }
}

function* chunks(messages: { key: string; value: string }[]) {
  let chunk: typeof messages = []
  let bytes = 0
  for (const message of messages) {
    if (chunk.length > 0 && bytes + message.value.length > CHUNK_BYTES) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(message)
    bytes += message.value.length
  }
  if (chunk.length > 0) yield chunk
}
