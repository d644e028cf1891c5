// What is done to records before they are queued, by settings: redaction, rate limits, names of streams. And the counts.

import type { LogLevel } from '@runlight/contracts/log-entry'
import { harmless } from './harmless.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { LeftOutCounter, RateLimiter } from './rate-limit.ts'
import type { LeftOut, RateLimit } from './rate-limit.ts'
import { Redactor } from './redaction/redactor.ts'
import type { Tally } from './redaction/redactor.ts'
import type { FullBusSettings } from './settings.ts'
import { StreamRegistry } from './streams.ts'

/** What a rate limit counts the lines of. */
export type LimitKind = 'run' | 'component' | 'progress'

/** What the policies did to the records of one topic, since the start. */
export interface PolicyStats {
  /** Values replaced by redaction. */
  redacted: number
  /** Records left out by rate limits. */
  limited: number
}

export class Policies {
  readonly redactor: Redactor | undefined
  readonly streams: StreamRegistry
  readonly #settings: FullBusSettings
  readonly #limiters: Record<LimitKind, RateLimiter>
  readonly #pending = new Set<LeftOutCounter>()
  readonly #stats = new Map<string, PolicyStats>()
  readonly #unknownStreams = new Set<string>()

  /** @throws RunlightError RL_CONFIG_INVALID */
  constructor(settings: FullBusSettings) {
    const { redact, limits, streams } = settings
    this.#settings = settings
    this.redactor = redact === false ? undefined : new Redactor(redact)
    this.streams = new StreamRegistry(streams)
    const [run, component, progress] = [limits.run, limits.component, limits.run].map((limit) => new RateLimiter(limit))
    this.#limiters = { run, component, progress } as Record<LimitKind, RateLimiter>
  }

  stats(topic: string): PolicyStats {
    return { ...this.#statsOf(topic) }
  }

  allows(kind: LimitKind, key: string, sheddable: boolean): boolean {
    return this.#limiters[kind].allows(key, sheddable)
  }

  limit(kind: LimitKind): RateLimit | undefined {
    return this.#limiters[kind].limit
  }

  /** For one producer; `tell` is called at the end of each window in which something was left out. */
  leftOutCounter(tell: (leftOut: LeftOut) => void): LeftOutCounter {
    return new LeftOutCounter(tell, this.#settings.limits.windowMs, this.#pending)
  }

  /** Tells now what the windows that are open have left out. */
  tellLeftOut(): void {
    for (const counter of this.#pending) counter.tell()
  }

  /** Whether a window is open in which something was left out. */
  get leavesOut(): boolean {
    return this.#pending.size > 0
  }

  limited(topic: string, level: LogLevel): void {
    this.#statsOf(topic).limited++
    harmless(this.#settings.onLimit, topic, level)
  }

  /** Counts what redaction replaces in the records of a topic, and of a producer if one is named. */
  tally(topic: string, identity?: ProducerIdentity): Tally {
    return (rule, count) => {
      this.#statsOf(topic).redacted += count
      if (identity) identity.redacted += count
      harmless(this.#settings.onRedact, topic, rule, count)
    }
  }

  text(text: string, tally: Tally): string {
    return this.redactor ? this.redactor.text(text, tally) : text
  }

  json(json: string, tally: Tally): string {
    return this.redactor ? this.redactor.json(json, tally) : json
  }

  /** The name of a stream as a line may carry it. A line is not refused for it: it goes to `system`, and that is said. */
  streamOf(name: string): string {
    if (this.streams.has(name)) return name
    if (!this.#unknownStreams.has(name) && this.#unknownStreams.size < 100) {
      this.#unknownStreams.add(name)
      const message = `Lines for the stream ${JSON.stringify(String(name))} go to system: it is not registered (setting streams).`
      harmless(this.#settings.onDiagnostic, { level: 'warn', message })
    }
    return 'system'
  }

  #statsOf(topic: string): PolicyStats {
    let stats = this.#stats.get(topic)
    if (!stats) this.#stats.set(topic, (stats = { redacted: 0, limited: 0 }))
    return stats
  }
}
