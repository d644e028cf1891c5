// Everything that Loki holds against everything that was sent.

import { quoteLabelValue, streamLabels, structuredMetadata } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { fractionDigits, fillBelowPrecision, instantToNanos } from '@runlight/contracts/time'
import type { Account } from './account.ts'
import { lokiPages, lokiStreams } from './loki-lines.ts'
import type { LokiLine } from './loki-lines.ts'

export interface LokiToCheck {
  url: string
  tenants: readonly string[]
  /** Time range of the entries, nanoseconds since the epoch. */
  start: bigint
  end: bigint
}

const PAGE = 20_000

/** Reads all that Loki holds of the tenants, run by run, page by page, and enters it in the account. */
export async function readLoki(account: Account, { tenants, ...range }: LokiToCheck): Promise<void> {
  for (const tenant of tenants) {
    const selectors = new Set((await lokiStreams({ ...range, tenant })).map(ownerSelector))
    for (const query of selectors) {
      const order = new OrderOfRun(account, query)
      for await (const page of lokiPages({ ...range, tenant, query }, PAGE)) {
        for (const entry of page.map((line) => place(line)).sort(byTimeAndOffset)) {
          const number = account.enter('logs', entry)
          if (number === undefined) continue
          order.next(number)
          compare(account, number, tenant, entry)
        }
      }
    }
  }
}

/** All streams of a run, or of a component. */
function ownerSelector(labels: Readonly<Record<string, string>>): string {
  const name = labels['run_id'] === undefined ? 'component' : 'run_id'
  return `{${name}=${quoteLabelValue(labels[name] ?? '')}}`
}

interface PlacedLine extends LokiLine {
  producer: string
  seq: number
  partition: number
  offset: number
}

function place(line: LokiLine): PlacedLine {
  const { producer = '', seq, position = '' } = line.structuredMetadata
  const [partition, offset] = position.split(':')
  return { ...line, producer, seq: Number(seq), partition: Number(partition), offset: Number(offset) }
}

// Loki says nothing of the order of entries that share a nanosecond; their position does.
function byTimeAndOffset(a: PlacedLine, b: PlacedLine): number {
  return a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : a.offset - b.offset
}

/** Reports records of one run that come later than a younger one. */
export class OrderOfRun {
  readonly #account: Account
  readonly #name: string
  #last = -1

  constructor(account: Account, name: string) {
    this.#account = account
    this.#name = name
  }

  next(number: number): void {
    if (number < this.#last)
      this.#account.fault('outOfOrder', `${this.#name}: record ${number} comes after ${this.#last}`)
    this.#last = number
  }
}

function compare(account: Account, number: number, tenant: string, found: PlacedLine): void {
  const record = account.records.record(number)
  const body = record.body as LogEntry
  if (found.line !== JSON.stringify(body)) account.changed(number, `the line is ${found.line.slice(0, 200)}`)
  if (tenant !== (body.orgId ?? 'unassigned')) account.changed(number, `it lies with the tenant ${tenant}`)
  const offset = BigInt(found.offset)
  const instant = fillBelowPrecision(record.own, offset, fractionDigits(body.timestamp))
  if (found.timestamp !== instantToNanos(instant)) account.changed(number, `its time is ${found.timestamp}`)
  if (!same(found.labels, streamLabels(body, found.partition, 'perRun'))) {
    account.changed(number, `its labels are ${JSON.stringify(found.labels)}`)
  }
  // A record of a known producer needs no generation.
  const position = { generation: '', topic: '', partition: found.partition, offset }
  if (!same(found.structuredMetadata, structuredMetadata(body, position, 'perRun', false))) {
    account.changed(number, `its structured metadata is ${JSON.stringify(found.structuredMetadata)}`)
  }
}

function same(found: Readonly<Record<string, string>>, expected: readonly (readonly [string, string])[]): boolean {
  return expected.length === Object.keys(found).length && expected.every(([name, value]) => found[name] === value)
}
