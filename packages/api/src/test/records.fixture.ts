// Records as producers make them.

import type { LogEntry } from '@runlight/contracts/log-entry'
import type { ProducerClosedData, TopicAccount, TraceEvent } from '@runlight/contracts/trace-event'
import { timeText } from '../store/log-lines.ts'

/** Milliseconds since the epoch, with nanoseconds on top, as RFC 3339. */
export function time(millis: number, nanos = 0): string {
  return timeText(BigInt(millis) * 1_000_000n + BigInt(nanos))
}

export function logEntry(fields: Partial<LogEntry> & Pick<LogEntry, 'runId'>): LogEntry {
  return {
    schemaVersion: 1,
    type: 'task',
    execution: 1,
    nodeRef: 'build',
    attempt: 1,
    timestamp: time(Date.now()),
    level: 'info',
    stream: 'stdout',
    message: 'a line',
    ...fields,
  }
}

export function traceEvent(fields: Partial<TraceEvent> & Pick<TraceEvent, 'runId' | 'type'>): TraceEvent {
  return {
    schemaVersion: 1,
    execution: 1,
    attempt: 1,
    level: 'info',
    message: fields.type,
    timestamp: time(Date.now()),
    ...(fields.type === 'RUN_STARTED' && { data: { graph: { nodes: [{ ref: 'build', after: [] }] } } }),
    ...fields,
  }
}

export function account(fields: Partial<TopicAccount> & Pick<TopicAccount, 'producerId'>): TopicAccount {
  return { count: 0, lastSeq: 0, dropped: [], redacted: 0, limited: 0, positions: [], ...fields }
}

export function closed(runId: string, data: ProducerClosedData, fields: Partial<TraceEvent> = {}): TraceEvent {
  return traceEvent({ runId, type: 'PRODUCER_CLOSED', nodeRef: 'build', data, ...fields })
}
