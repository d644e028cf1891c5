// The way of all records of a process to the bus: a bounded queue, and one send at a time.

import { backoffMs } from './backoff.ts'
import { BoundedQueue } from './bounded-queue.ts'
import { countdown, within } from './deadline.ts'
import { DROP_REASONS, noDrops } from './drop-reasons.ts'
import type { DropCounts, DropReason } from './drop-reasons.ts'
import { harmless } from './harmless.ts'
import { KafkaConnection, SendFailure } from './kafka-connection.ts'
import { Flush } from './lane.ts'
import type { Lane, QueuedRecord } from './lane.ts'
import { asOwnOutput } from './own-output.ts'
import { Policies } from './policies.ts'
import type { PolicyStats } from './policies.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { MAX_BATCH_RECORDS } from './settings.ts'
import type { Diagnostic, FullBusSettings } from './settings.ts'
import { Outlet, TopicRoute } from './topic-route.ts'

/** For a clean end of the connections, when a close has used up its time. */
const DISCONNECT_MS = 500

/** A record to be sent. */
export interface NewRecord {
  /** Undefined: it is too large to be sent, and was not even put together. */
  value: string | undefined
  /** Goes first when the queue is full. */
  sheddable: boolean
  seq: number
  /** Undefined when the record brings the identity of another producer. */
  producer: ProducerIdentity | undefined
}

/** What became of the records of one topic, since the start. */
export interface TopicStats extends PolicyStats {
  acknowledged: number
  dropped: DropCounts
}

export class Publisher {
  readonly settings: FullBusSettings
  readonly policies: Policies
  readonly #connection: KafkaConnection
  readonly #queue: BoundedQueue
  readonly #routes = new Map<string, TopicRoute>()
  readonly #stats = new Map<string, { acknowledged: number; dropped: Record<DropReason, number> }>()
  readonly #reporters = new Set<() => void>()
  readonly #open = new Set<(timeoutMs: number) => Promise<unknown>>()
  #running = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  /** After a failed connection: nothing is sent before this moment. Moments are those of performance.now(). */
  #notBefore = 0
  #failures = 0
  #served = 0
  #unreported = 0
  #failing = false
  #closed = false

  constructor(settings: FullBusSettings) {
    this.settings = settings
    this.policies = new Policies(settings)
    this.#connection = new KafkaConnection(settings)
    this.#queue = new BoundedQueue(settings.queueBytes, (record, reason) => this.#dropped(record, reason))
  }

  /** Bytes and records that are queued or being sent. */
  get queued(): { bytes: number; records: number } {
    return { bytes: this.#queue.bytes, records: this.#queue.records }
  }

  stats(topic: string): TopicStats {
    const { acknowledged, dropped } = this.#statsOf(topic)
    return { acknowledged, dropped: { ...dropped }, ...this.policies.stats(topic) }
  }

  /** Registers who is told when drops can be reported as records; gives the way to take it back. */
  onReportable(report: () => void): () => void {
    this.#reporters.add(report)
    return () => this.#reporters.delete(report)
  }

  /** Registers what is to be closed when the process ends by itself; gives the way to take it back. */
  onProcessEnd(close: (timeoutMs: number) => Promise<unknown>): () => void {
    this.#open.add(close)
    return () => this.#open.delete(close)
  }

  /** Closes all that is registered, tells what rate limits left out, and flushes. Resolves as flush() does. */
  async closeOpen(timeoutMs: number): Promise<boolean> {
    const left = countdown(timeoutMs)
    await Promise.allSettled([...this.#open].map((close) => close(timeoutMs)))
    this.policies.tellLeftOut()
    return this.flush(left())
  }

  /** Whether something is registered to be closed, or to be told, or is queued. */
  get busy(): boolean {
    return this.#open.size > 0 || this.policies.leavesOut || this.#queue.records > 0
  }

  /** The way of the records of one key. */
  outlet(topic: string, key: string): Outlet {
    return new Outlet(this.#route(topic), key)
  }

  /** Queues a record. Never waits, never throws. */
  publish(outlet: Outlet, { value, sheddable, seq, producer }: NewRecord): void {
    const { lane, key } = outlet
    const bytes = key.length + (value === undefined ? Infinity : Buffer.byteLength(value))
    const record: QueuedRecord = {
      lane,
      key,
      value: value ?? '',
      bytes,
      sheddable,
      queuedAt: performance.now(),
      seq,
      producer,
      state: 'queued',
    }
    if (this.#closed) return this.#dropped(record, 'closed')
    if (bytes > this.settings.maxRecordBytes) return this.#dropped(record, 'too_large')
    this.#queue.add(record)
    this.#schedule(lane.dueAt(this.settings.batchBytes, this.settings.batchAgeMs))
  }

  /** Counts a record that was refused before it had a number. */
  refuse(topic: string, reason: DropReason): void {
    this.#statsOf(topic).dropped[reason]++
    harmless(this.settings.onDrop, topic, reason)
  }

  /**
   * Sends what is queued for an outlet (its lane), a topic, or for all, without waiting for full batches. Resolves with
   * true when all of it is acknowledged or dropped, with false when time is over.
   */
  async flush(timeoutMs: number, of?: Outlet | string): Promise<boolean> {
    const lanes = of === undefined ? this.#lanes() : of instanceof Outlet ? [of.lane] : this.#route(of).lanes
    const flush = new Flush()
    for (const lane of lanes) {
      if (!lane.idle) lane.pushFlush(flush)
    }
    if (flush.pending === 0) return true
    this.#schedule(0)
    return within(timeoutMs, flush.done)
  }

  /** Flushes everything, then ends the connection. What is left when time is over is dropped as `closed`. */
  async close(timeoutMs: number): Promise<boolean> {
    const left = countdown(timeoutMs)
    this.policies.tellLeftOut()
    const flushed = await this.flush(timeoutMs)
    this.#closed = true
    clearTimeout(this.#timer)
    for (const lane of this.#lanes()) this.#queue.abandon(lane, 'closed')
    await this.#connection.disconnect(Math.max(left(), DISCONNECT_MS))
    return flushed
  }

  #route(topic: string): TopicRoute {
    let route = this.#routes.get(topic)
    if (!route) this.#routes.set(topic, (route = new TopicRoute(topic)))
    return route
  }

  #lanes(): Lane[] {
    return [...this.#routes.values()].flatMap((route) => route.lanes)
  }

  #statsOf(topic: string): { acknowledged: number; dropped: Record<DropReason, number> } {
    let stats = this.#stats.get(topic)
    if (!stats) this.#stats.set(topic, (stats = { acknowledged: 0, dropped: noDrops() }))
    return stats
  }

  /** Sees to it that something is sent at a moment, unless it is seen to already. */
  #schedule(dueAt: number): void {
    if (this.#running || this.#closed) return
    const at = Math.max(dueAt, this.#notBefore)
    if (at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => void asOwnOutput(() => this.#run()), Math.max(0, at - performance.now())).unref()
  }

  /** Sends what is due, batch after batch, until nothing is. */
  async #run(): Promise<void> {
    this.#running = true
    this.#timerAt = Infinity
    let wakeAt = Infinity
    while (!this.#closed) {
      const { lane, dueAt } = this.#next()
      wakeAt = dueAt
      if (!lane) break
      lane.servedAt = ++this.#served
      await this.#serve(lane)
    }
    this.#running = false
    if (wakeAt < Infinity) this.#schedule(wakeAt)
  }

  /** Of the lanes that are due, the one that has waited longest; else when the first will be due. */
  #next(): { lane?: Lane; dueAt: number } {
    const now = performance.now()
    let first: Lane | undefined
    let dueAt = Infinity
    for (const lane of this.#lanes()) {
      lane.reachFlushes()
      const at = Math.max(lane.dueAt(this.settings.batchBytes, this.settings.batchAgeMs), this.#notBefore)
      dueAt = Math.min(dueAt, at)
      if (at <= now && (!first || lane.servedAt < first.servedAt)) first = lane
    }
    return { ...(first && { lane: first }), dueAt }
  }

  async #serve(lane: Lane): Promise<void> {
    try {
      if (lane.partition === undefined) await this.#assign(lane.topic)
      else await this.#send(lane, lane.partition)
      this.#failures = 0
    } catch (cause) {
      this.#failed(lane, cause instanceof SendFailure ? cause : new SendFailure('connection', cause))
    }
  }

  async #assign(topic: string): Promise<void> {
    const partitions = await this.#connection.partitionCount(topic)
    if (this.#closed) return
    const route = this.#route(topic)
    for (const lane of route.assign(partitions)) this.#queue.move(lane, (record) => route.lane(record.key))
  }

  async #send(lane: Lane, partition: number): Promise<void> {
    if (lane.sending.length === 0) {
      lane.sending.push(this.#queue.take(lane, this.settings.batchBytes, MAX_BATCH_RECORDS))
    }
    const batch = lane.sending[0] as QueuedRecord[]
    const messages = batch.map(({ key, value, queuedAt }) => {
      const timestamp = String(Math.round(performance.timeOrigin + queuedAt))
      return { key, value, partition, timestamp }
    })
    const offset = await this.#connection.send({ topic: lane.topic, partition, messages })
    if (this.#closed) return
    lane.sending.shift()
    lane.failures = 0
    this.#statsOf(lane.topic).acknowledged += batch.length
    for (const [i, record] of batch.entries()) {
      this.#queue.settle(record)
      // Only the last of each producer's is a position to remember.
      const last = batch[i + 1]?.producer !== record.producer
      record.producer?.acknowledge(partition, last && offset !== undefined ? offset + BigInt(i) : undefined)
    }
    this.#recovered()
  }

  #failed(lane: Lane, failure: SendFailure): void {
    if (this.#closed) return
    if (failure.kind === 'too_large') return this.#split(lane)
    if (failure.kind === 'partition_gone') {
      const route = this.#route(lane.topic)
      for (const old of route.assign(0)) this.#queue.move(old, () => route.unassigned)
    }
    if (failure.kind === 'partition') lane.notBefore = this.#backoff(++lane.failures)
    else this.#notBefore = this.#backoff(++this.#failures)
    if (this.#failing) return
    this.#failing = true
    const message = `The telemetry bus takes no records (${failure.message}). They are kept, up to ${this.settings.queueBytes} bytes, and sent when it is back.`
    this.#tell({ level: 'warn', message, cause: failure })
  }

  /** The broker has refused the batch for its size, so it has none of it: halves it, down to the record at fault. */
  #split(lane: Lane): void {
    const batch = lane.sending.shift() ?? []
    const [only] = batch
    if (only && batch.length === 1) return this.#queue.drop(only, 'too_large')
    const middle = Math.ceil(batch.length / 2)
    lane.sending.unshift(batch.slice(0, middle), batch.slice(middle))
  }

  #backoff(failures: number): number {
    return performance.now() + backoffMs(failures, this.settings.maxBackoffMs)
  }

  #recovered(): void {
    if (this.#failing) {
      this.#failing = false
      this.#tell({ level: 'info', message: 'The telemetry bus takes records again.' })
    }
    // A report needs room, or it would push out what it reports on.
    if (this.#unreported === 0 || this.#queue.bytes > this.settings.queueBytes / 2) return
    this.#unreported = 0
    for (const report of this.#reporters) report()
  }

  #dropped({ lane, producer, seq }: QueuedRecord, reason: DropReason): void {
    this.refuse(lane.topic, reason)
    producer?.drop(seq, reason)
    if (this.#unreported++ > 0) return
    const message = `Records for ${lane.topic} are being dropped: ${DROP_REASONS[reason]}.`
    this.#tell({ level: 'error', message })
  }

  #tell(diagnostic: Diagnostic): void {
    harmless(this.settings.onDiagnostic, diagnostic)
  }
}
