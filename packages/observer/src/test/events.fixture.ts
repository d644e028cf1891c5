// Reads the events topic along with a test.

import { checkTraceEvent } from '@runlight/contracts/trace-event'
import type { TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { EVENTS } from './processes.fixture.ts'

export interface EventReader {
  /** Everything so far, in the order of arrival within each run. */
  all: () => TraceEvent[]
  /** Events of a run, each identity once, ordered by execution and identity. */
  ofRun: (runId: string) => TraceEvent[]
  stop: () => Promise<void>
}

/** Starts at the topic's beginning. A record that the contract refuses fails the test that reads it. */
export async function readEvents(kafka: TestKafka): Promise<EventReader> {
  const events: TraceEvent[] = []
  const consumer = kafka.client().consumer({ groupId: `test-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: EVENTS, fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message }) => {
      const checked = checkTraceEvent(JSON.parse(message.value?.toString() ?? 'null'))
      if (!checked.ok) throw new Error(`A record on the topic: ${JSON.stringify(checked.refusal)}`)
      events.push(checked.value)
      return Promise.resolve()
    },
  })
  const ofRun = (runId: string): TraceEvent[] => {
    const known = new Map<string, TraceEvent>()
    for (const event of events) {
      const identity = identityOf(event)
      if (event.runId === runId && !known.has(identity)) known.set(identity, event)
    }
    return [...known.values()].sort((a, b) => a.execution - b.execution || seqOf(a) - seqOf(b))
  }
  return { all: () => [...events], ofRun, stop: () => consumer.disconnect() }
}

export function identityOf({ producer }: TraceEvent): string {
  return `${producer?.id ?? ''}#${producer?.seq ?? 0}`
}

function seqOf({ producer }: TraceEvent): number {
  return producer?.seq ?? 0
}

/** `execution/nodeRef/attempt/TYPE` of each event. */
export function keys(events: readonly TraceEvent[]): string[] {
  return events.map(({ execution, nodeRef, attempt, type }) => `${execution}/${nodeRef ?? ''}/${attempt}/${type}`)
}

export function only(events: readonly TraceEvent[], type: TraceEventType, nodeRef?: string): TraceEvent[] {
  return events.filter((event) => event.type === type && (nodeRef === undefined || event.nodeRef === nodeRef))
}

/** RUN_COMPLETED, RUN_FAILED, …: all that end an execution. */
export function endsOf(events: readonly TraceEvent[]): TraceEvent[] {
  return events.filter(({ type }) => type.startsWith('RUN_') && type !== 'RUN_STARTED')
}
