// Identity of a producer in one topic, and the account of what became of its records.

import { randomBytes } from 'node:crypto'
import type { SeqRange } from '@runlight/contracts/producer'
import type { TopicAccount } from '@runlight/contracts/trace-event'
import { noDrops } from './drop-reasons.ts'
import type { DropCounts, DropReason } from './drop-reasons.ts'

const HINT_LENGTH = 40

/**
 * Above this many ranges of dropped records the account is given up: it would no longer fit a record, and one that
 * left some out would be wrong. Counts stay exact.
 */
const MAX_RANGES = 20_000

type DroppedRange = SeqRange & { reason: DropReason }

/** A fresh id: 72 random bits, then what a person may recognise it by. */
function freshId(hint: string): string {
  const readable = hint.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, HINT_LENGTH)
  return `${randomBytes(9).toString('hex')}${readable && '-'}${readable}`
}

export class ProducerIdentity {
  readonly id: string
  /** Records that the bus has acknowledged. */
  acknowledged = 0
  /** Values replaced by redaction, records left out by rate limits: counted where records are made. */
  redacted = 0
  limited = 0
  #seq = 0
  #dropped: DroppedRange[] = []
  #accountable = true
  #unreported = noDrops()
  readonly #positions = new Map<number, bigint>()

  constructor(hint: string) {
    this.id = freshId(hint)
  }

  /** Sequence number of the next record, from 1. */
  next(): number {
    return ++this.#seq
  }

  /** Highest sequence number given. */
  get lastSeq(): number {
    return this.#seq
  }

  /** The bus has taken a record; `offset` is undefined where the broker no longer knows it. */
  acknowledge(partition: number, offset: bigint | undefined): void {
    this.acknowledged++
    if (offset !== undefined) this.#positions.set(partition, offset)
  }

  /** A record that was never sent is given up. */
  drop(seq: number, reason: DropReason): void {
    this.#unreported[reason]++
    const last = this.#dropped.at(-1)
    if (last && last.reason === reason && last.to + 1 === seq) last.to = seq
    else if (this.#dropped.length < MAX_RANGES) this.#dropped.push({ from: seq, to: seq, reason })
    else this.#accountable = false
  }

  /** Drops since the last call, or undefined when there were none. */
  takeUnreported(): DropCounts | undefined {
    const counts = this.#unreported
    if (Object.values(counts).every((count) => count === 0)) return undefined
    this.#unreported = noDrops()
    return counts
  }

  /** What became of the records up to now; undefined where too many ranges were dropped to tell. */
  account(): TopicAccount | undefined {
    if (!this.#accountable) return undefined
    return {
      producerId: this.id,
      count: this.acknowledged,
      lastSeq: this.#seq,
      dropped: merge(this.#dropped),
      redacted: this.redacted,
      limited: this.limited,
      positions: [...this.#positions].map(([partition, offset]) => ({ partition, offset: String(offset) })),
    }
  }
}

/** Sorted, neighbours of one reason joined: low levels go before older records of higher ones. */
function merge(ranges: readonly DroppedRange[]): DroppedRange[] {
  const merged: DroppedRange[] = []
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && last.reason === range.reason && last.to + 1 === range.from) last.to = range.to
    else merged.push({ ...range })
  }
  return merged
}
