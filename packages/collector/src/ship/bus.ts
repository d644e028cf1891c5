// The way to the bus: what is handed over is there when the promise resolves, and there once.

import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaConnection, SendFailure } from '@runlight/sdk/kafka-connection'
import { completeSettings } from '@runlight/sdk/settings'
import type { Log } from '@runlight/service/log'
import { Partitioners } from 'kafkajs'
import type { Message } from './journal.ts'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000

export interface BusSettings {
  brokers: string[]
  topic: string
  clientId: string
  log: Log
  signal: AbortSignal
  onFailure: (reason: SendFailure['kind']) => void
}

export class Bus {
  readonly #settings: BusSettings
  readonly #connection: KafkaConnection
  readonly #partitionOf = Partitioners.DefaultPartitioner()
  #partitions = 0
  #trouble: string | undefined = 'Nothing was sent yet'

  constructor(settings: BusSettings) {
    this.#settings = settings
    const { brokers, clientId } = settings
    this.#connection = new KafkaConnection(completeSettings({ brokers, clientId, onDiagnostic: () => undefined }))
  }

  /** Why the bus takes nothing; undefined while it does. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Waits until the bus answers. */
  async meet(): Promise<void> {
    await this.#insist(async () => void (await this.#askPartitions()))
  }

  /**
   * Sends messages, each to the partition of its key, and repeats that until it is acknowledged. Gives the messages
   * that the bus refuses for their size, and the offset behind the last one for each partition.
   * @throws AbortError when it was told to stop; then it isn't known what has arrived
   */
  async send(messages: readonly Message[]): Promise<{ refused: Message[]; ends: Map<number, bigint> }> {
    const refused: Message[] = []
    const ends = new Map<number, bigint>()
    let left = messages
    while (left.length > 0) {
      const sent = await this.#insist(async () => {
        if (this.#partitions === 0) await this.#askPartitions()
        const [partition, group] = this.#firstGroup(left)
        const end = await this.#sendTo(partition, group, refused)
        if (end !== undefined) ends.set(partition, end)
        return new Set(group)
      })
      left = left.filter((message) => !sent.has(message))
    }
    return { refused, ends }
  }

  async close(): Promise<void> {
    await this.#connection.disconnect(1_000)
  }

  /** A batch that is refused as too large is on the bus in no part: its halves are sent. */
  async #sendTo(partition: number, group: readonly Message[], refused: Message[]): Promise<bigint | undefined> {
    try {
      const messages = group.map(({ key, value }) => ({ key, value, partition }))
      const base = await this.#connection.send({ topic: this.#settings.topic, partition, messages })
      return base === undefined ? undefined : base + BigInt(group.length)
    } catch (failure) {
      if (!(failure instanceof SendFailure) || failure.kind !== 'too_large') throw failure
      if (group.length === 1) {
        refused.push(...group)
        return undefined
      }
      const middle = Math.ceil(group.length / 2)
      const first = await this.#insist(() => this.#sendTo(partition, group.slice(0, middle), refused))
      return (await this.#insist(() => this.#sendTo(partition, group.slice(middle), refused))) ?? first
    }
  }

  #firstGroup(messages: readonly Message[]): [number, Message[]] {
    const partitions = messages.map(({ key }) => this.#partitionFor(key))
    const first = partitions[0] as number
    return [first, messages.filter((_, index) => partitions[index] === first)]
  }

  #partitionFor(key: string): number {
    const partitionMetadata = Array.from({ length: this.#partitions }, (_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 0,
      replicas: [],
      isr: [],
    }))
    return this.#partitionOf({ topic: this.#settings.topic, partitionMetadata, message: { key, value: null } })
  }

  async #askPartitions(): Promise<void> {
    this.#partitions = await this.#connection.partitionCount(this.#settings.topic)
  }

  async #insist<T>(act: () => Promise<T>): Promise<T> {
    const { log, signal, onFailure } = this.#settings
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      signal.throwIfAborted()
      try {
        const result = await act()
        if (this.#trouble !== undefined) log.info('The bus takes records.')
        this.#trouble = undefined
        return result
      } catch (failure) {
        if (!(failure instanceof SendFailure)) throw failure
        onFailure(failure.kind)
        if (failure.kind === 'partition_gone') this.#partitions = 0
        // Told once, however long it takes: these lines are themselves to be shipped.
        if (this.#trouble === undefined) {
          log.warn({ cause: failure }, `The bus takes no records (${failure.message}); they wait in the log files.`)
        }
        this.#trouble = failure.message
      }
      await sleep(Math.random() * wait, undefined, { signal })
    }
  }
}
