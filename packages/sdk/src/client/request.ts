// One request to the API, and iteration over the pages of a list.

import type { Problem } from '@runlight/contracts/api'
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

const LARGEST_PAGE = 1_000

/** The items of every page, in order. */
export async function* items<Q extends PageQuery, P extends { hasMore: boolean; nextCursor?: string }, T>(
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

export function getJson<T>(settings: ApiClientSettings, path: string, query: object): Promise<T> {
  return requestJson(settings, 'GET', path, query)
}

export function postJson<T>(settings: ApiClientSettings, path: string, query: object): Promise<T> {
  return requestJson(settings, 'POST', path, query)
}

async function requestJson<T>(
  settings: ApiClientSettings,
  method: 'GET' | 'POST',
  path: string,
  query: object,
): Promise<T> {
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
      method,
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
