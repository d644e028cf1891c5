// What every way of logging for somebody has: for an attempt of a node, for a run, for a component.

import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { LogLevel } from '@runlight/contracts/log-entry'
import type { LogLine, LogProducer } from './log-producer.ts'
import type { CapturedChild, CapturedOutput } from './output/capture.ts'
import { OutputStreams } from './output/output-streams.ts'
import type { LogStream } from './output/output-streams.ts'
import type { OutputSettings } from './output/settings.ts'
import type { StreamName } from './streams.ts'

/** Each call queues one entry on the stream `system`. Never waits, never throws. */
export type ContextLogger = Readonly<Record<LogLevel, (message: string, metadata?: unknown) => void>>

type Chunk = Uint8Array | string

export class LogWriter {
  readonly logger: ContextLogger
  protected readonly producer: LogProducer
  readonly #output: OutputStreams
  #open = true

  constructor(producer: LogProducer) {
    this.producer = producer
    this.#output = new OutputStreams(producer, producer.output)
    const write = (level: LogLevel) => (message: string, metadata?: unknown) => this.log({ level, message, metadata })
    this.logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  }

  /** Queues one entry. Never waits, never throws. */
  log(line: LogLine): void {
    if (this.#open) this.producer.append(line)
    else this.producer.refuse()
  }

  /** What a child process wrote to its standard output, in chunks as they come; entries are whole lines, level info. */
  stdout(chunk: Chunk): void {
    this.#output.write('stdout', chunk)
  }

  /** Like stdout(), with level warn: standard error is where programs put everything that is not their result. */
  stderr(chunk: Chunk): void {
    this.#output.write('stderr', chunk)
  }

  /**
   * A stream by its name, such as `terminal` or `agent`, to write chunks to.
   * @throws RunlightError RL_STREAM_UNREGISTERED
   */
  stream(name: StreamName): LogStream {
    this.producer.demandStream(name)
    return this.#output.stream(name)
  }

  /**
   * Forwards what a child writes, line by line as it comes, and captures it whole for parsing. Resolves when the child
   * has ended and all of its output is read.
   * @throws Error of a child that could not be started
   */
  capture(child: ChildProcess, settings: OutputSettings = {}): Promise<CapturedChild> {
    return this.#output.captureChild(child, settings)
  }

  /**
   * The same for a container: `output` is what the Docker engine streams for `attach` or `logs`. Frames are taken apart
   * into stdout and stderr; what a container with a terminal writes has none and is stdout.
   * @throws RunlightError RL_CONTAINER_OUTPUT_INVALID, and what the stream fails with
   */
  captureContainer(output: Readable, settings: OutputSettings = {}): Promise<CapturedOutput> {
    return this.#output.captureContainer(output, settings)
  }

  /** Resolves with true when all that was logged before is acknowledged or dropped, with false when time is over. */
  flush(timeoutMs: number): Promise<boolean> {
    return this.producer.flush(timeoutMs)
  }

  /** Entries that were given a number, and those that the bus has acknowledged. */
  get progress(): { entries: number; acknowledged: number } {
    const { lastSeq, acknowledged } = this.producer.identity
    return { entries: lastSeq, acknowledged }
  }

  /** Nothing more is taken: what has no line end yet is a line, and what rate limits left out is told. */
  protected endLog(): void {
    this.#output.end()
    this.producer.reportLimits()
    this.#open = false
  }

  protected get open(): boolean {
    return this.#open
  }
}
