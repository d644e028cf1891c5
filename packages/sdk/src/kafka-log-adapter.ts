// The log collector: log entries to the bus.

import { LOG_SCHEMA_VERSION, checkLogEntry, logKey } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { TOPICS } from '@runlight/contracts/topics'
import { processClock } from './clock.ts'
import { safeText, toJson, toJsonObject } from './json.ts'
import { isLargerThan } from './json-size.ts'
import { LogProducer, isSheddable } from './log-producer.ts'
import type { LogFields } from './log-producer.ts'
import type { Publisher, TopicStats } from './publisher.ts'
import type { Tally } from './redaction/redactor.ts'
import type { BusSettings } from './settings.ts'
import { closePublisher, openPublisher } from './shared-publisher.ts'

export interface LogAdapterSettings extends BusSettings {
  /** Default `telemetry.logs`. */
  topic?: string
  /** Who speaks when the adapter itself has something to log, such as dropped records. Default: the client id. */
  component?: string
}

/** An entry as a caller has it: version, time, stream (`system`) and producer are filled in where they are missing. */
export type NewLogEntry = Omit<LogEntry, 'schemaVersion' | 'timestamp' | 'stream'> &
  Partial<Pick<LogEntry, 'schemaVersion' | 'timestamp' | 'stream'>>

export class KafkaLogAdapter {
  readonly topic: string
  readonly #publisher: Publisher
  readonly #own: LogProducer
  readonly #stopReports: () => void
  readonly #tally: Tally
  readonly #foreignTally: Tally

  /** @throws RunlightError RL_CONFIG_INVALID */
  constructor({ topic = TOPICS.logs, component, ...bus }: LogAdapterSettings) {
    this.topic = topic
    this.#publisher = openPublisher(bus)
    const speaker = component ?? this.#publisher.settings.clientId
    this.#own = this.producer({ type: 'system', component: speaker })
    this.#tally = this.#publisher.policies.tally(topic, this.#own.identity)
    this.#foreignTally = this.#publisher.policies.tally(topic)
    this.#stopReports = this.onReportable(() => this.#report())
  }

  /**
   * Queues an entry, for entries of many runs or components through one adapter; they share the adapter's identity,
   * unless they bring one. One attempt of a node, or a component, has a producer of its own. Never waits, never throws:
   * what can't be read is counted as `invalid`.
   */
  append(entry: NewLogEntry): void {
    try {
      this.#append(entry)
    } catch {
      this.#publisher.refuse(this.topic, 'invalid')
    }
  }

  /** A producer with an identity of its own, for one execution context or one component. */
  producer(fields: LogFields): LogProducer {
    return new LogProducer(this.#publisher, this.topic, fields)
  }

  /** Registers who is told when drops can be reported as records: the bus is back. Gives the way to take it back. */
  onReportable(report: () => void): () => void {
    return this.#publisher.onReportable(report)
  }

  /** Registers what is to be closed when the process ends by itself (setting `closeOnExit`). */
  onProcessEnd(close: (timeoutMs: number) => Promise<unknown>): () => void {
    return this.#publisher.onProcessEnd(close)
  }

  stats(): TopicStats {
    return this.#publisher.stats(this.topic)
  }

  /** Resolves with true when all that was logged before is acknowledged or dropped, with false when time is over. */
  flush(timeoutMs: number): Promise<boolean> {
    return this.#publisher.flush(timeoutMs, this.topic)
  }

  /**
   * Reports what was dropped, then flushes. False when time was over before all was acknowledged. The last adapter of a
   * connection ends it: what is logged or recorded afterwards is dropped as `closed`.
   */
  close(timeoutMs: number): Promise<boolean> {
    this.#stopReports()
    this.#report()
    return closePublisher(this.#publisher, this.topic, timeoutMs)
  }

  #append(entry: NewLogEntry): void {
    const { policies } = this.#publisher
    const { level, runId, producer: foreign } = entry
    const key = logKey(entry)
    if (typeof entry !== 'object' || typeof key !== 'string' || key === '') {
      return this.#publisher.refuse(this.topic, 'invalid')
    }
    // What has a number already is not left out: that would be a loss.
    const kind = runId === undefined ? 'component' : 'run'
    if (!foreign && !policies.allows(kind, key, isSheddable(level))) return this.#own.leaveOut(level)
    const tally = foreign ? this.#foreignTally : this.#tally
    const defaults = { schemaVersion: LOG_SCHEMA_VERSION, timestamp: processClock() }
    const { stream = 'system', message, metadata, ...rest } = entry
    const outlet = this.#publisher.outlet(this.topic, key)
    const known = foreign ? stream : policies.streamOf(stream)
    const complete = { ...defaults, ...rest, stream: known, message: policies.text(safeText(message), tally) }
    // What readers would refuse is refused here, where it can be counted for what it is.
    if (!foreign && !checkLogEntry(complete).ok) return this.#publisher.refuse(this.topic, 'invalid')
    const head = toJson(complete)
    // What is too large anyway is not searched and serialised first.
    const isTooLarge = isLargerThan(metadata, this.#publisher.settings.maxRecordBytes)
    const details =
      metadata === undefined || isTooLarge ? '' : `,"metadata":${policies.json(toJsonObject(metadata), tally)}`
    const { identity } = this.#own
    const producer = foreign ?? { id: identity.id, seq: identity.next() }
    this.#publisher.publish(outlet, {
      value: isTooLarge ? undefined : `${head.slice(0, -1)}${details},"producer":${toJson(producer)}}`,
      sheddable: isSheddable(level),
      seq: producer.seq,
      producer: foreign ? undefined : identity,
    })
  }

  #report(): void {
    const dropped = this.#own.identity.takeUnreported()
    if (dropped) this.#own.reportDrops({ [this.topic]: dropped })
  }
}
