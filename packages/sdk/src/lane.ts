// The way of the records of one partition: their order is kept from log() to the bus.

import { Fifo } from './fifo.ts'
import type { Entry } from './fifo.ts'
import type { ProducerIdentity } from './producer-identity.ts'

/** A record on its way. */
export interface QueuedRecord extends Entry {
  lane: Lane
  readonly key: Buffer
  readonly value: string
  /** Bytes of key and value. */
  readonly bytes: number
  /** Goes first when the queue is full: debug and info lines, progress. */
  readonly sheddable: boolean
  /** When it was queued; moments are those of performance.now(). */
  readonly queuedAt: number
  /** Sequence number that its producer gave it. */
  readonly seq: number
  /** Undefined for a record that brings the identity of another producer, such as the observer's. */
  readonly producer: ProducerIdentity | undefined
}

/** A wait for everything that was queued before it; it may stand in several lanes. */
export class Flush {
  /** Lanes in which something is still before it. */
  pending = 0
  readonly done: Promise<void>
  readonly #resolve: () => void

  constructor() {
    let resolve: () => void = () => undefined
    this.done = new Promise((onDone) => (resolve = onDone))
    this.#resolve = resolve
  }

  reached(): void {
    if (--this.pending === 0) this.#resolve()
  }
}

interface FlushEntry extends Entry {
  readonly flush: Flush
}

export class Lane {
  readonly topic: string
  /** Undefined while the topic's partitions are not known. */
  readonly partition: number | undefined
  /** Batches taken out and not acknowledged: sent in order, each exactly as it is, until it is acknowledged. */
  sending: QueuedRecord[][] = []
  /** Bytes queued; what is being sent is not counted. */
  bytes = 0
  /** Nothing is sent before this moment. */
  notBefore = 0
  /** Failed sends since the last success. */
  failures = 0
  /** Grows with every send of any lane: the one that has waited longest is next. */
  servedAt = 0
  readonly #entries = new Fifo<QueuedRecord | FlushEntry>()
  #flushes = 0

  constructor(topic: string, partition?: number) {
    this.topic = topic
    this.partition = partition
  }

  get idle(): boolean {
    return this.sending.length === 0 && this.#entries.size === 0
  }

  push(record: QueuedRecord): void {
    this.#entries.push(record)
    this.bytes += record.bytes
  }

  /** A queued record has left: it was dropped. */
  left(record: QueuedRecord): void {
    this.bytes -= record.bytes
    this.#entries.left()
  }

  pushFlush(flush: Flush): void {
    flush.pending++
    this.#flushes++
    this.#entries.push({ state: 'queued', flush })
  }

  /** Marks the flushes as reached that have nothing before them any more. */
  reachFlushes(): void {
    if (this.#flushes === 0 || this.sending.length > 0) return
    for (let head = this.#entries.peek(); head && 'flush' in head; head = this.#entries.peek()) {
      head.state = 'settled'
      this.#entries.left()
      this.#flushes--
      head.flush.reached()
    }
  }

  /** The next record to be sent; undefined when there is none, or a flush stands before it. */
  peek(): QueuedRecord | undefined {
    const head = this.#entries.peek()
    return head && 'value' in head ? head : undefined
  }

  /**
   * When the next batch is to be sent: at once when one is full or somebody waits, else when the oldest record is old
   * enough. Infinity when there is nothing to send.
   */
  dueAt(batchBytes: number, batchAgeMs: number): number {
    if (this.sending.length > 0) return this.notBefore
    const head = this.peek()
    if (!head) return Infinity
    const ready = this.bytes >= batchBytes || this.#flushes > 0 ? 0 : head.queuedAt + batchAgeMs
    return Math.max(ready, this.notBefore)
  }

  /** Takes everything out, in order, for other lanes. */
  clear(): (QueuedRecord | Flush)[] {
    const sending = this.sending.flat()
    const queued = this.#entries.clear().map((entry) => ('flush' in entry ? entry.flush : entry))
    this.sending = []
    this.bytes = 0
    this.#flushes = 0
    return [...sending, ...queued]
  }
}
