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

/**
 * Every entry that the query selects, oldest first, exactly as often as Loki holds it.
 * A page starts at the last timestamp of the one before and replaces what was read of that timestamp, so that entries
 * of one nanosecond are neither skipped nor counted twice by the paging.
 */
export async function readLokiLines(query: LokiQuery): Promise<LokiLine[]> {
  const lines: LokiLine[] = []
  let start = query.start
  for (;;) {
    const page = await readPage({ ...query, start })
    while (lines.length > 0 && lines.at(-1)?.timestamp === start) lines.pop()
    lines.push(...page)
    if (page.length < PAGE) return lines
    const last = (page.at(-1) as LokiLine).timestamp
    if (last === start)
      throw new Error(`More than ${PAGE} entries share the nanosecond ${last}; the page can't move on.`)
    start = last
  }
}

async function readPage({ url, tenant, query, start, end }: LokiQuery): Promise<LokiLine[]> {
  const parameters = new URLSearchParams({
    query,
    start: String(start),
    end: String(end),
    limit: String(PAGE),
    direction: 'forward',
  })
  const response = await fetch(`${url}/loki/api/v1/query_range?${parameters.toString()}`, {
    headers: { 'X-Scope-OrgID': tenant, 'X-Loki-Response-Encoding-Flags': 'categorize-labels' },
  })
  if (!response.ok) throw new Error(`Loki answered ${response.status}: ${await response.text()}`)
  const body = (await response.json()) as { data: { result: Stream[] } }
  return body.data.result
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
