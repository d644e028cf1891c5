// The log entries of one producer: what is the same in all of them is serialised once.

import { LOG_SCHEMA_VERSION } from '@runlight/contracts/log-entry'
import type { LogEntry, LogLevel } from '@runlight/contracts/log-entry'
import { parseInstant } from '@runlight/contracts/time'
import { processClock } from './clock.ts'
import type { DropCounts, DropReason } from './drop-reasons.ts'
import { safeText, toJsonObject } from './json.ts'
import { isLargerThan } from './json-size.ts'
import type { OutputSettings } from './output/settings.ts'
import type { LimitKind } from './policies.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { Publisher } from './publisher.ts'
import type { LeftOutCounter } from './rate-limit.ts'
import type { LeftOut } from './rate-limit.ts'
import { KeyLines } from './redaction/key-lines.ts'
import type { Tally } from './redaction/redactor.ts'
import type { StreamName } from './streams.ts'
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
  stream?: StreamName
  message: string
  metadata?: unknown
  trace?: LogEntry['trace']
  /** RFC 3339. Default: now. */
  timestamp?: string
}

/** Levels, and whether a line of one goes first when the queue is full. */
const SHEDDABLE = new Map<LogLevel, boolean>([
  ['debug', true],
  ['info', true],
  ['warn', false],
  ['error', false],
])

export function isSheddable(level: LogLevel): boolean {
  return SHEDDABLE.get(level) ?? true
}

export class LogProducer {
  readonly identity: ProducerIdentity
  readonly #outlet: Outlet
  readonly topic: string
  readonly #publisher: Publisher
  readonly #head: string
  readonly #tail: string
  readonly #limitKey: string
  readonly #limitKind: LimitKind
  readonly #leftOut: LeftOutCounter
  readonly #keyLines: KeyLines | undefined
  readonly #tally: Tally

  constructor(publisher: Publisher, topic: string, fields: LogFields) {
    this.topic = topic
    this.#publisher = publisher
    this.#limitKind = fields.runId === undefined ? 'component' : 'run'
    this.#limitKey = fields.runId ?? fields.component ?? ''
    this.#outlet = publisher.outlet(topic, this.#limitKey)
    this.identity = new ProducerIdentity(hint(fields))
    this.#head = `${JSON.stringify({ schemaVersion: LOG_SCHEMA_VERSION, ...fields }).slice(0, -1)},"timestamp":"`
    this.#tail = `,"producer":{"id":${JSON.stringify(this.identity.id)},"seq":`
    this.#leftOut = publisher.policies.leftOutCounter((leftOut) => this.#reportLeftOut(leftOut))
    this.#keyLines = publisher.policies.redactor && new KeyLines(publisher.policies.redactor)
    this.#tally = publisher.policies.tally(topic, this.identity)
  }

  /**
   * Queues an entry, unless the rate limit of its run or component leaves it out; without its secrets. Never waits,
   * never throws: what can't be read at all is counted as `invalid`.
   */
  append(line: LogLine): void {
    try {
      if (this.#publisher.policies.allows(this.#limitKind, this.#limitKey, isSheddable(line.level))) this.#queue(line)
      else this.leaveOut(line.level)
    } catch {
      this.#publisher.refuse(this.topic, 'invalid')
    }
  }

  /** Counts a line that a rate limit leaves out; it gets no number. */
  leaveOut(level: LogLevel): void {
    const known = SHEDDABLE.has(level) ? level : 'info'
    this.identity.limited++
    this.#publisher.policies.limited(this.topic, known)
    this.#leftOut.add(known)
  }

  /** Counts an entry that is not taken, such as one that came after the close; it gets no number. */
  refuse(reason: DropReason = 'closed'): void {
    this.#publisher.refuse(this.topic, reason)
  }

  /** @throws RunlightError RL_STREAM_UNREGISTERED */
  demandStream(name: string): void {
    this.#publisher.policies.streams.demand(name)
  }

  /** How output becomes lines, as the adapter was set. */
  get output(): OutputSettings {
    return this.#publisher.settings.output
  }

  /** Queues what the producer itself has to say, past any limit. */
  report(line: LogLine): void {
    this.#queue(line)
  }

  /** Says now, in the log itself, what rate limits have left out since it was said last. */
  reportLimits(): void {
    this.#leftOut.tell()
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
    this.#queue({ level: 'warn', message, metadata: { dropped } })
  }

  /** Says in the log itself what a rate limit has left out of it. */
  #reportLeftOut({ byLevel, count, countInAll, windowMs }: LeftOut): void {
    const limit = this.#publisher.policies.limit(this.#limitKind)
    const message = `${count} ${count === 1 ? 'line was' : 'lines were'} left out by the rate limit of ${limit?.linesPerSecond ?? 0} lines a second.`
    this.#queue({ level: 'warn', message, metadata: { leftOut: { count, byLevel, countInAll, windowMs } } })
  }

  #queue({ level, stream = 'system', message, metadata, trace, timestamp }: LogLine): void {
    const text = typeof message === 'string' ? message : safeText(message)
    const { maxRecordBytes } = this.#publisher.settings
    // What is too large anyway is not searched and serialised first.
    const isTooLarge = text.length > maxRecordBytes || isLargerThan(metadata, maxRecordBytes)
    const value = isTooLarge ? undefined : this.#body(stream, text, metadata, trace)
    const known = SHEDDABLE.has(level) ? level : 'info'
    const time = typeof timestamp === 'string' && parseInstant(timestamp) ? timestamp : processClock()
    const seq = this.identity.next()
    this.#publisher.publish(this.#outlet, {
      value: value && `${this.#head}${time}","level":"${known}"${value}${this.#tail}${seq}}}`,
      sheddable: isSheddable(known),
      seq,
      producer: this.identity,
    })
  }

  #body(stream: StreamName, text: string, metadata: unknown, trace: LogEntry['trace']): string {
    const known = this.#publisher.policies.streamOf(stream)
    const clean = this.#keyLines ? this.#keyLines.line(known, text, this.#tally) : text
    let body = `,"stream":"${known}","message":${JSON.stringify(clean)}`
    if (metadata !== undefined)
      body += `,"metadata":${this.#publisher.policies.json(toJsonObject(metadata), this.#tally)}`
    if (isTrace(trace)) body += `,"trace":${JSON.stringify({ traceId: trace.traceId, spanId: trace.spanId })}`
    return body
  }
}

/** Whether it is a trace context; what is none would make the record one that readers refuse. */
function isTrace(trace: LogEntry['trace']): trace is NonNullable<LogEntry['trace']> {
  if (typeof trace !== 'object' || trace === null) return false
  return /^[0-9a-f]{32}$/.test(trace.traceId) && /^[0-9a-f]{16}$/.test(trace.spanId)
}

/** What a person recognises a producer by. */
export function hint({ component, nodeRef, attempt }: Pick<LogFields, 'component' | 'nodeRef' | 'attempt'>): string {
  return component ?? (nodeRef === undefined ? '' : `${nodeRef}.${attempt ?? 1}`)
}
