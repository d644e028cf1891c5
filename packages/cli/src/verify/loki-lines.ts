// The lines of a run as Loki itself holds them, past the API.

import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { LABELS, STRUCTURED_METADATA, TENANT_HEADER, quoteLabelValue } from '@runlight/contracts/labels'
import { askJson } from './ask.ts'

interface Answer {
  data: { result: { values: [time: string, line: string, categories: { structuredMetadata?: Metadata }][] }[] }
}
type Metadata = Readonly<Record<string, string>>

/** Most lines of one answer, at Loki's own limit. */
const PAGE = 5_000
/** A line's time in Loki lies within an hour of the run; the rest is for clocks that differ. */
const AROUND_MS = 2 * 3_600_000

/**
 * Identities, each as often as Loki holds it. Which labels a run has depends on the bridge's setting, so both are tried.
 * @throws Error when Loki does not answer
 */
export async function linesInLoki(
  url: string,
  run: Pick<ExecutionStatus, 'runId' | 'orgId' | 'startedAt' | 'updatedAt'>,
  signal: AbortSignal,
  page = PAGE,
): Promise<string[]> {
  const perRun = `{${LABELS.runId}=${quoteLabelValue(run.runId)}}`
  const id = `${STRUCTURED_METADATA.runId}=${quoteLabelValue(run.runId)}`
  const bounded = `{${LABELS.org}=${quoteLabelValue(run.orgId)}} | ${id}`
  const from = nanos(Date.parse(run.startedAt ?? run.updatedAt) - AROUND_MS)
  for (const query of [perRun, bounded]) {
    const lines = await read({ url, tenant: run.orgId, query, signal, page }, from)
    if (lines.length > 0) return lines
  }
  return []
}

interface Query {
  url: string
  tenant: string
  query: string
  signal: AbortSignal
  page: number
}

interface Line {
  time: bigint
  identity: string
}

/**
 * Oldest first, page by page. A page begins at the last nanosecond of the one before, and what was read of that is left
 * to it, so that lines of one nanosecond are neither skipped nor counted twice.
 */
async function read(query: Query, from: bigint): Promise<string[]> {
  const identities: string[] = []
  for (let start = from; ;) {
    const lines = await readPage(query, start)
    const last = lines.at(-1)?.time
    const isLast = lines.length < query.page || last === undefined
    const taken = isLast ? lines : lines.filter(({ time }) => time !== last)
    identities.push(...taken.map(({ identity }) => identity))
    if (isLast) return identities
    if (taken.length === 0) throw new Error(`it holds ${query.page} lines or more at one nanosecond, ${last}`)
    start = last
  }
}

async function readPage({ url, tenant, query, signal, page }: Query, start: bigint): Promise<Line[]> {
  const parameters = new URLSearchParams({
    query,
    direction: 'forward',
    limit: String(page),
    start: String(start),
    end: String(nanos(Date.now() + AROUND_MS)),
  })
  const address = `${url}/loki/api/v1/query_range?${parameters.toString()}`
  const { data } = await askJson<Answer>(address, signal, {
    [TENANT_HEADER]: tenant,
    'X-Loki-Response-Encoding-Flags': 'categorize-labels',
  })
  return data.result
    .flatMap(({ values }) =>
      values.map(([time, , { structuredMetadata = {} }]) => {
        const { [STRUCTURED_METADATA.producer]: producer, [STRUCTURED_METADATA.seq]: seq } = structuredMetadata
        return { time: BigInt(time), identity: `${producer}#${seq}` }
      }),
    )
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}

const nanos = (millis: number): bigint => BigInt(millis) * 1_000_000n
