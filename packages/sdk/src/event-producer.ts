// The events of one producer.

import { EVENT_SCHEMA_VERSION } from '@runlight/contracts/trace-event'
import type { TraceError, TraceEvent } from '@runlight/contracts/trace-event'
import { processClock } from './clock.ts'
import { boundText, toBoundedJson, toJson } from './json.ts'
import { isSheddable } from './log-producer.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { Publisher } from './publisher.ts'
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

  constructor(publisher: Publisher, topic: string, hint: string) {
    this.topic = topic
    this.#publisher = publisher
    this.identity = new ProducerIdentity(hint)
  }

  /** The way of a run's events. */
  outlet(runId: string): Outlet {
    return this.#publisher.outlet(this.topic, runId)
  }

  /** Counts an event that came after the close; it gets no number. */
  refuse(): void {
    this.#publisher.refuse(this.topic, 'closed')
  }

  /** Resolves with true when all that was recorded before is acknowledged or dropped, with false when time is over. */
  flush(timeoutMs: number, outlet: Outlet): Promise<boolean> {
    return this.#publisher.flush(timeoutMs, outlet)
  }

  /** Queues an event, under its own producer if it names one. Never waits, never throws. */
  record(event: NewTraceEvent, outlet: Outlet = this.outlet(event.runId)): void {
    const own = event.producer === undefined
    const producer = event.producer ?? { id: this.identity.id, seq: this.identity.next() }
    const { data, outputSummary, error, ...rest } = event
    const head = toJson({
      schemaVersion: EVENT_SCHEMA_VERSION,
      timestamp: processClock(),
      ...rest,
      message: boundText(event.message, MESSAGE_LIMIT),
      ...(error && { error: boundError(error) }),
      producer,
    })
    let value = head.slice(0, -1)
    if (outputSummary !== undefined) value += `,"outputSummary":${toBoundedJson(outputSummary, VALUE_LIMIT)}`
    if (data !== undefined) value += `,"data":${dataJson(event)}`
    value += '}'
    const sheddable = event.type === 'NODE_PROGRESS' && isSheddable(event.level)
    this.#publisher.publish(outlet, { value, sheddable, seq: producer.seq, producer: own ? this.identity : undefined })
  }
}

function boundError(error: TraceError): TraceError {
  const { stack, message } = error
  return {
    ...error,
    message: boundText(message, MESSAGE_LIMIT),
    ...(stack !== undefined && { stack: boundText(stack, STACK_LIMIT) }),
  }
}

/** What NODE_PROGRESS carries is the caller's and bounded; the data of other types has a shape that readers need. */
function dataJson({ type, data }: NewTraceEvent): string {
  return type === 'NODE_PROGRESS' ? toBoundedJson(data, VALUE_LIMIT) : toJson(data)
}
