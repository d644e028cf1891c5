// Lines of runs that Loki refused for good and that no replay has brought there.

import type { Sql } from 'postgres'
import { letterState } from '../dead-letters/store.ts'
import type { Range } from '../status/completeness.ts'
import { producerName } from './accounts.ts'

export interface RefusedQuery {
  runIds: readonly string[]
  /** Topic of log entries. */
  topic: string
  /** First offset on Loki's replay topic that is not settled. */
  lokiPassed: bigint
}

/** Most letters that are looked at for one answer. Each run has its share: those of one must not hide another's. */
const MOST_LETTERS = 10_000

/**
 * Sequence numbers by `producerName`. Whose a letter is, the line in the hot store says, which lies at the same place of
 * the topic; where there is none (any more), the letter itself, as far as it can be read.
 */
export async function readRefusedLines(
  sql: Sql,
  { runIds, topic, lokiPassed }: RefusedQuery,
): Promise<Map<string, Range[]>> {
  const rows = await sql<{ producer_id: string | null; producer_seq: string | null; value: Buffer | null }[]>`
    SELECT logs.producer_id, logs.producer_seq, CASE WHEN logs.producer_id IS NULL THEN letter.value END AS value
    FROM unnest(${runIds as string[]}::text[]) AS wanted (run_id) CROSS JOIN LATERAL (
      SELECT appended_at, kafka_partition, kafka_offset, value FROM dead_letters
      WHERE key = convert_to(wanted.run_id, 'UTF8') AND sink = 'loki' AND topic = ${topic}
        AND ${letterState(sql, lokiPassed)} <> 'replayed'
      LIMIT ${Math.ceil(MOST_LETTERS / Math.max(1, runIds.length))}
    ) AS letter
    LEFT JOIN logs ON logs.created_at = letter.appended_at
      AND logs.kafka_partition = letter.kafka_partition AND logs.kafka_offset = letter.kafka_offset`
  const refused = new Map<string, Range[]>()
  for (const row of rows) {
    const producer =
      row.producer_id !== null && row.producer_seq !== null
        ? { id: row.producer_id, seq: BigInt(row.producer_seq) }
        : readProducer(row.value)
    if (!producer) continue
    const name = producerName(topic, producer.id)
    const ranges = refused.get(name) ?? []
    ranges.push({ from: producer.seq, to: producer.seq })
    refused.set(name, ranges)
  }
  return refused
}

/** The identity that a record gives itself; undefined where it can't be read: then no producer's account has it. */
function readProducer(value: Buffer | null): { id: string; seq: bigint } | undefined {
  try {
    const { producer } = JSON.parse(value?.toString('utf8') ?? '') as { producer?: { id?: unknown; seq?: unknown } }
    const { id, seq } = producer ?? {}
    return typeof id === 'string' && Number.isSafeInteger(seq) ? { id, seq: BigInt(seq as number) } : undefined
  } catch {
    return undefined
  }
}
