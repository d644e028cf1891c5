// A source of records that are numbered where they are made. Everything but the first moment follows from the seed, and
// each record can be made again from its number: so a check needs to keep none of them.

import type { LogEntry } from '@runlight/contracts/log-entry'
import type { Instant } from '@runlight/contracts/time'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { messageOf, metadataOf } from './line-content.ts'
import { planRecords } from './record-plan.ts'
import type { PlannedProducer, RecordPlan } from './record-plan.ts'
import { Random } from './random.ts'

export type SourceKind = 'logs' | 'events'

export interface SourceRecord {
  number: number
  kind: SourceKind
  key: string
  body: LogEntry | TraceEvent
  /** Its own time. */
  own: Instant
}

export interface SourceSettings {
  seed: number
  records: number
  /** Own time of the first record, milliseconds since the epoch. */
  startedAt: number
}

const LEVELS = ['debug', 'info', 'info', 'info', 'warn', 'error'] as const
const STREAMS = ['stdout', 'stdout', 'stderr', 'terminal'] as const

/** From one record to the next, in nanoseconds. */
const STEP_NS = 7_000
/** Sources of these precisions say one time for several records. */
const BURST = 64

export class NumberedRecords {
  readonly seed: number
  readonly size: number
  readonly plan: RecordPlan
  readonly #startSeconds: number

  constructor({ seed, records, startedAt }: SourceSettings) {
    this.seed = seed
    this.size = records
    this.plan = planRecords(seed, records)
    this.#startSeconds = Math.floor(startedAt / 1000)
  }

  kindOf(number: number): SourceKind {
    return this.plan.producerOf(number).kind
  }

  /** The number of the record with this identity; undefined when there is none. */
  numberOf(kind: SourceKind, producerId: string, seq: number): number | undefined {
    return this.plan.numberOf(`${kind}:${producerId}`, seq)
  }

  /** Makes a record, the same each time. */
  record(number: number): SourceRecord {
    const producer = this.plan.producerOf(number)
    const random = new Random(this.seed, number + 1)
    const own = this.#timeOf(number, producer)
    const timestamp = timeText(own, producer.precision)
    const identity = { id: producer.id, seq: this.plan.seqOf(number) }
    const body =
      producer.kind === 'logs'
        ? logEntry(random, number, producer, timestamp, identity)
        : traceEvent(random, this.plan.eventOf(number), producer, timestamp, identity)
    const key = producer.runId ?? producer.component ?? ''
    return { number, kind: producer.kind, key, body, own }
  }

  /** A record's bytes on the bus. */
  value(number: number): string {
    return JSON.stringify(this.record(number).body)
  }

  // Two records of one run have one time only where the source is as coarse as milliseconds, or as fine as nanoseconds:
  // the three digits below microseconds are too few to tell records of one moment apart.
  #timeOf(number: number, { precision }: PlannedProducer): Instant {
    const step = precision === 6 ? number : number - (number % BURST)
    const exact = step * STEP_NS + (precision === 9 ? 1 : 0)
    const unit = 10 ** (9 - precision)
    const sinceStart = exact - (exact % unit)
    const seconds = Math.floor(sinceStart / 1e9)
    return { seconds: this.#startSeconds + seconds, nanos: sinceStart - seconds * 1e9 }
  }
}

function logEntry(
  random: Random,
  number: number,
  from: PlannedProducer,
  timestamp: string,
  producer: { id: string; seq: number },
): LogEntry {
  const metadata = metadataOf(random)
  return {
    schemaVersion: 1,
    type: from.component !== undefined ? 'system' : from.nodeRef !== undefined ? 'task' : 'job',
    ...from.place,
    timestamp,
    level: random.pick(LEVELS),
    stream: from.component !== undefined ? 'system' : random.pick(STREAMS),
    message: messageOf(random, number),
    ...(metadata === undefined ? {} : { metadata }),
    ...(random.chance(0.1) ? { trace: { traceId: hex(random, 32), spanId: hex(random, 16) } } : {}),
    producer,
  }
}

function traceEvent(
  random: Random,
  event: Pick<TraceEvent, 'type' | 'data'>,
  from: PlannedProducer,
  timestamp: string,
  producer: { id: string; seq: number },
): TraceEvent {
  const failed = event.type === 'NODE_FAILED' || event.type === 'RUN_FAILED'
  return {
    schemaVersion: 1,
    ...from.place,
    runId: from.runId ?? '',
    execution: 1,
    attempt: from.attempt ?? 1,
    type: event.type,
    level: failed ? 'error' : 'info',
    message: `${event.type} – ${messageOf(random, producer.seq)}`,
    timestamp,
    ...(event.data ? { data: event.data } : {}),
    ...(failed ? { error: { message: 'It did not work: ÄÖÜ', type: 'TimeoutError', retryable: true } } : {}),
    ...(event.type === 'NODE_COMPLETED' ? { outputSummary: { rows: random.below(1_000) } } : {}),
    producer,
  }
}

let lastSecond = Number.NaN
let lastSecondText = ''

/** RFC 3339 with as many digits as the source knows, zeros included, as most languages print it. */
function timeText({ seconds, nanos }: Instant, precision: number): string {
  if (seconds !== lastSecond) {
    lastSecond = seconds
    lastSecondText = new Date(seconds * 1000).toISOString().slice(0, 19)
  }
  // A leading 1 keeps the zeros; it is cut off again.
  return `${lastSecondText}.${String(1_000_000_000 + nanos).slice(1, 1 + precision)}Z`
}

function hex(random: Random, digits: number): string {
  let text = ''
  while (text.length < digits) text += random.next().toString(16).padStart(8, '0')
  return text
}
