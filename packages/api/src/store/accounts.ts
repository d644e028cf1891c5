// What runs' producers said and what is stored of it: the rows from which completeness is judged.

import type { ProducerClosedData, RunEndedData } from '@runlight/contracts/trace-event'
import { STATE_AFTER, isFinal } from '@runlight/contracts/execution-status'
import type { Sql } from 'postgres'
import { attemptName } from '../status/completeness.ts'
import type { AttemptKey, Close, Range, RunEnd } from '../status/completeness.ts'

/** Closes and ends of one run. */
export interface RunEvents {
  closes: Close[]
  ends: RunEnd[]
}

const END_TYPES = Object.entries(STATE_AFTER).flatMap(([type, state]) => (isFinal(state) ? [type] : []))

interface Row {
  run_id: string
  execution: number
  node_ref: string | null
  attempt: number
  type: string
  data: unknown
}

/** The events of the given runs that speak of their producers. */
export async function readAccountEvents(sql: Sql, runIds: readonly string[]): Promise<Map<string, RunEvents>> {
  const rows = await sql<Row[]>`
    SELECT run_id, execution, node_ref, attempt, type, data FROM workflow_traces
    WHERE run_id = ANY(${runIds as string[]}::text[]) AND type = ANY(${['PRODUCER_CLOSED', ...END_TYPES]}::text[])`
  const runs = new Map(runIds.map((runId): [string, RunEvents] => [runId, { closes: [], ends: [] }]))
  for (const row of rows) {
    const run = runs.get(row.run_id)
    if (row.type !== 'PRODUCER_CLOSED') {
      const { attempts, continuedBy } = (row.data ?? {}) as Partial<RunEndedData>
      run?.ends.push({
        execution: row.execution,
        attempts: Array.isArray(attempts) ? attempts : undefined,
        continuedBy,
      })
    } else {
      // The bridge has checked the shape of a close before it stored it.
      const data = row.data as ProducerClosedData
      run?.closes.push({ execution: row.execution, nodeRef: row.node_ref ?? undefined, attempt: row.attempt, data })
    }
  }
  return runs
}

/** Key of a producer in a topic in maps. */
export function producerName(topic: string, producerId: string): string {
  return `${topic}\n${producerId}`
}

/** The ranges of sequence numbers that are stored of each producer, by `producerName`. */
export async function readStoredRanges(
  sql: Sql,
  producers: readonly { topic: string; producerId: string }[],
): Promise<Map<string, Range[]>> {
  if (producers.length === 0) return new Map()
  const rows = await sql<{ topic: string; producer_id: string; seqs: string }[]>`
    SELECT topic, producer_id, seqs::text FROM producer_ranges JOIN unnest(
      ${producers.map(({ topic }) => topic)}::text[], ${producers.map(({ producerId }) => producerId)}::text[]
    ) AS wanted (topic, producer_id) USING (topic, producer_id)`
  return new Map(rows.map((row) => [producerName(row.topic, row.producer_id), parseMultirange(row.seqs)]))
}

/** Reads `{[1,5),[7,9)}`: Postgres writes ranges of whole numbers with an open end. */
export function parseMultirange(text: string): Range[] {
  return [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, end]) => ({
    from: BigInt(from as string),
    to: BigInt(end as string) - 1n,
  }))
}

/** The highest sequence number of a log line that is stored of each of the attempts, by `attemptName`. */
export async function readKnownUpTo(
  sql: Sql,
  runId: string,
  topic: string,
  attempts: readonly (AttemptKey & { taskRunId: string })[],
): Promise<Map<string, number>> {
  if (attempts.length === 0) return new Map()
  // An attempt has one producer in a topic: any of its lines names it.
  const rows = await sql<{ task_run_id: string; known: string | null }[]>`
    SELECT task_run_id, upper(seqs) - 1 AS known
    FROM unnest(${attempts.map((attempt) => attempt.taskRunId)}::text[]) AS wanted (task_run_id)
    CROSS JOIN LATERAL (
      SELECT producer_id FROM logs WHERE logs.task_run_id = wanted.task_run_id AND job_run_id = ${runId} LIMIT 1
    ) AS line
    JOIN producer_ranges ON producer_ranges.topic = ${topic} AND producer_ranges.producer_id = line.producer_id`
  const known = new Map(rows.map((row) => [row.task_run_id, Number(row.known ?? 0)]))
  return new Map(attempts.map((attempt) => [attemptName(attempt), known.get(attempt.taskRunId) ?? 0]))
}
