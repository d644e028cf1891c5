// Events of runs to the bus.

import { TOPICS } from '@runlight/contracts/topics'
import { countdown, within } from './deadline.ts'
import { EventProducer } from './event-producer.ts'
import type { NewTraceEvent } from './event-producer.ts'
import type { Publisher, TopicStats } from './publisher.ts'
import type { BusSettings } from './settings.ts'
import type { LeftOut } from './rate-limit.ts'
import { closePublisher, openPublisher } from './shared-publisher.ts'

export interface TraceAdapterSettings extends BusSettings {
  /** Default `telemetry.events`. */
  topic?: string
}

export class KafkaTraceAdapter {
  readonly topic: string
  readonly #publisher: Publisher
  readonly #own: EventProducer
  readonly #closing = new Set<Promise<unknown>>()

  /** @throws RunlightError RL_CONFIG_INVALID */
  constructor({ topic = TOPICS.events, ...bus }: TraceAdapterSettings) {
    this.topic = topic
    this.#publisher = openPublisher(bus)
    this.#own = this.producer(this.#publisher.settings.clientId)
  }

  /**
   * Queues an event. One without a producer gets the adapter's own identity; one with a producer keeps it, and its
   * repeats are dropped by the readers. Never waits, never throws.
   */
  record(event: NewTraceEvent): void {
    this.#own.record(event)
  }

  /** A producer with an identity of its own, for one execution context; `tellLeftOut` says what a rate limit left out. */
  producer(hint: string, tellLeftOut?: (leftOut: LeftOut) => void): EventProducer {
    return new EventProducer(this.#publisher, this.topic, hint, tellLeftOut)
  }

  stats(): TopicStats {
    return this.#publisher.stats(this.topic)
  }

  /** Resolves with true when all that was recorded before is acknowledged or dropped, with false when time is over. */
  flush(timeoutMs: number): Promise<boolean> {
    return this.#publisher.flush(timeoutMs, this.topic)
  }

  /** Close waits for this too: a context that is about to send its last event. */
  holdFor(closing: Promise<unknown>): void {
    this.#closing.add(closing)
    const done = (): void => void this.#closing.delete(closing)
    closing.then(done, done)
  }

  /**
   * Waits for contexts that are closing, then flushes. False when time was over before all was acknowledged. The last
   * adapter of a connection ends it: what is logged or recorded afterwards is dropped as `closed`.
   */
  async close(timeoutMs: number): Promise<boolean> {
    const left = countdown(timeoutMs)
    await within(timeoutMs, Promise.allSettled(this.#closing))
    return closePublisher(this.#publisher, this.topic, left())
  }
}
