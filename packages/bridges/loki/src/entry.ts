// A log record as Loki takes it. It depends on the record and its place on the bus alone, so that a repeat is the same.

import type { LogBatch } from '@runlight/bridge-core/sink'
import { streamKey } from '@runlight/bridge-core/stream-key'
import { selector, streamLabels, structuredMetadata } from '@runlight/contracts/labels'
import type { LabelMode, LabelPairs, LineFormat } from '@runlight/contracts/labels'
import { storedOrg } from '@runlight/contracts/organisation'
import { fillBelowPrecision, fractionDigits } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import { cutLine } from './line.ts'
import { entryBytes } from './push-request.ts'

export type LogRecord = LogBatch['records'][number]

export interface EntrySettings {
  labels: LabelMode
  lines: LineFormat
  /** Longest line, in bytes of UTF-8; Loki's `max_line_size`. */
  lineLimit: number
}

export interface LokiEntry {
  record: LogRecord
  /** Tenant in Loki. */
  tenant: string
  /** Label set in LogQL's form. */
  labels: string
  timestamp: Instant
  line: Uint8Array
  /** The line is not the whole one. */
  cut: boolean
  metadata: LabelPairs
  /** What it takes in a push, in bytes. */
  bytes: number
}

/** Entries of one batch; label sets are built once for each stream. */
export function toEntries(batch: LogBatch, settings: EntrySettings): LokiEntry[] {
  const labelsOf = new Map<string, string>()
  return batch.records.map((record) => {
    const key = streamKey(record.body)
    let labels = labelsOf.get(key)
    if (labels === undefined) {
      labels = selector(streamLabels(record.body, batch.partition, settings.labels, batch.replay?.id))
      labelsOf.set(key, labels)
    }
    return toEntry(record, labels, batch, settings)
  })
}

function toEntry(record: LogRecord, labels: string, batch: LogBatch, settings: EntrySettings): LokiEntry {
  const { body, effective, offset } = record
  const { topic, partition, generation } = batch
  const position = { generation, topic, partition, offset }
  // An append time is one in milliseconds.
  const digits = effective.skewed ? 3 : fractionDigits(body.timestamp)
  const timestamp = fillBelowPrecision(effective.instant, offset, digits)
  const { line, cut } = cutLine(record, settings)
  const metadata = structuredMetadata(body, position, settings.labels, effective.skewed)
  const bytes = entryBytes(timestamp, line, metadata)
  return { record, tenant: storedOrg(body.orgId), labels, timestamp, line, cut, metadata, bytes }
}
