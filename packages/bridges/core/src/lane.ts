// One assigned partition: the loop that decodes, delivers and acknowledges its records in order.

import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunlightError } from '@runlight/contracts/errors'
import type { Log } from '@runlight/service/log'
import type { Committer } from './commits.ts'
import type { DeadLetterWriter, Origin } from './dead-letters.ts'
import { FailureLog } from './failure-log.ts'
import type { BridgeMetrics } from './metrics.ts'
import type { Part } from './part.ts'
import { RecordQueue } from './queue.ts'
import type { QueueSettings, Slice } from './queue.ts'
import { retryForever } from './retry.ts'
import { DeliveryError } from './sink.ts'
import type { BusRecord, Delivery, DeliveryContext, Refusal, Sink } from './sink.ts'

export interface LaneSettings extends QueueSettings {
  topic: string
  partition: number
  generation: string
  /** The offset to begin with. */
  start: bigint
  /** Decodes records taken together, into parts that follow one another. */
  decode: (records: readonly BusRecord[]) => readonly Part[]
  sink: Sink
  committer: Committer
  deadLetters: DeadLetterWriter
  metrics: BridgeMetrics
  log: Log
  /** Rejects when the group has given the partition to somebody else. */
  assertOwned: () => Promise<void>
  /** Told when the process must end. */
  fail: (cause: unknown) => void
  /** Told of each acknowledged offset. */
  acknowledged: (nextOffset: bigint) => void
}

interface Prepared {
  slice: Slice
  parts: readonly PreparedPart[]
}

interface PreparedPart {
  deliveries: readonly PreparedDelivery[]
  nextOffset: bigint
}

interface PreparedDelivery {
  origin: Origin
  refused: readonly Refusal[]
  store: Delivery | undefined
}

export class Lane {
  readonly settings: LaneSettings
  /** Resolves when the loop has ended and nothing of it is under way any more. */
  readonly ended: Promise<void>
  readonly #queue: RecordQueue
  readonly #failures: FailureLog
  readonly #abort = new AbortController()
  #expected: bigint
  #next: bigint
  /** Append time of the last record stored; before that, when the partition was assigned. */
  #lastAppendedAt = Date.now()
  #draining = false
  #wake: (() => void) | undefined

  /** @param previous what has to end before this may deliver */
  constructor(settings: LaneSettings, previous: Promise<unknown>) {
    this.settings = settings
    this.#queue = new RecordQueue(settings)
    this.#failures = new FailureLog(settings.log)
    this.#expected = settings.start
    this.#next = settings.start
    // Each request that is under way listens to it.
    setMaxListeners(0, this.#abort.signal)
    this.ended = previous.then(() => this.#run())
  }

  /** The offset that the next fetched record should have. */
  get expected(): bigint {
    return this.#expected
  }

  /** First offset that is not stored yet. */
  get nextOffset(): bigint {
    return this.#next
  }

  /**
   * Append time of the oldest record that is not stored yet, milliseconds since the epoch. Where it has not been fetched
   * yet it is not known: then a time before it, or that of the assignment.
   */
  get oldestAppendedAt(): number {
    return this.#queue.oldestAppendedAt ?? this.#lastAppendedAt
  }

  get active(): boolean {
    return !this.#abort.signal.aborted && !this.#draining
  }

  /** @param nextOffset first offset that was not fetched: there may be what holds no record, such as a transaction's end */
  accept(records: readonly BusRecord[], nextOffset: bigint): void {
    if (!this.active) return
    if (nextOffset > this.#expected) this.#expected = nextOffset
    if (records.length > 0) {
      this.#queue.push(records)
      this.#wake?.()
    } else this.#passEmpty()
  }

  /** Takes nothing new and ends after the batch under way. */
  drain(): void {
    this.#draining = true
    this.#wake?.()
  }

  /** Ends as soon as it can: the partition is not ours any more, or the process ends. */
  abandon(): void {
    this.#abort.abort(new Error('The partition was taken away, or the process ends.'))
    this.#wake?.()
  }

  async #run(): Promise<void> {
    try {
      let next = await this.#prepareNext()
      while (next) {
        const delivering = this.#deliver(next)
        // While the store works, the next batch is decoded.
        const ahead = this.#queue.length > 0 && this.active ? this.#prepare() : undefined
        await delivering
        next = this.active ? (ahead ?? (await this.#prepareNext())) : undefined
      }
    } catch (cause) {
      if (!this.#abort.signal.aborted) this.settings.fail(cause)
    } finally {
      this.#queue.clear()
    }
  }

  /** Waits for records; undefined when the lane is to end. */
  async #prepareNext(): Promise<Prepared | undefined> {
    const { lingerMillis } = this.settings.limits
    const idle = this.#queue.length === 0
    while (this.#queue.length === 0 && this.active) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (idle && lingerMillis > 0 && this.active) await sleep(lingerMillis, undefined, { signal: this.#abort.signal })
    return this.active ? this.#prepare() : undefined
  }

  #prepare(): Prepared {
    const { sink, decode } = this.settings
    const slice = this.#queue.take()
    const parts = decode(slice.records).map(({ deliveries, nextOffset }): PreparedPart => {
      const prepared = deliveries.map(({ origin, batch, refused }): PreparedDelivery => {
        return { origin, refused, store: batch && sink.prepare(batch) }
      })
      return { deliveries: prepared, nextOffset }
    })
    return { slice, parts }
  }

  async #deliver({ slice, parts }: Prepared): Promise<void> {
    const { sink, topic, partition, metrics, log } = this.settings
    const stopTimer = metrics.seconds.startTimer({ sink: sink.name })
    for (const { deliveries, nextOffset } of parts) {
      await this.#waitForCommits(slice)
      for (const delivery of deliveries) await this.#store(delivery)
      this.#acknowledge(slice.appendedAt, nextOffset)
      log.debug({ topic, partition, nextOffset: String(nextOffset) }, 'A batch is stored.')
    }
    stopTimer()
    metrics.batchRecords.observe({ sink: sink.name }, slice.records.length)
    metrics.batchBytes.observe({ sink: sink.name }, slice.bytes)
    this.#lastAppendedAt = (slice.records.at(-1) as BusRecord).appendedAt
    this.#queue.release(slice)
    this.#passEmpty()
  }

  async #store({ origin, refused, store }: PreparedDelivery): Promise<void> {
    const { sink, topic, metrics } = this.settings
    const context = this.#context(origin)
    if (refused.length > 0) await context.refuse(refused)
    if (!store) return
    const counts = await context.retrying(() => store(context))
    metrics.delivered.inc({ sink: sink.name, topic }, counts.delivered)
    metrics.repeated.inc({ sink: sink.name, topic }, counts.repeated)
  }

  // What is stored but not committed would be repeated together with this batch; together they must not span too much.
  async #waitForCommits({ records }: Slice): Promise<void> {
    const { committer, limits, ordered } = this.settings
    const since = committer.uncommittedSince(this.settings)
    const until = (records.at(-1) as BusRecord).appendedAt
    const spansTooMuch = since !== undefined && until - since > limits.uncommittedSpanMillis
    if (!ordered || spansTooMuch) await committer.settledOf(this.settings)
    this.#abort.signal.throwIfAborted()
  }

  #context(origin: Origin): DeliveryContext {
    const { sink, metrics, topic, partition } = this.settings
    const { signal } = this.#abort
    const onFailure = (cause: unknown, attempt: number) => {
      if (cause instanceof RunlightError) throw cause
      const known = cause instanceof DeliveryError ? cause : undefined
      const reason = known?.reason ?? 'other'
      metrics.failures.inc({ sink: sink.name, reason })
      const message = `A delivery failed and will be repeated: ${(cause as Error).message}`
      this.#failures.warn(reason, { cause, topic, partition, attempt }, message)
      return known?.retryAfter
    }
    const retrying = <R>(work: () => Promise<R>): Promise<R> => retryForever({ signal, onFailure }, work)
    return { signal, retrying, refuse: (refusals) => retrying(() => this.#refuse(origin, refusals)) }
  }

  async #refuse(origin: Origin, refusals: readonly Refusal[]): Promise<void> {
    const { deadLetters, assertOwned, sink, metrics, log } = this.settings
    const { topic, partition } = origin
    await assertOwned()
    await deadLetters.write(origin, refusals)
    for (const { reason } of refusals) metrics.deadLetters.inc({ sink: sink.name, reason })
    // One line for all of them, and nothing of what they hold: the dead letters have it.
    const [first] = refusals
    const details = { topic, partition, records: refusals.length, firstOffset: String(first?.record.offset) }
    log.warn({ ...details, reason: first?.reason }, 'Records could not be stored and were written to the dead letters.')
  }

  /** Where nothing is waiting or under way, everything that was fetched is stored. */
  #passEmpty(): void {
    if (this.#queue.idle && this.#next < this.#expected) this.#acknowledge(Date.now(), this.#expected)
  }

  #acknowledge(firstAppendedAt: number, nextOffset: bigint): void {
    const { topic, partition, generation, acknowledged, committer } = this.settings
    this.#next = nextOffset
    if (this.#abort.signal.aborted) return
    acknowledged(nextOffset)
    committer.acknowledge({ topic, partition, nextOffset, generation, firstAppendedAt })
  }
}

/** Waits until all lanes have ended, or the deadline (milliseconds) has passed; then they are abandoned. */
export async function drainLanes(lanes: readonly Lane[], deadline: number): Promise<void> {
  const timer = new AbortController()
  for (const lane of lanes) lane.drain()
  const ended = Promise.all(lanes.map((lane) => lane.ended))
  const late = sleep(deadline, undefined, { signal: timer.signal }).then(() => {
    for (const lane of lanes) lane.abandon()
  })
  await Promise.race([ended, late.catch(() => undefined)])
  timer.abort()
}
