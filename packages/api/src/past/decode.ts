// A line as Loki gives it back, as the line that the hot store held.

import type { StoredLog } from '@runlight/contracts/api'
import { taskRunId } from '@runlight/contracts/identifiers'
import { STRUCTURED_METADATA } from '@runlight/contracts/labels'
import { LOG_SCHEMA_VERSION } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import { foreignProducerId } from '@runlight/contracts/producer'
import { memberText } from '@runlight/contracts/raw-json'
import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import { jsonWith } from '../http/json.ts'
import { notNull, timeText } from '../store/log-lines.ts'
import type { StoredLine } from '../store/log-lines.ts'
import type { LokiEntry } from './loki-query.ts'

/** A record that was ordered by its append time has that, to the millisecond, in Loki's own timestamp. */
const APPEND_PRECISION_NS = 1_000_000n

/** Gives undefined for a line that no bridge of ours has written as a record. */
export function decodeLine({ timestamp, line, metadata }: LokiEntry, topic: string): StoredLine | undefined {
  const place = /^(\d+):(\d+)$/.exec(metadata[STRUCTURED_METADATA.position] ?? '')
  const entry = parseEntry(line)
  const own = entry && parseInstant(entry.timestamp)
  if (!place || !entry || !own) return undefined
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
    fields: { orgId: orgId ?? UNASSIGNED_ORG, type, execution, nodeRef, attempt, component, level, stream, message },
    timestampNs,
    identity: producer ? `${producer.id}/${producer.seq}` : `${foreign}/${offset + 1n}`,
    json: jsonWith<StoredLog>(log, { metadata: entry.metadata && notNull(memberText(line, 'metadata') ?? null) }),
  }
}

function parseEntry(line: string): LogEntry | undefined {
  try {
    const value = JSON.parse(line) as Partial<LogEntry> | null
    return typeof value?.timestamp === 'string' && typeof value.message === 'string' ? (value as LogEntry) : undefined
  } catch {
    return undefined
  }
}
