// One request to the API, by the types of its OpenAPI document.

import createClient from 'openapi-fetch'
import type { paths } from './api-schema.generated.ts'
import { ApiProblem, ApiUnreachable } from './api-problem.ts'
import type { Schema } from './schema.ts'

export interface ApiClientSettings {
  /** Address of the API, such as `http://127.0.0.1:17800`. */
  baseUrl: string | URL
  /** Used instead of the global fetch. */
  fetch?: typeof globalThis.fetch
  /** Longest time for one answer, in milliseconds; 30,000 if not given. */
  timeoutMs?: number
  /**
   * How long nothing may come of a live stream that was asked for, before it is polled instead, in milliseconds; 10,000
   * if not given. The API itself answers at once.
   */
  streamTimeoutMs?: number
  /** Ends everything that the client does. */
  signal?: AbortSignal
}

type Fetcher = ReturnType<typeof createClient<paths>>

/** What openapi-fetch gives for a request. */
interface Answer<T> {
  data?: T | undefined
  error?: unknown
  response: Response
}

export type AskFor<T> = (api: Fetcher, init: { signal: AbortSignal }) => Promise<Answer<T>>

export interface Requests {
  /**
   * Asks, and gives the body of the answer.
   * @throws ApiProblem, ApiUnreachable, the reason of the client's signal
   */
  ask: <T>(request: AskFor<T>) => Promise<T>
}

export function createRequests(settings: ApiClientSettings): Requests {
  const { baseUrl, fetch, timeoutMs = 30_000, signal } = settings
  const base = String(baseUrl)
  const api = createClient<paths>({
    baseUrl: base,
    headers: { accept: 'application/json, application/problem+json' },
    ...(fetch && { fetch }),
  })
  return {
    ask: async (request) => {
      const timeout = AbortSignal.timeout(timeoutMs)
      const ended = signal ? AbortSignal.any([signal, timeout]) : timeout
      let answer
      try {
        answer = await request(api, { signal: ended })
      } catch (cause) {
        signal?.throwIfAborted()
        throw unreachable(base, cause)
      }
      const { data, error, response } = answer
      if (response.ok && data !== undefined) return data
      if (isProblem(error)) throw new ApiProblem(error)
      throw new ApiUnreachable(`${response.url || base} answered ${response.status}, but not as the API does.`)
    },
  }
}

/** The API does not answer, for the reason of a request that failed. */
export function unreachable(base: string | URL, cause: unknown): ApiUnreachable {
  return new ApiUnreachable(`The API at ${String(base)} does not answer: ${reasonOf(cause)}.`, { cause })
}

/** fetch hides what went wrong (ECONNREFUSED) in the cause of its error. */
function reasonOf(error: unknown): string {
  const inner = (error as { cause?: unknown }).cause
  const shown = inner instanceof Error ? inner : error
  return shown instanceof Error ? shown.message || ((shown as { code?: string }).code ?? shown.name) : String(shown)
}

/** Is it a refusal as the API gives it? */
export function isProblem(body: unknown): body is Schema<'Problem'> {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body
}
