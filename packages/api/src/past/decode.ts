// A line as Loki gives it back, as the line that the hot store held.

import type { StoredLog } from '@runlight/contracts/api'
import { taskRunId } from '@runlight/contracts/identifiers'
import { LABELS, STRUCTURED_METADATA } from '@runlight/contracts/labels'
import { LOG_SCHEMA_VERSION, LOG_TYPES } from '@runlight/contracts/log-entry'
import type { LogEntry, LogLevel } from '@runlight/contracts/log-entry'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { foreignProducerId } from '@runlight/contracts/producer'
import { memberText } from '@runlight/contracts/raw-json'
import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import { jsonWith } from '../http/json.ts'
import { timeText } from '../store/log-lines.ts'
import type { StoredLine } from '../store/log-lines.ts'
import type { LokiEntry } from './loki-query.ts'

/** A record that was ordered by its append time has that, to the millisecond, in Loki's own timestamp. */
const APPEND_PRECISION_NS = 1_000_000n

/** Gives undefined for a line that no bridge of ours has written. */
export function decodeLine(found: LokiEntry, topic: string, tenant: string): StoredLine | undefined {
  const { timestamp, line, labels, metadata } = found
  const place = /^(\d+):(\d+)$/.exec(metadata[STRUCTURED_METADATA.position] ?? '')
  if (!place) return undefined
  const whole = parseEntry(line)
  const isWhole = whole && isRecordOf(whole, labels, metadata)
  const entry = isWhole ? whole : plainEntry(found, BigInt(place[2] as string), tenant)
  const own = entry && parseInstant(entry.timestamp)
  if (!entry || !own) return undefined
  const timestampNs = instantToNanos(own)
  const skewed = metadata[STRUCTURED_METADATA.ownTime] !== undefined
  const effectiveNs = skewed ? timestamp - (timestamp % APPEND_PRECISION_NS) : timestampNs
  const [partition, offset] = [Number(place[1]), BigInt(place[2] as string)]
  const { type, orgId, workflowId, runId, execution, nodeRef, attempt, component, level, stream, message } = entry
  const { trace, producer } = entry
  const generation = metadata[STRUCTURED_METADATA.generation] ?? ''
  const log: StoredLog = {
    schemaVersion: LOG_SCHEMA_VERSION,
    type,
    ...(orgId !== undefined && orgId !== UNASSIGNED_ORG && { orgId }),
    ...(workflowId !== undefined && { workflowId }),
    ...(runId !== undefined && { runId }),
    ...(execution !== undefined && { execution }),
    ...(nodeRef !== undefined && { nodeRef }),
    ...(attempt !== undefined && { attempt }),
    ...(component !== undefined && { component }),
    timestamp: timeText(timestampNs),
    ...{ level, stream, message },
    ...(trace && { trace: { traceId: trace.traceId, spanId: trace.spanId } }),
    ...(producer && { producer: { id: producer.id, seq: producer.seq } }),
    effectiveTs: timeText(effectiveNs),
    position: `${partition}:${offset}`,
    ...(type === 'task' &&
      runId !== undefined &&
      nodeRef !== undefined && {
        taskRunId: taskRunId({ runId, nodeRef, execution: execution ?? 1, attempt: attempt ?? 1 }),
      }),
  }
  const foreign = foreignProducerId({ generation, topic, partition, offset })
  return {
    key: { effectiveNs, partition, offset },
    fields: { orgId: orgId ?? UNASSIGNED_ORG, type, execution, nodeRef, attempt, component, level, stream },
    message,
    timestampNs,
    ...(!isWhole && { partial: true }),
    identity: producer ? `${producer.id}/${producer.seq}` : `${foreign}/${offset + 1n}`,
    json: jsonWith<StoredLog>(log, { metadata: entry.metadata && memberText(line, 'metadata') }),
  }
}

/** Is the line the record itself, and no message that looks like one? What Loki holds beside it must agree. */
function isRecordOf(entry: LogEntry, labels: LokiEntry['labels'], metadata: LokiEntry['metadata']): boolean {
  const { type, stream, level, producer } = entry
  return (
    LOG_TYPES.includes(type) &&
    stream === labels[LABELS.stream] &&
    level === metadata[STRUCTURED_METADATA.level] &&
    producer?.id === metadata[STRUCTURED_METADATA.producer] &&
    (producer && String(producer.seq)) === metadata[STRUCTURED_METADATA.seq]
  )
}

/** A line that was pushed as its message alone: what labels and structured metadata tell of the record. */
function plainEntry(
  { timestamp, line, labels, metadata }: LokiEntry,
  offset: bigint,
  tenant: string,
): LogEntry | undefined {
  const named = (name: string) => metadata[name] ?? labels[name]
  const [component, runId, nodeRef] = [labels[LABELS.component], named(LABELS.runId), named(LABELS.node)]
  const [level, stream] = [metadata[STRUCTURED_METADATA.level] as LogLevel | undefined, labels[LABELS.stream]]
  if (level === undefined || stream === undefined || (component ?? runId) === undefined) return undefined
  const [execution, attempt] = [metadata[STRUCTURED_METADATA.execution], metadata[STRUCTURED_METADATA.attempt]]
  const [id, seq] = [metadata[STRUCTURED_METADATA.producer], metadata[STRUCTURED_METADATA.seq]]
  const workflowId = labels[LABELS.workflow]
  return {
    schemaVersion: LOG_SCHEMA_VERSION,
    type: component !== undefined ? 'system' : nodeRef !== undefined ? 'task' : 'job',
    orgId: tenant,
    ...(workflowId !== undefined && { workflowId }),
    ...(runId !== undefined && component === undefined && { runId }),
    ...(execution !== undefined && { execution: Number(execution) }),
    ...(nodeRef !== undefined && component === undefined && { nodeRef }),
    ...(attempt !== undefined && { attempt: Number(attempt) }),
    ...(component !== undefined && { component }),
    timestamp: metadata[STRUCTURED_METADATA.ownTime] ?? timeText(withoutFilling(timestamp, offset)),
    ...{ level, stream, message: line },
    ...(id !== undefined && seq !== undefined && { producer: { id, seq: Number(seq) } }),
  }
}

/** The record's time: digits that its source did not know were filled from its offset (contracts, fillBelowPrecision). */
function withoutFilling(timestamp: bigint, offset: bigint): bigint {
  const unit = [1_000_000n, 1_000n].find((nanos) => timestamp % nanos === offset % nanos)
  return unit === undefined ? timestamp : timestamp - (timestamp % unit)
}

function parseEntry(line: string): LogEntry | undefined {
  try {
    const value = JSON.parse(line) as Partial<LogEntry> | null
    return typeof value?.timestamp === 'string' && typeof value.message === 'string' ? (value as LogEntry) : undefined
  } catch {
    return undefined
  }
}
