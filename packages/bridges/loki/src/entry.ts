// A log record as Loki takes it. It depends on the record and its place on the bus alone, so that a repeat is the same.

import type { LogBatch } from '@runlight/bridge-core/sink'
import { selector, streamLabels, structuredMetadata } from '@runlight/contracts/labels'
import type { LabelMode, LabelPairs, LineFormat } from '@runlight/contracts/labels'
import { storedOrg } from '@runlight/contracts/organisation'
import { fillBelowPrecision } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import { cutLine } from './line.ts'

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
  metadata: LabelPairs
}

export function toEntry(
  record: LogRecord,
  { topic, partition, generation }: Pick<LogBatch, 'topic' | 'partition' | 'generation'>,
  settings: EntrySettings,
): LokiEntry {
  const { body, effective, offset } = record
  const position = { generation, topic, partition, offset }
  return {
    record,
    tenant: storedOrg(body.orgId),
    labels: selector(streamLabels(body, partition, settings.labels)),
    timestamp: fillBelowPrecision(effective.instant, offset),
    line: cutLine(record, settings),
    metadata: structuredMetadata(body, position, settings.labels, effective.skewed),
  }
}
