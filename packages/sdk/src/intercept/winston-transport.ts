// A transport for winston, in the same process: entries go to the execution context of the code that logs.

import TransportStream from 'winston-transport'
import { safeText } from '../json.ts'
import type { LogWriter } from '../log-writer.ts'
import { levelOfName } from './levels.ts'
import { sinkFor } from './line-sink.ts'

export interface WinstonTransportOptions extends TransportStream.TransportStreamOptions {
  /** Who speaks outside of execution contexts, such as `telemetry.component('my-service')`. */
  to: LogWriter
  /** How long `logger.end()` may wait for the bus, in milliseconds. Default 5,000. */
  flushTimeoutMs?: number
}

/** The level as it was given, which a format may have coloured since (package triple-beam). */
const LEVEL = Symbol.for('level')

interface Info {
  level?: unknown
  message?: unknown
  [LEVEL]?: unknown
}

/** Level and message are those of winston; all other fields are metadata, an error's stack among them. */
export class RunlightTransport extends TransportStream {
  readonly #sink: ReturnType<typeof sinkFor>
  readonly #to: LogWriter
  readonly #flushTimeoutMs: number

  constructor({ to, flushTimeoutMs = 5_000, ...options }: WinstonTransportOptions) {
    super(options)
    this.#to = to
    this.#sink = sinkFor(to)
    this.#flushTimeoutMs = flushTimeoutMs
  }

  override log(info: Info, next: () => void): void {
    try {
      const { level, message, [LEVEL]: given, ...rest } = info
      // Symbols are winston's own: what was formatted, and the arguments.
      const metadata = Object.fromEntries(Object.entries(rest))
      this.#sink({
        level: levelOfName(safeText(given ?? level)),
        message: typeof message === 'object' ? (JSON.stringify(message) ?? '') : safeText(message),
        ...(Object.keys(metadata).length > 0 && { metadata }),
      })
    } catch {
      this.#sink({ level: 'info', message: '[not readable]' })
    }
    setImmediate(() => this.emit('logged', info))
    next()
  }

  /** Part of `logger.end()`: waits for what was logged before. */
  override _final(callback: (error?: Error | null) => void): void {
    this.#to.flush(this.#flushTimeoutMs).then(
      () => callback(),
      () => callback(),
    )
  }
}
