// Events to the bus: in order, acknowledged, repeated until they are.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkTraceEvent, eventKey } from '@runlight/contracts/trace-event'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { Refusal } from '@runlight/contracts/schema'
import type { Log } from '@runlight/service/log'
import { Kafka, Partitioners, logLevel } from 'kafkajs'
import type { Message, Producer } from 'kafkajs'

export interface Publisher {
  /**
   * Resolves when the bus has acknowledged the events; they follow on those of earlier calls. While the bus is away it
   * waits and tries again.
   * @throws AbortError when the publisher is stopped before
   */
  publish: (events: readonly TraceEvent[]) => Promise<void>
  /** Why the bus can't be reached; undefined while it can. */
  trouble: () => string | undefined
  close: () => Promise<void>
}

export interface PublisherSettings {
  brokers: string[]
  topic: string
  clientId: string
  log: Log
  signal: AbortSignal
  onPublished: (event: TraceEvent) => void
  /** An event that no reader would take, and why; it is left out. */
  onRefused: (event: TraceEvent, refusal: Refusal) => void
}

/** Bytes of values in one request; well below what any broker takes. */
const BATCH_BYTES = 512 * 1024
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5000

/** The broker's words for a batch above its limit (https://kafka.apache.org/protocol#protocol_error_codes, 10 and 18). */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

interface Encoded {
  event: TraceEvent
  message: Message
  bytes: number
}

interface Pending {
  messages: Encoded[]
  resolve: () => void
  reject: (cause: unknown) => void
}

/**
 * Connects at once, and sends one request at a time, as Kafka's idempotent producer needs; what is published meanwhile
 * goes into the next.
 */
export function createPublisher(settings: PublisherSettings): Publisher {
  const { topic, log, signal } = settings
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log.debug({ kafka: entry.log }, 'The Kafka client has a message.'),
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000 },
  })
  let producer: Producer | undefined
  let trouble: string | undefined = 'not connected yet'
  const queue: Pending[] = []
  let sending: Promise<void> | undefined

  const connect = async (): Promise<Producer> => {
    const made = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await made.connect()
    return made
  }

  /** A producer that has failed is not used again: its sequence may no longer be the broker's. */
  const discard = async (): Promise<void> => {
    const failed = producer
    producer = undefined
    await failed?.disconnect().catch(() => undefined)
  }

  /** Repeats what is to be done with a producer until it succeeds. */
  const insist = async (act: (producer: Producer) => Promise<unknown>): Promise<void> => {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      signal.throwIfAborted()
      try {
        producer ??= await connect()
        await act(producer)
        if (trouble !== undefined) log.info('The bus takes events.')
        trouble = undefined
        return
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        if (trouble !== reason) log.warn({ cause }, `The bus does not take events (${reason}); trying again.`)
        trouble = reason
        await discard()
      }
      // Full jitter, so that two observers do not return in step.
      await sleep(Math.random() * wait, undefined, { signal })
    }
  }

  /** What the broker refuses as too large is sent again one by one, and left out where it is one alone. */
  const send = async (connected: Producer, piece: Encoded[]): Promise<void> => {
    try {
      await connected.send({ topic, acks: -1, messages: piece.map(({ message }) => message) })
      for (const { event } of piece) settings.onPublished(event)
    } catch (cause) {
      if (!isTooLarge(cause)) throw cause
      if (piece.length > 1) for (const one of piece) await send(connected, [one])
      else for (const { event, bytes } of piece) settings.onRefused(event, tooLarge(bytes))
    }
  }

  const drain = async (): Promise<void> => {
    await insist(async () => undefined)
    while (queue.length > 0) {
      const taken = takeBatch(queue)
      const encoded = taken.flatMap((pending) => pending.messages)
      try {
        for (const piece of cut(encoded)) {
          await insist((connected) => send(connected, piece))
        }
      } catch (cause) {
        for (const { reject } of taken) reject(cause)
        throw cause
      }
      for (const { resolve } of taken) resolve()
    }
  }

  const start = (): void => {
    sending ??= drain()
      .catch((cause: unknown) => {
        for (const { reject } of queue.splice(0)) reject(cause)
      })
      .finally(() => {
        sending = undefined
        if (queue.length > 0) start()
      })
  }
  start()

  const publish = (events: readonly TraceEvent[]): Promise<void> => {
    const messages: Encoded[] = []
    for (const event of events) {
      const checked = checkTraceEvent(event)
      if (checked.ok) messages.push(toMessage(event))
      else settings.onRefused(event, checked.refusal)
    }
    if (messages.length === 0) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      queue.push({ messages, resolve, reject })
      start()
    })
  }

  const close = async (): Promise<void> => {
    await sending
    await discard()
  }

  return { publish, trouble: () => trouble, close }
}

function isTooLarge(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return ('type' in cause && TOO_LARGE.has(String(cause.type))) || isTooLarge(cause.cause)
}

function tooLarge(bytes: number): Refusal {
  return { field: 'data', message: `makes it too large for the bus (${bytes} bytes)` }
}

/** Takes from the front of the queue what fits into one request; at least one. */
function takeBatch(queue: Pending[]): Pending[] {
  const taken: Pending[] = []
  for (let bytes = 0; queue.length > 0 && bytes < BATCH_BYTES;) {
    const next = queue.shift() as Pending
    bytes += next.messages.reduce((sum, message) => sum + message.bytes, 0)
    taken.push(next)
  }
  return taken
}

function toMessage(event: TraceEvent): Encoded {
  const value = Buffer.from(JSON.stringify(event))
  return { event, message: { key: eventKey(event), value }, bytes: value.length }
}

/** Pieces of about BATCH_BYTES; a larger event goes alone. */
function cut(messages: Encoded[]): Encoded[][] {
  const pieces: Encoded[][] = []
  let bytes = Infinity
  for (const message of messages) {
    if (bytes + message.bytes > BATCH_BYTES) {
      pieces.push([])
      bytes = 0
    }
    pieces.at(-1)?.push(message)
    bytes += message.bytes
  }
  return pieces
}
