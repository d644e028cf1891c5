// The log of one component: from lines to messages for the bus.

import { lineText } from './parse/parse-line.ts'
import { RecordAssembler } from './records/assemble.ts'
import type { LogRecord, RecordContent } from './records/assemble.ts'
import { encode, leftOutRecord, lostRecord, unreadableFields, unreadableRecord } from './records/encode.ts'
import { RateLimiter } from './records/limit.ts'
import type { Rate } from './records/limit.ts'
import type { LogRedactor } from './records/redact.ts'
import type { Message, Progress } from './ship/journal.ts'
import type { LineSource, Position, SourceLine } from './source/line-source.ts'

/** How long the lines of a record may be apart. */
const TOGETHER_MS = 400

export const LEFT_OUT_REASONS = ['rate', 'own', 'rotated', 'unreadable'] as const
/**
 * `rate`: too many. `own`: per-batch lines of the shipping path. `rotated`: gone before they were read. `unreadable`: a
 * line, or the fields of one, that the collector failed on.
 */
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number]

export interface ComponentLogSettings {
  component: string
  /** Opens the log where it is to be gone on with; undefined for one that is new. Again after every failure. */
  open: (from: Position | undefined) => LineSource
  progress: Progress
  rate: Rate
  /** It takes part in shipping: what it says of every batch would be a batch of its own, for ever. */
  shippingPath: boolean
  redactor: LogRedactor
  onLeftOut: (reason: LeftOutReason) => void
}

export interface Collected {
  messages: Message[]
  /** The progress once they are acknowledged; undefined when nothing was read. */
  after: Progress | undefined
  atEnd: boolean
}

export class ComponentLog {
  readonly component: string
  readonly #settings: ComponentLogSettings
  #source: LineSource
  #assembler = new RecordAssembler()
  readonly #limiter: RateLimiter
  #progress: Progress
  /** When the last line came; of performance.now(). */
  #grewAt = 0

  constructor(settings: ComponentLogSettings) {
    this.component = settings.component
    this.#settings = settings
    this.#progress = settings.progress
    this.#source = settings.open(settings.progress.position)
    this.#limiter = new RateLimiter(settings.rate, settings.progress.leftOut)
  }

  get source(): LineSource {
    return this.#source
  }

  /** Where a log that is new to the collector begins; undefined for one that it knows. */
  async begin(): Promise<Progress | undefined> {
    if (this.#progress.position !== undefined) return undefined
    this.#progress = { ...this.#progress, position: await this.#source.begin() }
    return this.#progress
  }

  /**
   * Reads on, about `limit` bytes at most, and gives the records that are whole. When that fails, the next call begins
   * where this one has begun: what was read in between is read again. No line makes it fail, whatever it holds.
   */
  async collect(limit: number): Promise<Collected> {
    await this.begin()
    const before = this.#progress
    try {
      return await this.#collect(limit)
    } catch (cause) {
      this.#progress = before
      this.#assembler = new RecordAssembler()
      await this.#source.close().catch(() => undefined)
      this.#source = this.#settings.open(before.position)
      throw cause
    }
  }

  async #collect(limit: number): Promise<Collected> {
    const { lines, atEnd, lost } = await this.#source.read(limit)
    const messages: Message[] = []
    if (lost) {
      this.#settings.onLeftOut('rotated')
      messages.push(this.#encode(lostRecord(lost.bytes), new Date().toISOString()))
    }
    if (lines.length > 0) this.#grewAt = performance.now()
    const before = this.#progress
    for (const line of lines) this.#add(this.#recordsOf(line), messages)
    const quiet = performance.now() - this.#grewAt >= TOGETHER_MS
    if (atEnd && quiet) this.#add(this.#assembler.flush(), messages)
    const leftOut = this.#limiter.take(Date.now(), false)
    if (leftOut) messages.push(this.#encode(leftOutRecord(leftOut), leftOut.to))
    const moved = this.#progress !== before || messages.length > 0
    return { messages, after: moved ? this.#withLeftOut() : undefined, atEnd }
  }

  /** The records that a line makes whole. One that can't be read, not even as text, is told of. */
  #recordsOf(line: SourceLine): LogRecord[] {
    let text: string | undefined
    try {
      text = this.#text(line)
      return this.#assembler.push(text, line.after, line.time)
    } catch {
      if (text === undefined) this.#settings.onLeftOut('unreadable')
      const content =
        text === undefined ? unreadableRecord(line.bytes.length) : { level: 'info' as const, message: text }
      return [...this.#assembler.flush(), { ...content, timestamp: line.time, after: line.after }]
    }
  }

  #text({ bytes, cut }: SourceLine): string {
    const text = this.#settings.redactor.line(lineText(bytes))
    return cut > 0 ? `${text}… [cut: ${cut} more bytes]` : text
  }

  #add(records: readonly LogRecord[], messages: Message[]): void {
    for (const { after, timestamp, ...record } of records) {
      this.#progress = { ...this.#progress, position: after }
      if (this.#settings.shippingPath && record.level === 'debug') {
        this.#settings.onLeftOut('own')
        continue
      }
      const now = Date.now()
      const time = timestamp ?? new Date(now).toISOString()
      if (!this.#limiter.admit(time, record.level, now)) {
        this.#settings.onLeftOut('rate')
        continue
      }
      const leftOut = this.#limiter.take(now, true)
      if (leftOut) messages.push(this.#encode(leftOutRecord(leftOut), leftOut.to))
      messages.push(this.#encodeWithFields(record, time))
    }
  }

  #encodeWithFields(record: RecordContent, time: string): Message {
    try {
      const metadata = record.metadata && { metadata: this.#settings.redactor.metadata(record.metadata) }
      return this.#encode({ ...record, ...metadata }, time)
    } catch {
      this.#settings.onLeftOut('unreadable')
      return this.#encode(unreadableFields(record), time)
    }
  }

  #encode(record: RecordContent, timestamp: string): Message {
    const { producerId, seq } = this.#progress
    const message = encode(this.component, record, timestamp, { id: producerId, seq: seq + 1 })
    this.#progress = { ...this.#progress, seq: seq + 1 }
    return message
  }

  #withLeftOut(): Progress {
    const { producerId, seq, position } = this.#progress
    const { leftOut } = this.#limiter
    return { producerId, seq, position, ...(leftOut && { leftOut: { ...leftOut } }) }
  }
}
