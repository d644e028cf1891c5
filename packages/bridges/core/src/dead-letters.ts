// Writes dead letters and waits until the bus has them.

import kafkajs from 'kafkajs'
import type { Kafka, Producer } from 'kafkajs'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { DEAD_LETTER_VALUE_LIMIT } from '@runlight/contracts/dead-letter'
import { formatInstant, instantFromMillis } from '@runlight/contracts/time'
import type { SinkName } from '@runlight/contracts/topics'
import { DeliveryError } from './sink.ts'
import type { FailureReason, Refusal } from './sink.ts'

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

/**
 * How long one message may take, with connecting and its repeat, in milliseconds. A producer of kafkajs 2.2.4 that
 * repeats without end may stand still for good after its broker was killed, so each is given up and replaced instead.
 */
const ATTEMPT_MS = 15_000
/** Repeats within an attempt; all others are the core's, which counts and tells of them. */
const REPEATS = 1

interface LetterMessage {
  key: string
  value: string
}

/**
 * Not idempotent: a message whose answer was lost is written again by a new producer, and its letters may then lie there
 * twice. Whoever reads them folds them by the place of the record that they tell of.
 */
export class DeadLetterWriter {
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #sink: SinkName
  readonly #attemptMillis: number
  #producer: Producer | undefined
  #queue: Promise<void> = Promise.resolve()
  #sendingSince: number | undefined

  /** @param attemptMillis how long one message may take, in milliseconds */
  constructor(kafka: Kafka, topic: string, sink: SinkName, attemptMillis = ATTEMPT_MS) {
    this.#kafka = kafka
    this.#topic = topic
    this.#sink = sink
    this.#attemptMillis = attemptMillis
  }

  /** When the message under way was begun, milliseconds since the epoch; undefined when there is none. */
  get sendingSince(): number | undefined {
    return this.#sendingSince
  }

  /**
   * Resolves when the bus has acknowledged all of them. One call is sent at a time: a producer that has failed is closed,
   * and nobody else may be using it then.
   * @throws DeliveryError; all of them must be written again then
   */
  write(origin: Origin, refusals: readonly Refusal[]): Promise<void> {
    const sent = this.#queue.then(() => this.#send(origin, refusals))
    this.#queue = sent.catch(() => undefined)
    return sent
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#producer?.disconnect().catch(() => undefined)
  }

  async #send(origin: Origin, refusals: readonly Refusal[]): Promise<void> {
    for (const messages of chunks(lettersOf(this.#sink, origin, refusals))) {
      this.#sendingSince = Date.now()
      try {
        await this.#attempt(messages)
      } finally {
        this.#sendingSince = undefined
      }
    }
  }

  async #attempt(messages: readonly LetterMessage[]): Promise<void> {
    const producer = this.#producer ?? this.#createProducer()
    const sending = (async () => {
      if (producer !== this.#producer) await producer.connect()
      await producer.send({ topic: this.#topic, acks: -1, messages: [...messages] })
    })()
    try {
      await inTime(this.#attemptMillis, sending)
      this.#producer = producer
    } catch (cause) {
      this.#producer = undefined
      // Not waited for: what is given up may never end. It may open connections again until it does.
      void sending.catch(() => undefined).then(() => producer.disconnect().catch(() => undefined))
      throw failure(cause)
    }
  }

  #createProducer(): Producer {
    return this.#kafka.producer({
      retry: { retries: REPEATS },
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
  }
}

/** Rejects with a DeliveryError when `work` has not ended in time (milliseconds). */
async function inTime(millis: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const message = `The bus has not acknowledged dead letters within ${millis / 1000} s.`
    timer = setTimeout(() => reject(new DeliveryError('timeout', message)), millis)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function failure(cause: unknown): DeliveryError {
  if (cause instanceof DeliveryError) return cause
  const message = `Dead letters could not be written: ${(cause as Error).message}`
  return new DeliveryError(reasonOf(cause), message, { cause })
}

/** What kafkajs rejects with is mostly wrapped: in that it can't be repeated, or was repeated too often. */
function reasonOf(error: unknown): FailureReason {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const type = 'type' in cause && typeof cause.type === 'string' ? cause.type : ''
    if (type.endsWith('_AUTHORIZATION_FAILED') || cause.name.startsWith('KafkaJSSASL')) return 'not_authorised'
    if (type === 'REQUEST_TIMED_OUT' || cause.name === 'KafkaJSRequestTimeoutError') return 'timeout'
    if (type !== '') return 'server_error'
    if (/^KafkaJS(?:Connection|BrokerNotFound|NoBroker)/.test(cause.name)) return 'unreachable'
  }
  return 'other'
}

function toMessage(sink: SinkName, origin: Origin, { record, reason, detail }: Refusal): LetterMessage {
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

// One after the other: all of a batch's at once would be a copy of it, in base64.
function* lettersOf(sink: SinkName, origin: Origin, refusals: readonly Refusal[]) {
  for (const refusal of refusals) yield toMessage(sink, origin, refusal)
}

function* chunks(messages: Iterable<LetterMessage>) {
  let chunk: LetterMessage[] = []
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
