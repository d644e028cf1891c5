// Reads lines from Loki over its HTTP API (https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time).

import { RunlightError } from '@runlight/contracts/errors'
import { TENANT_HEADER } from '@runlight/contracts/labels'
import { errors, request } from 'undici'

export interface LokiEntry {
  /** Nanoseconds since the epoch, as Loki orders by it. */
  timestamp: bigint
  line: string
  /** Labels of its stream. */
  labels: Readonly<Record<string, string>>
  metadata: Readonly<Record<string, string>>
}

export interface LokiRange {
  tenant: string
  query: string
  /** Nanoseconds since the epoch, inclusive. */
  start: bigint
  /** Nanoseconds since the epoch, exclusive. */
  end: bigint
  direction: 'forward' | 'backward'
  limit: number
}

export interface Loki {
  /**
   * At most `limit` entries, in the direction. Of one nanosecond their order is not defined.
   * @throws RunlightError RL_STORE_UNAVAILABLE
   * @throws OversizedAnswer where so many of them are too large together
   */
  entries: (range: LokiRange) => Promise<LokiEntry[]>
  /**
   * The answer of a query as Loki gives it.
   * @param maxBytes of the answer
   * @throws RunlightError RL_STORE_UNAVAILABLE
   * @throws LokiRefusal, OversizedAnswer
   */
  raw: (path: string, tenant: string, parameters: Readonly<Record<string, string>>, maxBytes: number) => Promise<string>
}

const TIMEOUT_MS = 20_000
/** Most queries that are asked at a time; one more is refused. */
const MAX_QUERIES = 32
/** Most bytes of a page of lines. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024
const MAX_TRIAL_BYTES = 64 * 1024
/** Loki's words for an answer that is too large for its own parts (`grpc_server_max_send_msg_size`). */
const TOO_LARGE_FOR_LOKI = /received message larger than max/

interface Stream {
  stream: Record<string, string>
  values: [timestamp: string, line: string, categories?: { structuredMetadata?: Record<string, string> }][]
}

export function connectLoki(url: URL): Loki {
  const base = url.href.endsWith('/') ? url : new URL(`${url.href}/`)
  let open = 0
  const ask: Loki['raw'] = async (path, tenant, parameters, maxBytes) => {
    const { statusCode, body } = await request(new URL(`${path}?${new URLSearchParams(parameters)}`, base), {
      // Without the flag, structured metadata splits the answer into one stream for each entry.
      headers: { [TENANT_HEADER]: tenant, 'x-loki-response-encoding-flags': 'categorize-labels' },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    })
    const text = await textOf(body, maxBytes)
    if (statusCode === 200) return text
    if (TOO_LARGE_FOR_LOKI.test(text)) throw new OversizedAnswer(text.trim().slice(0, 300))
    throw new LokiRefusal(statusCode, text.trim().slice(0, 300))
  }
  /** Does it answer a query at all? The one that Grafana tries its data sources with. */
  const answers = (tenant: string) =>
    ask('loki/api/v1/query', tenant, { query: 'vector(1)+vector(1)' }, MAX_TRIAL_BYTES).then(
      () => true,
      () => false,
    )
  const raw: Loki['raw'] = async (path, tenant, parameters, maxBytes) => {
    if (open >= MAX_QUERIES) throw unavailable(`${open} queries are waiting for Loki`)
    open++
    try {
      return await ask(path, tenant, parameters, maxBytes).catch((cause: unknown) => {
        if (!wasClosed(cause)) throw cause
        // A connection that was open from before may have been closed since.
        return ask(path, tenant, parameters, maxBytes)
      })
    } catch (cause) {
      if (cause instanceof OversizedAnswer) throw cause
      // Where an answer is much too large for its parts, Loki 3.7 says nothing and closes the connection; and so does a
      // proxy before a Loki that is away.
      if (wasClosed(cause) && (await answers(tenant))) {
        throw new OversizedAnswer('Loki closed the connection instead of an answer', { cause })
      }
      if (cause instanceof LokiRefusal && cause.status < 500 && cause.status !== 429) throw cause
      throw unavailable(`Loki, which holds the older lines, cannot answer: ${(cause as Error).message}`, cause)
    } finally {
      open--
    }
  }
  return {
    raw,
    entries: async ({ tenant, query, start, end, direction, limit }) => {
      if (start >= end) return []
      const parameters = { query, direction, start: String(start), end: String(end), limit: String(limit) }
      const answer = await raw('loki/api/v1/query_range', tenant, parameters, MAX_PAGE_BYTES)
      const { data } = JSON.parse(answer) as { data: { result: Stream[] } }
      const entries = data.result.flatMap(({ stream: labels, values }) =>
        values.map(([timestamp, line, categories]) => ({
          timestamp: BigInt(timestamp),
          line,
          labels,
          metadata: categories?.structuredMetadata ?? {},
        })),
      )
      const sign = direction === 'forward' ? 1 : -1
      return entries.sort((a, b) => (a.timestamp < b.timestamp ? -sign : a.timestamp > b.timestamp ? sign : 0))
    },
  }
}

async function textOf(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    // Leaving the loop lets go of the connection.
    if (bytes > maxBytes) throw new OversizedAnswer(`The answer has more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function wasClosed(cause: unknown): boolean {
  return cause instanceof errors.SocketError
}

/** Loki's answer is larger than what is taken of it, or than what Loki can give. */
export class OversizedAnswer extends Error {}

/** Loki does not take the query. */
export class LokiRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'LokiRefusal'
    this.status = status
  }
}

/** RL_STORE_UNAVAILABLE, of Loki: the hot store may be there. */
export class LokiUnavailable extends RunlightError {}

function unavailable(message: string, cause?: unknown): RunlightError {
  return new LokiUnavailable('RL_STORE_UNAVAILABLE', message, { cause })
}
