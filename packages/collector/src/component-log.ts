// The log of one component: from lines to messages for the bus.

import { lineText } from './parse/parse-line.ts'
import { RecordAssembler } from './records/assemble.ts'
import type { LogRecord } from './records/assemble.ts'
import { encode, leftOutRecord, lostRecord } from './records/encode.ts'
import { RateLimiter } from './records/limit.ts'
import type { Rate } from './records/limit.ts'
import type { LogRedactor } from './records/redact.ts'
import type { Message, Progress } from './ship/journal.ts'
import type { LineSource, SourceLine } from './source/line-source.ts'

/** How long the lines of a record may be apart. */
const TOGETHER_MS = 400

export const LEFT_OUT_REASONS = ['rate', 'own', 'rotated'] as const
/** `rate`: too many. `own`: per-batch lines of the shipping path. `rotated`: gone before they were read. */
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number]

export interface ComponentLogSettings {
  component: string
  source: LineSource
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
  readonly source: LineSource
  readonly #settings: ComponentLogSettings
  readonly #assembler = new RecordAssembler()
  readonly #limiter: RateLimiter
  #progress: Progress
  /** When the last line came; of performance.now(). */
  #grewAt = 0

  constructor(settings: ComponentLogSettings) {
    this.component = settings.component
    this.source = settings.source
    this.#settings = settings
    this.#progress = settings.progress
    this.#limiter = new RateLimiter(settings.rate, settings.progress.leftOut)
  }

  /** Where a log that is new to the collector begins; undefined for one that it knows. */
  async begin(): Promise<Progress | undefined> {
    if (this.#progress.position !== undefined) return undefined
    this.#progress = { ...this.#progress, position: await this.source.begin() }
    return this.#progress
  }

  /** Reads on, about `limit` bytes at most, and gives the records that are whole. */
  async collect(limit: number): Promise<Collected> {
    const { lines, atEnd, lost } = await this.source.read(limit)
    const messages: Message[] = []
    if (lost) {
      this.#settings.onLeftOut('rotated')
      messages.push(this.#encode(lostRecord(lost.bytes), new Date().toISOString()))
    }
    if (lines.length > 0) this.#grewAt = performance.now()
    const before = this.#progress
    for (const line of lines) this.#add(this.#assembler.push(this.#text(line), line.after, line.time), messages)
    const quiet = performance.now() - this.#grewAt >= TOGETHER_MS
    if (atEnd && quiet) this.#add(this.#assembler.flush(), messages)
    const leftOut = this.#limiter.take(Date.now(), false)
    if (leftOut) messages.push(this.#encode(leftOutRecord(leftOut), leftOut.to))
    const moved = this.#progress !== before || messages.length > 0
    return { messages, after: moved ? this.#withLeftOut() : undefined, atEnd }
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
      const metadata = record.metadata && { metadata: this.#settings.redactor.metadata(record.metadata) }
      messages.push(this.#encode({ ...record, ...metadata }, time))
    }
  }

  #encode(record: Omit<LogRecord, 'after' | 'timestamp'>, timestamp: string): Message {
    const { producerId, seq } = this.#progress
    this.#progress = { ...this.#progress, seq: seq + 1 }
    return encode(this.component, record, timestamp, { id: producerId, seq: seq + 1 })
  }

  #withLeftOut(): Progress {
    const { producerId, seq, position } = this.#progress
    const { leftOut } = this.#limiter
    return { producerId, seq, position, ...(leftOut && { leftOut: { ...leftOut } }) }
  }
}
