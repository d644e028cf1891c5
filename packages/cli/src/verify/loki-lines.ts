// The lines of a run as Loki itself holds them, past the API.

import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { LABELS, STRUCTURED_METADATA, TENANT_HEADER, quoteLabelValue } from '@runlight/contracts/labels'
import { askJson } from './ask.ts'

interface Answer {
  data: { result: { values: [time: string, line: string, categories: { structuredMetadata?: Metadata }][] }[] }
}
type Metadata = Readonly<Record<string, string>>

/** Most lines of one answer, at Loki's own limit. */
export const MOST_LINES = 5_000
/** A line's time in Loki lies within an hour of the run; the rest is for clocks that differ. */
const AROUND_MS = 2 * 3_600_000

/**
 * Identities, each as often as Loki holds it, up to MOST_LINES. Which labels a run has depends on the bridge's setting,
 * so both are tried.
 * @throws Error when Loki does not answer
 */
export async function linesInLoki(url: string, run: ExecutionStatus, signal: AbortSignal): Promise<string[]> {
  const perRun = `{${LABELS.runId}=${quoteLabelValue(run.runId)}}`
  const id = `${STRUCTURED_METADATA.runId}=${quoteLabelValue(run.runId)}`
  const bounded = `{${LABELS.org}=${quoteLabelValue(run.orgId)}} | ${id}`
  for (const query of [perRun, bounded]) {
    const lines = await read(url, run, query, signal)
    if (lines.length > 0) return lines
  }
  return []
}

async function read(url: string, run: ExecutionStatus, query: string, signal: AbortSignal): Promise<string[]> {
  const nanos = (millis: number): string => String(BigInt(millis) * 1_000_000n)
  const parameters = new URLSearchParams({
    query,
    limit: String(MOST_LINES),
    start: nanos(Date.parse(run.startedAt ?? run.updatedAt) - AROUND_MS),
    end: nanos(Date.now() + AROUND_MS),
  })
  const address = `${url}/loki/api/v1/query_range?${parameters.toString()}`
  const { data } = await askJson<Answer>(address, signal, {
    [TENANT_HEADER]: run.orgId,
    'X-Loki-Response-Encoding-Flags': 'categorize-labels',
  })
  return data.result.flatMap(({ values }) =>
    values.map(([, , { structuredMetadata = {} }]) => {
      const { [STRUCTURED_METADATA.producer]: producer, [STRUCTURED_METADATA.seq]: seq } = structuredMetadata
      return `${producer}#${seq}`
    }),
  )
}
