// A destination for pino in the same process: entries go to the execution context of the code that logs.

import type { LogWriter } from '../log-writer.ts'
import { sinkFor } from './line-sink.ts'
import { fromPino } from './pino-line.ts'
import type { PinoKeys } from './pino-line.ts'

export interface PinoStreamOptions extends PinoKeys {
  /** Who speaks outside of execution contexts, such as `telemetry.component('my-service')`. */
  to: LogWriter
}

/**
 * For `pino(options, pinoStream({ to }))`, or as one stream of `pino.multistream`. Shares the queue of `to`, whose close
 * flushes it. Never waits, never throws.
 */
export function pinoStream({ to, ...keys }: PinoStreamOptions): { write: (line: string) => void } {
  const sink = sinkFor(to)
  return {
    write: (line) => {
      try {
        // The same process has a finer clock than pino writes.
        const { timestamp: _, ...entry } = fromPino(JSON.parse(line), keys)
        sink(entry)
      } catch {
        sink({ level: 'info', message: String(line).trimEnd() })
      }
    },
  }
}
