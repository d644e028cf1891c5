// The events of one producer.

import { EVENT_SCHEMA_VERSION } from '@runlight/contracts/trace-event'
import type { TraceError, TraceEvent } from '@runlight/contracts/trace-event'
import { processClock } from './clock.ts'
import type { DropReason } from './drop-reasons.ts'
import { boundText, boundedJson, safeText, toJson, toJsonObject } from './json.ts'
import { isSheddable } from './log-producer.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { Publisher } from './publisher.ts'
import type { LeftOut, LeftOutCounter } from './rate-limit.ts'
import type { Tally } from './redaction/redactor.ts'
import type { Outlet } from './topic-route.ts'

/** An event as a caller has it: version, time and producer are filled in where they are missing. */
export type NewTraceEvent = Omit<TraceEvent, 'schemaVersion' | 'timestamp'> &
  Partial<Pick<TraceEvent, 'schemaVersion' | 'timestamp'>>

// An event must never be too large for the bus: the status of a run hangs on it. Limits in characters.
const MESSAGE_LIMIT = 16 * 1024
const STACK_LIMIT = 32 * 1024
const VALUE_LIMIT = 64 * 1024

export class EventProducer {
  readonly identity: ProducerIdentity
  readonly #publisher: Publisher
  readonly topic: string
  readonly #leftOut: LeftOutCounter | undefined
  readonly #tally: Tally
  readonly #foreignTally: Tally

  /** @param tellLeftOut where a rate limit of progress is told; without it progress is not limited */
  constructor(publisher: Publisher, topic: string, hint: string, tellLeftOut?: (leftOut: LeftOut) => void) {
    this.topic = topic
    this.#publisher = publisher
    this.identity = new ProducerIdentity(hint)
    this.#leftOut = tellLeftOut && publisher.policies.leftOutCounter(tellLeftOut)
    this.#tally = publisher.policies.tally(topic, this.identity)
    this.#foreignTally = publisher.policies.tally(topic)
  }

  /** The way of a run's events. */
  outlet(runId: string): Outlet {
    return this.#publisher.outlet(this.topic, runId)
  }

  /** Counts an event that is not taken, such as one that came after the close; it gets no number. */
  refuse(reason: DropReason = 'closed'): void {
    this.#publisher.refuse(this.topic, reason)
  }

  /** Tells now what rate limits have left out since it was told last. */
  reportLimits(): void {
    this.#leftOut?.tell()
  }

  /** Resolves with true when all that was recorded before is acknowledged or dropped, with false when time is over. */
  flush(timeoutMs: number, outlet: Outlet): Promise<boolean> {
    return this.#publisher.flush(timeoutMs, outlet)
  }

  /**
   * Queues an event, under its own producer if it names one, without its secrets. Never waits, never throws: what can't
   * be read at all is counted as `invalid`.
   */
  record(event: NewTraceEvent, outlet?: Outlet): void {
    try {
      this.#record(event, outlet ?? this.outlet(event.runId))
    } catch {
      this.#publisher.refuse(this.topic, 'invalid')
    }
  }

  #record(event: NewTraceEvent, outlet: Outlet): void {
    if (typeof event !== 'object' || typeof event.runId !== 'string') return this.refuse('invalid')
    const { producer: foreign, data, outputSummary, error, ...rest } = event
    const { type, level } = rest
    const sheddable = type === 'NODE_PROGRESS' && isSheddable(level)
    if (sheddable && !foreign && this.#leftOut && !this.#publisher.policies.allows('progress', rest.runId, true)) {
      this.identity.limited++
      this.#publisher.policies.limited(this.topic, level)
      return this.#leftOut.add(level)
    }
    const tally = foreign ? this.#foreignTally : this.#tally
    const { policies } = this.#publisher
    const text = (value: unknown, limit: number): string => boundText(policies.text(safeText(value), tally), limit)
    const head = { schemaVersion: EVENT_SCHEMA_VERSION, timestamp: processClock(), ...rest }
    const message = text(rest.message, MESSAGE_LIMIT)
    const cleanError = error && cleanUp(error, text)
    const summary = outputSummary === undefined ? undefined : policies.json(toJson(outputSummary), tally)
    const details = data === undefined ? undefined : this.#data(type, data, tally)
    // From here on nothing can fail: a number that is given belongs to a record.
    const producer = foreign ?? { id: this.identity.id, seq: this.identity.next() }
    let value = toJson({ ...head, message, ...(cleanError && { error: cleanError }), producer }).slice(0, -1)
    if (summary !== undefined) value += `,"outputSummary":${boundedJson(summary, VALUE_LIMIT)}`
    if (details !== undefined) value += `,"data":${details}`
    const own = foreign === undefined
    this.#publisher.publish(outlet, {
      value: `${value}}`,
      sheddable,
      seq: producer.seq,
      producer: own ? this.identity : undefined,
    })
  }

  /**
   * What the steps of nodes carry is the caller's: redacted, and bounded where it is progress. The data of other types
   * has a shape that readers need, made of names and numbers.
   */
  #data(type: TraceEvent['type'], data: unknown, tally: Tally): string {
    if (!type.startsWith('NODE_')) return toJson(data)
    const json = this.#publisher.policies.json(toJsonObject(data), tally)
    return type === 'NODE_PROGRESS' ? boundedJson(json, VALUE_LIMIT) : json
  }
}

function cleanUp(error: TraceError, text: (value: unknown, limit: number) => string): TraceError {
  const { stack, message } = error
  return {
    ...error,
    message: text(message, MESSAGE_LIMIT),
    ...(stack !== undefined && { stack: text(stack, STACK_LIMIT) }),
  }
}
