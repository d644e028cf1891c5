// One idempotent kafkajs producer, kept as long as it works, that never keeps the process alive.
//
// What of kafkajs 2.2.4 would keep a process alive, and what is done about it here:
//   its sockets                            made by us, unreferenced
//   a timer every 100 ms on a connection   switched off (enforceRequestTimeout); requests are timed here, and a request
//                                          that is not answered ends its connection
//   a timer while it connects              can't be reached: a broker that doesn't answer at all holds an ending process
//                                          for CONNECTION_TIMEOUT_MS at most
//   a timer every 1 ms on a connection     a fault, mended (kafkajs-idle.ts)
//   timers between its own repeats         one repeat after 50 ms is the least that it accepts; all others are ours

import { connect as connectTcp, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Kafka, Partitioners } from 'kafkajs'
import type { ISocketFactoryArgs, Message, Producer } from 'kafkajs'
import { within } from './deadline.ts'
import { mendIdleTimers } from './kafkajs-idle.ts'
import type { FullBusSettings } from './settings.ts'

const CONNECTION_TIMEOUT_MS = 1_000
const KEEP_ALIVE_MS = 60_000

mendIdleTimers()

/** Why a batch was not taken. */
export class SendFailure extends Error {
  /** `too_large`: refused for good. `partition`: others may still work. `connection`: the bus can't be reached. */
  readonly kind: 'too_large' | 'partition' | 'partition_gone' | 'connection'

  constructor(kind: SendFailure['kind'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'SendFailure'
    this.kind = kind
  }
}

export interface Batch {
  topic: string
  partition: number
  messages: readonly Message[]
}

export class KafkaConnection {
  readonly #settings: FullBusSettings
  readonly #kafka: Kafka
  readonly #sockets = new Set<Socket>()
  #producer: Promise<Producer> | undefined

  constructor(settings: FullBusSettings) {
    this.#settings = settings
    this.#kafka = new Kafka({
      clientId: settings.clientId,
      brokers: [...settings.brokers],
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      enforceRequestTimeout: false,
      retry: { retries: 0 },
      socketFactory: (socket) => this.#connect(socket),
      // Failures are told by what is rejected; kafkajs's own lines would go to the application's output.
      logCreator: () => () => undefined,
      ...(settings.ssl !== undefined && { ssl: settings.ssl }),
      ...(settings.sasl !== undefined && { sasl: settings.sasl }),
    })
  }

  /**
   * Number of a topic's partitions.
   * @throws SendFailure
   */
  async partitionCount(topic: string): Promise<number> {
    const admin = this.#kafka.admin()
    try {
      const { topics } = await this.#timed(async () => {
        await admin.connect()
        return admin.fetchTopicMetadata({ topics: [topic] })
      })
      const count = topics[0]?.partitions.length
      if (!count) throw new SendFailure('partition', `${topic} has no partitions yet`)
      return count
    } catch (cause) {
      throw failure(cause)
    } finally {
      // Not waited for: the answer is there, and a broken connection is closed already.
      admin.disconnect().catch(() => undefined)
    }
  }

  /**
   * Sends one batch and resolves with the offset of its first record when all replicas have it; undefined when the
   * broker has had it for so long that it no longer knows the offset. After a failure other than `too_large` the same
   * batch must be sent again, unchanged, before any other of its partition: the broker then drops the repeat.
   * @throws SendFailure
   */
  async send(batch: Batch): Promise<bigint | undefined> {
    try {
      const producer = await this.#connected()
      const answers = await this.#timed(() =>
        producer.send({
          topic: batch.topic,
          messages: [...batch.messages],
          acks: -1,
          timeout: this.#settings.requestTimeoutMs,
          compression: this.#settings.compression,
        }),
      )
      const answer = answers.find(({ partition }) => partition === batch.partition)
      if (!answer) {
        // kafkajs resolves without sending when its metadata doesn't know the partition.
        this.#forget()
        throw new SendFailure('partition_gone', `${batch.topic} has no partition ${batch.partition}`)
      }
      const offset = BigInt(answer.baseOffset ?? '-1')
      return offset >= 0n ? offset : undefined
    } catch (cause) {
      const type = protocolError(cause)
      if (type === 'DUPLICATE_SEQUENCE_NUMBER') return undefined
      if (type !== undefined && LOST_PRODUCER.has(type)) this.#forget()
      throw failure(cause)
    }
  }

  /** Ends the connections; waits for what is being sent, but not longer than `timeoutMs`. */
  async disconnect(timeoutMs: number): Promise<void> {
    const closed = this.#producer?.then((producer) => producer.disconnect()).catch(() => undefined)
    this.#producer = undefined
    await within(timeoutMs, closed ?? Promise.resolve())
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Connected once; again only after the producer was forgotten, because its sequence numbers are what drops repeats. */
  #connected(): Promise<Producer> {
    this.#producer ??= this.#open().catch((cause: unknown) => {
      this.#producer = undefined
      throw cause
    })
    return this.#producer
  }

  async #open(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      // Every message names its partition; this only keeps kafkajs from warning about a change in its default.
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 50 },
    })
    try {
      await this.#timed(() => producer.connect())
      return producer
    } catch (cause) {
      producer.disconnect().catch(() => undefined)
      throw cause
    }
  }

  /** The next send begins with a new producer. A batch that is not acknowledged may then be on the bus twice. */
  #forget(): void {
    this.#producer?.then((producer) => producer.disconnect()).catch(() => undefined)
    this.#producer = undefined
  }

  /** Ends the connections when an answer takes too long: kafkajs then fails or repeats the request on a new one. */
  async #timed<T>(request: () => Promise<T>): Promise<T> {
    const { requestTimeoutMs } = this.#settings
    const late = new Error(`The broker has not answered within ${requestTimeoutMs} ms`)
    const timer = setInterval(() => {
      for (const socket of this.#sockets) socket.destroy(late)
    }, requestTimeoutMs).unref()
    try {
      return await request()
    } finally {
      clearInterval(timer)
    }
  }

  #connect({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true).unref()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}

/** Errors after which the broker takes nothing more from a producer id. */
const LOST_PRODUCER = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'])

/** A produce request or record batch above a limit of the broker or the topic. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

/** Name of the Kafka protocol's error behind what kafkajs rejects with. */
function protocolError(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && typeof cause.type === 'string') return cause.type
  }
  return undefined
}

function failure(cause: unknown): SendFailure {
  if (cause instanceof SendFailure) return cause
  const type = protocolError(cause)
  if (type !== undefined && TOO_LARGE.has(type)) return new SendFailure('too_large', cause)
  return new SendFailure(type === undefined ? 'connection' : 'partition', cause)
}
