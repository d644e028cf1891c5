// One assigned partition: a queue of records, and the loop that decodes, delivers and acknowledges them in order.

import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@runlight/service/log'
import type { Committer } from './commits.ts'
import type { DeadLetterWriter } from './dead-letters.ts'
import { decodeRecords } from './decode.ts'
import type { MemoryBudget } from './memory.ts'
import { recordBytes } from './memory.ts'
import type { BridgeMetrics } from './metrics.ts'
import { retryForever } from './retry.ts'
import { DeliveryError } from './sink.ts'
import type {
  BusRecord,
  Delivery,
  DeliveryContext,
  LogBatch,
  PartitionBatch,
  RecordKind,
  Refusal,
  Sink,
} from './sink.ts'
import { RunlightError } from '@runlight/contracts/errors'

export interface LaneSettings {
  topic: string
  kind: RecordKind
  partition: number
  generation: string
  /** The offset to begin with. */
  start: bigint
  sink: Sink
  committer: Committer
  deadLetters: DeadLetterWriter
  memory: MemoryBudget
  metrics: BridgeMetrics
  log: Log
  limits: BatchLimits
  /** Stops or goes on fetching this partition. */
  pause: () => void
  resume: () => void
  /** Rejects when the group has given the partition to somebody else. */
  assertOwned: () => Promise<void>
  /** Told when the process must end. */
  fail: (cause: unknown) => void
  /** Told of each acknowledged offset. */
  acknowledged: (nextOffset: bigint) => void
}

export interface BatchLimits {
  /** How long an idle partition waits for more records before it delivers the first ones, in milliseconds. */
  lingerMillis: number
  records: number
  bytes: number
  /** Longest append time that one batch may span, in milliseconds. */
  spanMillis: number
  /** Longest append time that what is stored but not committed may span together with the next batch, in milliseconds. */
  uncommittedSpanMillis: number
}

/** Records taken from the queue together. */
interface Slice {
  records: BusRecord[]
  bytes: number
  /** Append time of the first of them. */
  appendedAt: number
}

interface Prepared {
  slice: Slice
  batch: PartitionBatch
  refused: Refusal[]
  delivery: Delivery
}

export class Lane {
  readonly settings: LaneSettings
  /** Resolves when the loop has ended and nothing of it is under way any more. */
  readonly ended: Promise<void>
  readonly #queue: BusRecord[] = []
  #queuedBytes = 0
  readonly #inFlight: Slice[] = []
  #expected: bigint
  #next: bigint
  #paused = false
  #wake: (() => void) | undefined
  #draining = false
  readonly #abort = new AbortController()

  constructor(settings: LaneSettings, previous: Promise<unknown>) {
    this.settings = settings
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

  /** Append time of the oldest record taken and not stored yet, milliseconds since the epoch. */
  get oldestAppendedAt(): number | undefined {
    return (this.#inFlight[0] ?? this.#queue[0])?.appendedAt
  }

  get active(): boolean {
    return !this.#abort.signal.aborted && !this.#draining
  }

  accept(records: readonly BusRecord[]): void {
    const last = records.at(-1)
    if (!this.active || !last) return
    let bytes = 0
    for (const record of records) {
      bytes += recordBytes(record)
      this.#queue.push(record)
    }
    this.#queuedBytes += bytes
    this.settings.memory.take(bytes)
    this.#expected = last.offset + 1n
    if (!this.#paused && this.#held > this.settings.memory.portion) {
      this.#paused = true
      this.settings.pause()
    }
    this.#wake?.()
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

  get #held(): number {
    return this.#inFlight.reduce((sum, slice) => sum + slice.bytes, this.#queuedBytes)
  }

  async #run(): Promise<void> {
    const { settings } = this
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
      if (!this.#abort.signal.aborted) settings.fail(cause)
    } finally {
      settings.memory.give(this.#held)
      this.#queue.length = 0
      this.#queuedBytes = 0
      this.#inFlight.length = 0
    }
  }

  /** Waits for records; undefined when the lane is to end. */
  async #prepareNext(): Promise<Prepared | undefined> {
    const { limits } = this.settings
    if (this.#queue.length === 0 && this.active) {
      while (this.#queue.length === 0 && this.active) await new Promise<void>((resolve) => (this.#wake = resolve))
      if (limits.lingerMillis > 0 && this.active)
        await sleep(limits.lingerMillis, undefined, { signal: this.#abort.signal })
    }
    return this.active && this.#queue.length > 0 ? this.#prepare() : undefined
  }

  #prepare(): Prepared {
    const { topic, partition, generation, kind, sink } = this.settings
    const slice = this.#takeSlice()
    const { records } = slice
    const last = records.at(-1) as BusRecord
    const frame = { topic, partition, generation, nextOffset: last.offset + 1n, lastAppendedAt: last.appendedAt }
    const { batch, refused } = decodeBatch(kind, frame, records)
    return { slice, batch, refused, delivery: sink.prepare(batch) }
  }

  async #deliver({ slice, batch, refused, delivery }: Prepared): Promise<void> {
    const { settings } = this
    const { sink, topic, metrics, log } = settings
    await this.#waitForCommits(batch.lastAppendedAt)
    const context = this.#context()
    if (refused.length > 0) await context.refuse(refused)
    const stopTimer = metrics.seconds.startTimer({ sink: sink.name })
    const counts = await context.retrying(() => delivery(context))
    stopTimer()
    metrics.batchRecords.observe({ sink: sink.name }, slice.records.length)
    metrics.delivered.inc({ sink: sink.name, topic }, counts.delivered)
    metrics.repeated.inc({ sink: sink.name, topic }, counts.repeated)
    this.#acknowledge(slice, batch.nextOffset)
    log.debug({ topic, partition: settings.partition, nextOffset: String(batch.nextOffset) }, 'A batch is stored.')
  }

  // What is stored but not committed would be repeated together with this batch; together they must not span too much.
  async #waitForCommits(lastAppendedAt: number): Promise<void> {
    const { committer, limits } = this.settings
    const since = committer.uncommittedSince(this.settings)
    if (since !== undefined && lastAppendedAt - since > limits.uncommittedSpanMillis) await committer.settled()
    this.#abort.signal.throwIfAborted()
  }

  #takeSlice(): Slice {
    const { limits, memory } = this.settings
    const { appendedAt } = this.#queue[0] as BusRecord
    let count = 0
    let bytes = 0
    for (const record of this.#queue) {
      const size = recordBytes(record)
      const full = count === limits.records || (count > 0 && bytes + size > limits.bytes)
      if (full || record.appendedAt - appendedAt > limits.spanMillis) break
      bytes += size
      count++
    }
    const slice = { records: this.#queue.splice(0, count), bytes, appendedAt }
    this.#queuedBytes -= bytes
    this.#inFlight.push(slice)
    if (this.#paused && this.#queuedBytes < memory.portion / 2) {
      this.#paused = false
      this.settings.resume()
    }
    return slice
  }

  #context(): DeliveryContext {
    const { sink, metrics, log, topic, partition } = this.settings
    const { signal } = this.#abort
    const retrying = <R>(work: () => Promise<R>): Promise<R> =>
      retryForever(
        {
          signal,
          onFailure: (cause, attempt) => {
            if (cause instanceof RunlightError) throw cause
            const known = cause instanceof DeliveryError ? cause : undefined
            metrics.failures.inc({ sink: sink.name, reason: known?.reason ?? 'other' })
            const details = { cause, topic, partition, attempt, reason: known?.reason ?? 'other' }
            log.warn(details, `A delivery failed and will be repeated: ${(cause as Error).message}`)
            return known?.retryAfter
          },
        },
        work,
      )
    return { signal, retrying, refuse: (refusals) => retrying(() => this.#refuse(refusals)) }
  }

  async #refuse(refusals: readonly Refusal[]): Promise<void> {
    const { settings } = this
    const { topic, partition, generation, sink, metrics, log } = settings
    await settings.assertOwned()
    await settings.deadLetters.write({ topic, partition, generation }, refusals)
    for (const { record, reason, detail } of refusals) {
      metrics.deadLetters.inc({ sink: sink.name, reason })
      log.warn(
        { topic, partition, offset: String(record.offset), reason, detail },
        'A record could not be stored and was written to the dead letters.',
      )
    }
  }

  #acknowledge(slice: Slice, nextOffset: bigint): void {
    const { settings } = this
    settings.memory.give(slice.bytes)
    this.#inFlight.splice(this.#inFlight.indexOf(slice), 1)
    this.#next = nextOffset
    if (this.#abort.signal.aborted) return
    settings.acknowledged(nextOffset)
    const { topic, partition, generation } = settings
    settings.committer.acknowledge({ topic, partition, nextOffset, generation, firstAppendedAt: slice.appendedAt })
  }
}

function decodeBatch(
  kind: RecordKind,
  frame: Omit<LogBatch, 'kind' | 'records'>,
  records: readonly BusRecord[],
): { batch: PartitionBatch; refused: Refusal[] } {
  if (kind === 'logs') {
    const { decoded, refused } = decodeRecords(kind, records)
    return { batch: { kind, ...frame, records: decoded }, refused }
  }
  const { decoded, refused } = decodeRecords(kind, records)
  return { batch: { kind, ...frame, records: decoded }, refused }
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
