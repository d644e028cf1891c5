// The log entries of one producer: what is the same in all of them is serialised once.

import { LOG_SCHEMA_VERSION } from '@runlight/contracts/log-entry'
import type { LogEntry, LogLevel } from '@runlight/contracts/log-entry'
import { processClock } from './clock.ts'
import type { DropCounts } from './drop-reasons.ts'
import { toJson, toJsonObject } from './json.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { Publisher } from './publisher.ts'
import type { Outlet } from './topic-route.ts'

/** What all entries of a producer have in common. */
export type LogFields = Pick<
  LogEntry,
  'type' | 'orgId' | 'workflowId' | 'runId' | 'execution' | 'nodeRef' | 'attempt' | 'component'
>

/** One entry, besides what its producer knows. */
export interface LogLine {
  level: LogLevel
  /** Default `system`: what the code says through its logger. */
  stream?: string
  message: string
  metadata?: unknown
  trace?: LogEntry['trace']
}

export function isSheddable(level: LogLevel): boolean {
  return level === 'debug' || level === 'info'
}

export class LogProducer {
  readonly identity: ProducerIdentity
  readonly #outlet: Outlet
  readonly topic: string
  readonly #publisher: Publisher
  readonly #head: string
  readonly #tail: string

  constructor(publisher: Publisher, topic: string, fields: LogFields) {
    this.topic = topic
    this.#publisher = publisher
    this.#outlet = publisher.outlet(topic, fields.runId ?? fields.component ?? '')
    this.identity = new ProducerIdentity(hint(fields))
    this.#head = `${JSON.stringify({ schemaVersion: LOG_SCHEMA_VERSION, ...fields }).slice(0, -1)},"timestamp":"`
    this.#tail = `,"producer":{"id":${JSON.stringify(this.identity.id)},"seq":`
  }

  /** Queues an entry. Never waits, never throws. Here is the place of redaction and of rate limits, before the number. */
  append({ level, stream = 'system', message, metadata, trace }: LogLine): void {
    const seq = this.identity.next()
    let value = `${this.#head}${processClock()}","level":"${level}","stream":"${stream}","message":${toJson(String(message))}`
    if (metadata !== undefined) value += `,"metadata":${toJsonObject(metadata)}`
    if (trace !== undefined) value += `,"trace":${toJson(trace)}`
    value += `${this.#tail}${seq}}}`
    this.#publisher.publish(this.#outlet, { value, sheddable: isSheddable(level), seq, producer: this.identity })
  }

  /** Counts an entry that came after the close; it gets no number. */
  refuse(): void {
    this.#publisher.refuse(this.topic, 'closed')
  }

  /** Resolves with true when all that was appended before is acknowledged or dropped, with false when time is over. */
  flush(timeoutMs: number): Promise<boolean> {
    return this.#publisher.flush(timeoutMs, this.#outlet)
  }

  /** Says in the log itself that records are missing from it; `dropped` counts them by topic and reason. */
  reportDrops(dropped: Readonly<Record<string, DropCounts | undefined>>): void {
    const counts = Object.values(dropped).flatMap((byReason) => Object.values(byReason ?? {}))
    const total = counts.reduce((sum, count) => sum + count, 0)
    const message = `${total} ${total === 1 ? 'record was' : 'records were'} dropped before they could be sent.`
    this.append({ level: 'warn', message, metadata: { dropped } })
  }
}

/** What a person recognises a producer by. */
export function hint({ component, nodeRef, attempt }: Pick<LogFields, 'component' | 'nodeRef' | 'attempt'>): string {
  return component ?? (nodeRef === undefined ? '' : `${nodeRef}.${attempt ?? 1}`)
}
