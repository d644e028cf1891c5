// Labels and structured metadata of a log entry in Loki.
// They depend on the record and its position alone, so that a repeated push is byte-identical.

import type { LogEntry } from './log-entry.ts'
import { storedOrg } from './organisation.ts'
import type { Position } from './producer.ts'

export const LABEL_MODES = ['perRun', 'bounded'] as const
/** `perRun`: a stream for each run, node and stream. `bounded`: few streams, the rest in structured metadata. */
export type LabelMode = (typeof LABEL_MODES)[number]

export const LINE_FORMATS = ['json', 'plain'] as const
/** `json`: the record as it was on the bus, byte for byte. `plain`: the message alone. */
export type LineFormat = (typeof LINE_FORMATS)[number]

/** Names of labels and of structured metadata. `shard` is the bus partition: a stream is fed from one partition only. */
export const LABELS = {
  runId: 'run_id',
  node: 'node',
  stream: 'stream',
  shard: 'shard',
  org: 'org',
  workflow: 'workflow',
  component: 'component',
  late: 'late',
} as const

export const STRUCTURED_METADATA = {
  runId: 'run_id',
  node: 'node',
  level: 'level',
  execution: 'execution',
  attempt: 'attempt',
  producer: 'producer',
  seq: 'seq',
  /** `<partition>:<offset>` */
  position: 'position',
  /** Only for a record without a producer, whose identity is where it lies. */
  generation: 'generation',
  /** The record's own time, where it was too far from the append time to order it. */
  ownTime: 'own_time',
} as const

/** Name and value pairs; their order is part of the bytes of a push. */
export type LabelPairs = readonly (readonly [name: string, value: string])[]

/**
 * The labels of an entry's stream, sorted by name, as Loki sorts them.
 * @param late names the replay or import that brings the entry: it must not go to the stream that has long gone on
 */
export function streamLabels(entry: LogEntry, partition: number, mode: LabelMode, late?: string): LabelPairs {
  const shard = String(partition)
  const pairs: [string, string][] = late === undefined ? [] : [[LABELS.late, late]]
  if (entry.type === 'system') {
    pairs.unshift([LABELS.component, entry.component ?? ''])
    pairs.push([LABELS.shard, shard], [LABELS.stream, entry.stream])
    return pairs
  }
  if (mode === 'perRun') {
    if (entry.nodeRef !== undefined) pairs.push([LABELS.node, entry.nodeRef])
    pairs.push([LABELS.runId, entry.runId ?? ''])
  } else {
    pairs.push([LABELS.org, storedOrg(entry.orgId)])
  }
  pairs.push([LABELS.shard, shard], [LABELS.stream, entry.stream])
  if (mode === 'bounded' && entry.workflowId !== undefined) pairs.push([LABELS.workflow, entry.workflowId])
  return pairs
}

/** A label set as the text that Loki's push takes and that selects the stream again: `{a="b",c="d"}`. */
export function selector(labels: LabelPairs): string {
  let text = '{'
  for (const [name, value] of labels) {
    if (text.length > 1) text += ','
    text += `${name}=${quoteLabelValue(value)}`
  }
  return `${text}}`
}

/** A string literal of LogQL: Go's double-quoted form. */
export function quoteLabelValue(value: string): string {
  // JSON's escapes are a subset of Go's for everything that a checked name can hold.
  return JSON.stringify(value)
}

/** Structured metadata of an entry. */
export function structuredMetadata(entry: LogEntry, position: Position, mode: LabelMode, skewed: boolean): LabelPairs {
  const pairs: [string, string][] = [[STRUCTURED_METADATA.level, entry.level]]
  if (entry.type !== 'system' && mode === 'bounded') {
    pairs.push([STRUCTURED_METADATA.runId, entry.runId ?? ''])
    if (entry.nodeRef !== undefined) pairs.push([STRUCTURED_METADATA.node, entry.nodeRef])
  }
  if (entry.execution !== undefined) pairs.push([STRUCTURED_METADATA.execution, String(entry.execution)])
  if (entry.attempt !== undefined) pairs.push([STRUCTURED_METADATA.attempt, String(entry.attempt)])
  if (entry.producer) {
    pairs.push([STRUCTURED_METADATA.producer, entry.producer.id], [STRUCTURED_METADATA.seq, String(entry.producer.seq)])
  } else {
    pairs.push([STRUCTURED_METADATA.generation, position.generation])
  }
  pairs.push([STRUCTURED_METADATA.position, `${position.partition}:${position.offset}`])
  if (skewed) pairs.push([STRUCTURED_METADATA.ownTime, entry.timestamp])
  return pairs
}

/** Header by which Loki separates tenants. */
export const TENANT_HEADER = 'X-Scope-OrgID'
