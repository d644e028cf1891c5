// One assigned partition: the loop that decodes, delivers and acknowledges its records in order.

import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunlightError } from '@runlight/contracts/errors'
import type { Log } from '@runlight/service/log'
import type { Committer } from './commits.ts'
import type { DeadLetterWriter, Origin } from './dead-letters.ts'
import type { DecodedBudget } from './decoded-budget.ts'
import { deliverBatch, prepareBatch } from './deliver-batch.ts'
import type { PreparedBatch } from './deliver-batch.ts'
import { FailureLog } from './failure-log.ts'
import type { BridgeMetrics } from './metrics.ts'
import { isOwnFault } from './own-fault.ts'
import type { Part, TakenBatch } from './part.ts'
import { RecordQueue } from './queue.ts'
import type { QueueSettings, Slice } from './queue.ts'
import { retryForever } from './retry.ts'
import { DeliveryError } from './sink.ts'
import type { BusRecord, DeliveryContext, Refusal, Sink } from './sink.ts'

export interface LaneSettings extends QueueSettings {
  topic: string
  partition: number
  generation: string
  /** The offset to begin with. */
  start: bigint
  /** Sorts records taken together into parts that follow one another. */
  partsOf: (records: readonly BusRecord[]) => readonly Part[]
  decoded: DecodedBudget
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

/** A slice of the queue, decoded. */
interface Prepared {
  slice: Slice
  parts: readonly PreparedPart[]
  /** Gives the room back that it takes decoded. */
  give: () => void
}

interface PreparedPart extends Omit<Part, 'batches'> {
  batches: readonly PreparedBatch[]
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
  /** Decoded while the batch before is stored. */
  #ahead: Prepared | undefined
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
    // What is under way may take its time to end. Nobody has to wait for the rest.
    this.#dropAhead()
    this.#queue.forgetWaiting()
    this.#wake?.()
  }

  async #run(): Promise<void> {
    try {
      let next = await this.#prepareNext()
      while (next) {
        const delivering = this.#deliver(next)
        // While the store works, the next batch is decoded.
        this.#ahead = this.#prepareAhead()
        await delivering
        next = this.active ? (this.#takeAhead() ?? (await this.#prepareNext())) : undefined
      }
    } catch (cause) {
      if (!this.#abort.signal.aborted) this.settings.fail(cause)
    } finally {
      this.#dropAhead()
      this.#queue.clear()
    }
  }

  /** Waits for records, and for room to decode them; undefined when the lane is to end. */
  async #prepareNext(): Promise<Prepared | undefined> {
    const { limits, decoded } = this.settings
    const { lingerMillis } = limits
    const idle = this.#queue.length === 0
    while (this.#queue.length === 0 && this.active) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (idle && lingerMillis > 0 && this.active) await sleep(lingerMillis, undefined, { signal: this.#abort.signal })
    if (!this.active) return undefined
    const give = await decoded.take(this.#queue.nextBytes(decoded.portion), this.#abort.signal)
    return this.#prepare(give)
  }

  #prepareAhead(): Prepared | undefined {
    if (this.#queue.length === 0 || !this.active) return undefined
    const { decoded } = this.settings
    const give = decoded.tryTake(this.#queue.nextBytes(decoded.portion))
    return give && this.#prepare(give)
  }

  #takeAhead(): Prepared | undefined {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead
  }

  #dropAhead(): void {
    this.#takeAhead()?.give()
  }

  #prepare(give: () => void): Prepared {
    const { sink, partsOf, decoded } = this.settings
    const slice = this.#queue.take(decoded.portion)
    const parts = partsOf(slice.records).map(({ batches, ...part }): PreparedPart => {
      return { ...part, batches: batches.map((taken) => prepareBatch(sink, taken)) }
    })
    return { slice, parts, give }
  }

  async #deliver({ slice, parts, give }: Prepared): Promise<void> {
    const { sink, topic, partition, generation, metrics, log } = this.settings
    const stopTimer = metrics.seconds.startTimer({ sink: sink.name })
    try {
      for (const { batches, broken, nextOffset } of parts) {
        await this.#waitForCommits(slice)
        for (const batch of batches) await this.#store(batch)
        if (broken.length > 0) await this.#context({ topic, partition, generation }).refuse(broken)
        this.#acknowledge(slice.appendedAt, nextOffset)
        log.debug({ topic, partition, nextOffset: String(nextOffset) }, 'A batch is stored.')
      }
    } finally {
      give()
    }
    stopTimer()
    metrics.batchRecords.observe({ sink: sink.name }, slice.records.length)
    metrics.batchBytes.observe({ sink: sink.name }, slice.bytes)
    this.#lastAppendedAt = (slice.records.at(-1) as BusRecord).appendedAt
    this.#queue.release(slice)
    this.#passEmpty()
  }

  async #store(batch: PreparedBatch): Promise<void> {
    const { sink, topic, metrics } = this.settings
    const { generation, topic: from, partition } = batch.taken.frame
    const context = this.#context({ generation, topic: from, partition })
    const faulty = (taken: TakenBatch, record: BusRecord, fault: Error) => this.#reportFault(taken, record, fault)
    const counts = await deliverBatch({ sink, context, faulty }, batch)
    metrics.delivered.inc({ sink: sink.name, topic }, counts.delivered)
    metrics.repeated.inc({ sink: sink.name, topic }, counts.repeated)
  }

  #reportFault({ frame: { topic, partition } }: TakenBatch, { offset }: BusRecord, { name }: Error): void {
    // Not its message: it may hold a piece of the record.
    this.settings.log.error(
      { topic, partition, offset: String(offset), fault: name },
      'This bridge failed over a record because of a mistake in its own code. The record is among the dead letters; report it with what they say, and replay it when the mistake is mended.',
    )
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
    const { signal } = this.#abort
    return {
      signal,
      retrying: (work) => this.#repeat(work, (cause) => !isOwnFault(cause)),
      // What the client of the bus fails with is never the record's fault.
      refuse: (refusals) => this.#repeat(() => this.#refuse(origin, refusals)),
    }
  }

  /** Repeats until it succeeds; rejects with what no repeat mends. */
  #repeat<R>(work: () => Promise<R>, mayMend: (cause: unknown) => boolean = () => true): Promise<R> {
    const { sink, metrics, topic, partition } = this.settings
    const { signal } = this.#abort
    const onFailure = (cause: unknown, attempt: number) => {
      if (cause instanceof RunlightError || !mayMend(cause)) throw cause
      const known = cause instanceof DeliveryError ? cause : undefined
      const reason = known?.reason ?? 'other'
      metrics.failures.inc({ sink: sink.name, reason })
      const message = `A delivery failed and will be repeated: ${(cause as Error).message}`
      this.#failures.warn(reason, { cause, topic, partition, attempt }, message)
      return known?.retryAfter
    }
    return retryForever({ signal, onFailure }, work)
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
