// What is written to the streams of one producer, as lines.

import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { LogLevel } from '@runlight/contracts/log-entry'
import type { LogProducer } from '../log-producer.ts'
import type { StreamName } from '../streams.ts'
import { captureChild, captureContainer } from './capture.ts'
import type { CaptureTarget, CapturedChild, CapturedOutput } from './capture.ts'
import { LineAssembler } from './lines.ts'
import { completeOutput } from './settings.ts'
import type { OutputSettings } from './settings.ts'

/** A stream that is written to in chunks; entries are whole lines. */
export interface LogStream {
  readonly name: StreamName
  /** Never waits, never throws. */
  write: (chunk: Uint8Array | string) => void
}

export class OutputStreams {
  readonly #producer: LogProducer
  readonly #settings: OutputSettings
  readonly #shared = new Map<StreamName, LineAssembler>()
  #ended = false

  constructor(producer: LogProducer, settings: OutputSettings) {
    this.#producer = producer
    this.#settings = settings
  }

  /** What comes in chunks, from one source. */
  write(stream: StreamName, chunk: Uint8Array | string): void {
    if (this.#ended) return this.#producer.refuse()
    let lines = this.#shared.get(stream)
    if (!lines) this.#shared.set(stream, (lines = this.#lines(stream, this.#settings)))
    try {
      lines.push(chunk)
    } catch {
      // Not a chunk.
      this.#producer.refuse('invalid')
    }
  }

  stream(name: StreamName): LogStream {
    return { name, write: (chunk) => this.write(name, chunk) }
  }

  captureChild(child: ChildProcess, settings: OutputSettings): Promise<CapturedChild> {
    return captureChild(child, this.#target(settings))
  }

  captureContainer(output: Readable, settings: OutputSettings): Promise<CapturedOutput> {
    return captureContainer(output, this.#target(settings))
  }

  /** Nothing more is taken; what has no line end yet is a line. */
  end(): void {
    for (const lines of this.#shared.values()) lines.end()
    this.#ended = true
  }

  /** Each child has lines of its own, so that two at once don't write into each other's. */
  #target(own: OutputSettings): CaptureTarget {
    const settings = completeOutput(this.#settings, own)
    return {
      settings,
      open: (stream) => this.#lines(stream, settings),
      onCut: (stream, bytes) => {
        const message = `Of ${stream} only the first ${bytes} bytes are captured; all of its lines are forwarded.`
        this.#producer.append({ level: 'warn', message })
      },
    }
  }

  #lines(stream: StreamName, settings: OutputSettings): LineAssembler {
    const level = levelOf(stream)
    return new LineAssembler((message) => {
      if (this.#ended) this.#producer.refuse()
      else this.#producer.append({ level, stream, message })
    }, settings)
  }
}

/** Standard error is where programs put everything that is not their result. */
function levelOf(stream: StreamName): LogLevel {
  return stream === 'stderr' ? 'warn' : 'info'
}
