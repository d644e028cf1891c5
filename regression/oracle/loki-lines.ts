// Reads lines back from Loki with plain LogQL over HTTP, as any foreign client would.

export interface LokiLine {
  /** Nanoseconds since the epoch. */
  timestamp: bigint
  line: string
  labels: Record<string, string>
  structuredMetadata: Record<string, string>
}

export interface LokiQuery {
  url: string
  tenant: string
  /** A selector, with or without filters. */
  query: string
  /** Nanoseconds since the epoch, inclusive. */
  start: bigint
  /** Nanoseconds since the epoch, exclusive. */
  end: bigint
}

const PAGE = 5000

interface Stream {
  stream: Record<string, string>
  values: [timestamp: string, line: string, categories: { structuredMetadata?: Record<string, string> }][]
}

/** Every entry that the query selects, oldest first, exactly as often as Loki holds it. */
export async function readLokiLines(query: LokiQuery): Promise<LokiLine[]> {
  const lines: LokiLine[] = []
  for await (const page of lokiPages(query)) lines.push(...page)
  return lines
}

/**
 * The same, page by page, so that no more than one is held. A page starts at the last timestamp of the one before, and
 * what was read of that timestamp is left to it, so that entries of one nanosecond are neither skipped nor counted twice
 * by the paging.
 */
export async function* lokiPages(query: LokiQuery, limit = PAGE): AsyncGenerator<LokiLine[]> {
  let start = query.start
  for (;;) {
    const page = await readPage({ ...query, start }, limit)
    if (page.length < limit) {
      yield page
      return
    }
    const last = (page.at(-1) as LokiLine).timestamp
    const whole = page.findIndex(({ timestamp }) => timestamp === last)
    if (whole === 0)
      throw new Error(`More than ${limit} entries share the nanosecond ${last}; the page cannot move on.`)
    yield page.slice(0, whole)
    start = last
  }
}

/** Label sets of all streams that have entries in the time. */
export async function lokiStreams(query: Omit<LokiQuery, 'query'>): Promise<Record<string, string>[]> {
  // Each stream of the kit has this label.
  const { data } = await ask<{ data: Record<string, string>[] }>(query, 'series', { 'match[]': '{shard=~".+"}' })
  return data
}

async function readPage(query: LokiQuery, limit: number): Promise<LokiLine[]> {
  const parameters = { query: query.query, limit: String(limit), direction: 'forward' }
  const { data } = await ask<{ data: { result: Stream[] } }>(query, 'query_range', parameters)
  return data.result
    .flatMap(({ stream, values }) =>
      values.map(([timestamp, line, categories]) => ({
        timestamp: BigInt(timestamp),
        line,
        labels: stream,
        structuredMetadata: categories.structuredMetadata ?? {},
      })),
    )
    .sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0))
}

async function ask<T>(
  { url, tenant, start, end }: Omit<LokiQuery, 'query'>,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<T> {
  const all = new URLSearchParams({ ...parameters, start: String(start), end: String(end) })
  const response = await fetch(`${url}/loki/api/v1/${path}?${all.toString()}`, {
    headers: { 'X-Scope-OrgID': tenant, 'X-Loki-Response-Encoding-Flags': 'categorize-labels' },
  })
  if (!response.ok) throw new Error(`Loki answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}
