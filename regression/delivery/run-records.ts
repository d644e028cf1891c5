// Lines and events of one run, for scenarios that need a few of a certain kind, and what became of them.

import type { Message } from 'kafkajs'
import type { Sql } from 'postgres'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { readLokiLines } from '../oracle/loki-lines.ts'
import type { LokiLine } from '../oracle/loki-lines.ts'
import type { DeliveryStack } from './delivery-stack.ts'

export const ORG = 'acme'

/** Lines of a task with one producer, numbered from 1. */
export function runLines(
  runId: string,
  count: number,
  extra: (seq: number) => Partial<LogEntry> = () => ({}),
): LogEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    schemaVersion: 1,
    type: 'task',
    orgId: ORG,
    runId,
    execution: 1,
    nodeRef: 'fetch',
    attempt: 1,
    timestamp: new Date().toISOString(),
    level: 'info',
    stream: 'stdout',
    message: `line ${index + 1} – grüße`,
    producer: { id: `producer of ${runId}`, seq: index + 1 },
    ...extra(index + 1),
  }))
}

export function runEvent(
  runId: string,
  type: TraceEvent['type'],
  seq: number,
  extra: Partial<TraceEvent> = {},
): TraceEvent {
  return {
    schemaVersion: 1,
    orgId: ORG,
    runId,
    execution: 1,
    attempt: 1,
    ...(type.startsWith('NODE_') ? { nodeRef: 'fetch' } : {}),
    type,
    level: 'info',
    message: type,
    timestamp: new Date().toISOString(),
    producer: { id: `events of ${runId}`, seq },
    ...(type === 'RUN_STARTED' ? { data: { graph: { nodes: [{ ref: 'fetch', after: [] }] } } } : {}),
    ...extra,
  }
}

/** As a client with our key would send them. */
export function asMessages(bodies: readonly (LogEntry | TraceEvent)[]): Message[] {
  return bodies.map((body) => ({ key: body.runId ?? null, value: JSON.stringify(body) }))
}

/** Seqs of the lines of a run in Postgres, in the order of reading. */
export async function seqsInPostgres(sql: Sql, runId: string): Promise<number[]> {
  const rows = await sql<{ seq: number }[]>`
    select producer_seq::float8 as seq from logs where job_run_id = ${runId}
    order by effective_ns, kafka_partition, kafka_offset`
  return rows.map(({ seq }) => seq)
}

/** All lines of a run in Loki, whatever their time, in its order. */
export async function linesInLoki({ loki }: DeliveryStack, runId: string): Promise<LokiLine[]> {
  const day = 86_400_000_000_000n
  const now = BigInt(Date.now()) * 1_000_000n
  const query = {
    url: loki.url.origin,
    tenant: ORG,
    query: `{run_id="${runId}"}`,
    start: now - 3n * day,
    end: now + day,
  }
  return readLokiLines(query)
}

export function seqsOf(lines: readonly LokiLine[]): number[] {
  return lines.map(({ structuredMetadata }) => Number(structuredMetadata['seq']))
}

/** 1 to `count`. */
export function seqs(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
