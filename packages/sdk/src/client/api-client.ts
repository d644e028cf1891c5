// The API from Node and browsers: typed from the contracts, one method a route, and iteration over whole lists.

import type { LogPage, Problem, RunPage, StoredEvent, StoredLog, TracePage } from '@runlight/contracts/api'
import type { ExecutionStatus, RunState } from '@runlight/contracts/execution-status'
import type { LogLevel } from '@runlight/contracts/log-entry'
import { ApiProblem, ApiUnreachable } from './api-problem.ts'

export interface ApiClientSettings {
  /** Address of the API, such as `http://127.0.0.1:17800`. */
  baseUrl: string | URL
  /** Used instead of the global fetch. */
  fetch?: typeof globalThis.fetch
  /** Longest time for one answer, in milliseconds; 30,000 if not given. */
  timeoutMs?: number
  /** Ends everything that the client does. */
  signal?: AbortSignal
}

export interface PageQuery {
  /** `nextCursor` of the page before. */
  cursor?: string
  /** Most items of a page, 1 to 1,000. */
  limit?: number
}

export interface RunQuery extends PageQuery {
  status?: RunState
  workflow?: string
}

export interface TraceQuery extends PageQuery {
  /** Oldest first (the default) or newest first. */
  direction?: 'forward' | 'backward'
}

export interface LogQuery extends TraceQuery {
  nodeRef?: string
  attempt?: number
  level?: LogLevel | readonly LogLevel[]
  stream?: string | readonly string[]
  /** RFC 3339, or a length of time before now such as `15m`. */
  since?: string
  until?: string
}

/**
 * Every method rejects with ApiProblem when the API refuses, and with ApiUnreachable when it does not answer.
 * `all…` go through every page; what arrives while they do is included.
 */
export interface ApiClient {
  runs: (query?: RunQuery) => Promise<RunPage>
  allRuns: (query?: RunQuery) => AsyncGenerator<ExecutionStatus, void, undefined>
  status: (runId: string) => Promise<ExecutionStatus>
  trace: (runId: string, query?: TraceQuery) => Promise<TracePage>
  allEvents: (runId: string, query?: TraceQuery) => AsyncGenerator<StoredEvent, void, undefined>
  logs: (runId: string, query?: LogQuery) => Promise<LogPage>
  allLogs: (runId: string, query?: LogQuery) => AsyncGenerator<StoredLog, void, undefined>
}

const LARGEST_PAGE = 1_000

export function createApiClient(settings: ApiClientSettings): ApiClient {
  const get = <T>(path: string, query: object = {}) => getJson<T>(settings, path, query)
  const run = (runId: string) => `workflows/runs/${encodeURIComponent(runId)}`
  const runs: ApiClient['runs'] = (query) => get('workflows/runs', query)
  const trace: ApiClient['trace'] = (runId, query) => get(`${run(runId)}/trace`, query)
  const logs: ApiClient['logs'] = (runId, query) => get(`${run(runId)}/logs`, query)
  return {
    runs,
    allRuns: (query) => items(query, runs, (page) => page.runs),
    status: (runId) => get(`${run(runId)}/status`),
    trace,
    allEvents: (runId, query) =>
      items(
        query,
        (page) => trace(runId, page),
        (page) => page.events,
      ),
    logs,
    allLogs: (runId, query) =>
      items(
        query,
        (page) => logs(runId, page),
        (page) => page.logs,
      ),
  }
}

/** The items of every page, in order. */
async function* items<Q extends PageQuery, P extends { hasMore: boolean; nextCursor?: string }, T>(
  query: Q | undefined,
  read: (query: Q) => Promise<P>,
  of: (page: P) => readonly T[],
): AsyncGenerator<T, void, undefined> {
  let next = { limit: LARGEST_PAGE, ...query } as Q
  for (;;) {
    const page = await read(next)
    yield* of(page)
    if (!page.hasMore || page.nextCursor === undefined) return
    next = { ...next, cursor: page.nextCursor }
  }
}

async function getJson<T>(settings: ApiClientSettings, path: string, query: object): Promise<T> {
  const { baseUrl, fetch = globalThis.fetch, timeoutMs = 30_000, signal } = settings
  const base = String(baseUrl)
  const address = new URL(path, base.endsWith('/') ? base : `${base}/`)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) address.searchParams.set(name, Array.isArray(value) ? value.join(',') : String(value))
  }
  const timeout = AbortSignal.timeout(timeoutMs)
  let response: Response
  let body: unknown
  try {
    response = await fetch(address, {
      headers: { accept: 'application/json, application/problem+json' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    body = await response.json()
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ApiUnreachable(`The API at ${base} does not answer: ${reason(cause)}.`, { cause })
  }
  if (response.ok) return body as T
  if (isProblem(body)) throw new ApiProblem(body)
  throw new ApiUnreachable(`${address.href} answered ${response.status}, but not as the API does.`)
}

/** fetch hides what went wrong (ECONNREFUSED) in the cause of its error. */
function reason(error: unknown): string {
  const inner = (error as { cause?: unknown }).cause
  const shown = inner instanceof Error ? inner : error
  return shown instanceof Error ? shown.message || ((shown as { code?: string }).code ?? shown.name) : String(shown)
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body
}
