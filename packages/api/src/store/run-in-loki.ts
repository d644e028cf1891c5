// Where the lines of one run lie in Loki: the tenant that is asked, and how far back.

import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import type { Sql } from 'postgres'

export interface RunInLoki {
  /** Organisation of the run, which is its tenant. */
  org: string
  /** No line of the run is earlier, as far as is known; nanoseconds since the epoch. */
  begin: bigint
}

/** A run's first event may be stored so much later than its first line is dated. */
const MARGIN_NS = 3_600_000_000_000n

/**
 * What the trace store knows of it; undefined for a run that it does not know. Lines may claim any organisation, so it is
 * that of the run's row; only a run without events is taken by its lines.
 */
export async function readRunInLoki(sql: Sql, runId: string): Promise<RunInLoki | undefined> {
  const [row] = await sql<{ org_id: string; created_ms: string }[]>`
    SELECT org_id, (extract(epoch FROM created_at) * 1000)::bigint AS created_ms FROM runs WHERE run_id = ${runId}`
  const streams = await sql<{ org_id: string; first_ns: string }[]>`
    SELECT org_id, min(first_ns) AS first_ns FROM log_stream WHERE run_id = ${runId} GROUP BY org_id ORDER BY 2`
  const [line] = await sql<{ org_id: string; effective_ns: string }[]>`
    SELECT org_id, effective_ns FROM logs WHERE job_run_id = ${runId}
    ORDER BY effective_ns, kafka_partition, kafka_offset LIMIT 1`
  const begins = [
    ...(row ? [BigInt(row.created_ms) * 1_000_000n - MARGIN_NS] : []),
    ...streams.map((stream) => BigInt(stream.first_ns)),
    ...(line ? [BigInt(line.effective_ns)] : []),
  ]
  if (begins.length === 0) return undefined
  const org = row?.org_id ?? streams[0]?.org_id ?? line?.org_id ?? UNASSIGNED_ORG
  return { org, begin: begins.reduce((a, b) => (a < b ? a : b)) }
}
