// What a check has found: each kind of fault, how often, and the first of them in words.

import type { NumberedRecords, SourceKind } from './numbered-records.ts'

export const FAULT_KINDS = [
  'missing',
  'doubled',
  'invented',
  'changed',
  'outOfOrder',
  'notDense',
  'committedPastUndelivered',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Only the kinds that were found; empty when all is well. */
export type Findings = Partial<Record<FaultKind, { count: number; first: string[] }>>

const EXAMPLES = 10

/** One store's account of the records: what it holds against what was made. Keeps a byte and a bit for each record. */
export class Account {
  readonly records: NumberedRecords
  readonly findings: Findings = {}
  /** Entries of the store that were looked at. */
  seen = 0
  readonly #kinds: readonly SourceKind[]
  readonly #counts: Uint8Array
  readonly #offsets = new Map<string, Uint8Array>()

  /** @param kinds what the store is to hold */
  constructor(records: NumberedRecords, kinds: readonly SourceKind[]) {
    this.records = records
    this.#kinds = kinds
    this.#counts = new Uint8Array(records.size)
  }

  fault(kind: FaultKind, words: string): void {
    const found = (this.findings[kind] ??= { count: 0, first: [] })
    found.count += 1
    if (found.first.length < EXAMPLES) found.first.push(words)
  }

  /** Takes down one entry; gives its number, or undefined for one that nobody has sent. */
  enter(
    kind: SourceKind,
    entry: { producer: string; seq: number; partition: number; offset: number },
  ): number | undefined {
    this.seen += 1
    this.#markOffset(kind, entry)
    const number = this.records.numberOf(kind, entry.producer, entry.seq)
    if (number === undefined) {
      this.fault('invented', `${kind} ${entry.producer}#${entry.seq}`)
      return undefined
    }
    const count = Math.min((this.#counts[number] as number) + 1, 255)
    this.#counts[number] = count
    if (count === 2) this.fault('doubled', this.#name(number))
    return number
  }

  changed(number: number, words: string): void {
    this.fault('changed', `${this.#name(number)}: ${words}`)
  }

  /** Reports the first `upTo` records that were not seen. */
  expectAll(upTo = this.records.size): void {
    for (let number = 0; number < upTo; number++) {
      if (this.#counts[number] !== 0 || !this.#kinds.includes(this.records.kindOf(number))) continue
      this.fault('missing', this.#name(number))
    }
  }

  /**
   * Reports offsets of a partition below what the store's group has committed that the store does not hold.
   * Every record of the topic must be one that the store takes.
   */
  expectDelivered(kind: SourceKind, partition: number, committed: number): void {
    const held = this.#offsets.get(`${kind}/${partition}`)
    for (let offset = 0; offset < committed; offset++) {
      if (((held?.[offset >> 3] ?? 0) >> (offset & 7)) & 1) continue
      this.fault('committedPastUndelivered', `${kind}/${partition} at offset ${offset}, committed ${committed}`)
    }
  }

  #markOffset(kind: SourceKind, { partition, offset }: { partition: number; offset: number }): void {
    const key = `${kind}/${partition}`
    let held = this.#offsets.get(key)
    if (!held || held.length <= offset >> 3) {
      const larger = new Uint8Array(Math.max(4096, (offset >> 3) * 2))
      if (held) larger.set(held)
      this.#offsets.set(key, (held = larger))
    }
    held[offset >> 3] = (held[offset >> 3] as number) | (1 << (offset & 7))
  }

  #name(number: number): string {
    const { kind, body } = this.records.record(number)
    return `record ${number} (${kind} ${body.producer?.id}#${body.producer?.seq})`
  }
}
