// Batches and contexts for tests of sinks: decoded as the core decodes them.

import type { LogEntry } from '@runlight/contracts/log-entry'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { decodeRecords } from './decode.ts'
import { isOwnFault } from './own-fault.ts'
import type { TakenBatch } from './part.ts'
import type { BusRecord, DeliveryContext, EventBatch, LogBatch, RecordKind, Refusal, Sink } from './sink.ts'

export interface BatchPlace {
  topic?: string
  partition?: number
  generation?: string
  /** Offset of the first record. */
  from?: number
  /** Append time of all records, milliseconds since the epoch. */
  appendedAt?: number
  /** Name of the replay that the records come from. */
  replay?: string
}

/** A value is what a client would send: an object is written as JSON, a text is sent as it is. */
type Value = object | string

export function logBatch(values: readonly Value[], place: BatchPlace = {}): LogBatch {
  const { records, frame } = onBus(values, { topic: 'telemetry.logs', ...place })
  return { kind: 'logs', ...frame, records: decodeRecords('logs', records).decoded }
}

export function eventBatch(values: readonly Value[], place: BatchPlace = {}): EventBatch {
  const { records, frame } = onBus(values, { topic: 'telemetry.events', ...place })
  return { kind: 'events', ...frame, records: decodeRecords('events', records).decoded }
}

/** Records as they are taken from the bus. */
export function takenBatch(kind: RecordKind, values: readonly Value[], place: BatchPlace = {}): TakenBatch {
  return { kind, ...onBus(values, { topic: `telemetry.${kind}`, ...place }) }
}

function onBus(
  values: readonly Value[],
  { topic = '', partition = 0, generation = 'generation-1', from = 0, appendedAt = Date.now(), replay }: BatchPlace,
) {
  const records = values.map((value, index): BusRecord => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return { offset: BigInt(from + index), appendedAt, key: null, value: Buffer.from(text) }
  })
  const nextOffset = BigInt(from + values.length)
  const frame = { topic, partition, generation, nextOffset, lastAppendedAt: appendedAt }
  return { records, frame: { ...frame, ...(replay === undefined ? {} : { replay: { id: replay } }) } }
}

/** Lines of one producer, from sequence number `from` on. */
export function logEntries(count: number, extra: Partial<LogEntry> = {}, from = 1): LogEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    schemaVersion: 1,
    type: 'task',
    orgId: 'acme',
    runId: 'run-1',
    execution: 1,
    nodeRef: 'fetch',
    attempt: 1,
    timestamp: new Date().toISOString(),
    level: 'info',
    stream: 'stdout',
    message: `line ${from + index}`,
    producer: { id: 'producer-1', seq: from + index },
    ...extra,
  }))
}

let lastSeq = 0

/** An event with an identity of its own. */
export function traceEvent(type: TraceEvent['type'], extra: Partial<TraceEvent> = {}): TraceEvent {
  lastSeq += 1
  return {
    schemaVersion: 1,
    orgId: 'acme',
    runId: 'run-1',
    execution: 1,
    attempt: 1,
    type,
    level: 'info',
    message: type,
    timestamp: new Date().toISOString(),
    producer: { id: 'observer', seq: lastSeq },
    ...(type === 'RUN_STARTED' ? { data: { graph: { nodes: [{ ref: 'fetch', after: [] }] } } } : {}),
    ...extra,
  }
}

/** The sink, but its own code fails over some records: a field of theirs, that every sink reads, can't be read. */
export function failingOver(sink: Sink, isBad: (message: string) => boolean): Sink {
  const get = () => {
    throw new TypeError('level is not what it was')
  }
  return {
    ...sink,
    prepare: (batch) => {
      for (const { body } of batch.kind === 'raw' ? [] : batch.records) {
        if (isBad(body.message)) Object.defineProperty(body, 'level', { get })
      }
      return sink.prepare(batch)
    },
  }
}

/** A context that keeps what is refused, and repeats whatever is no mistake of our own, at once. */
export function repeatingContext(): DeliveryContext & { refused: Refusal[]; repeats: number } {
  const context = Object.assign(testContext(), { repeats: 0 })
  context.retrying = async (work) => {
    for (;;) {
      try {
        return await work()
      } catch (cause) {
        if (isOwnFault(cause)) throw cause
        context.repeats += 1
      }
    }
  }
  return context
}

/** A context that keeps what is refused, and repeats nothing: a failure is the test's to see. */
export function testContext(): DeliveryContext & { refused: Refusal[] } {
  const refused: Refusal[] = []
  return {
    refused,
    signal: new AbortController().signal,
    retrying: (work) => work(),
    refuse: (refusals) => {
      refused.push(...refusals)
      return Promise.resolve()
    },
  }
}
