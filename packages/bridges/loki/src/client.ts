// Pushes to Loki, and what its answers mean.

import { Pool, errors } from 'undici'
import { DeliveryError } from '@runlight/bridge-core/sink'
import type { FailureReason } from '@runlight/bridge-core/sink'
import { TENANT_HEADER } from '@runlight/contracts/labels'

/** Loki refuses at least one entry of a push for good; the others are stored, or it refuses the push as too large. */
export class PushRefused extends Error {
  readonly status: number

  constructor(status: number, words: string) {
    super(words)
    this.name = 'PushRefused'
    this.status = status
  }
}

export interface LokiClient {
  /**
   * Pushes one PushRequest, in protobuf and compressed with snappy.
   * @throws PushRefused (400, 413), DeliveryError (anything that a repeat may mend)
   */
  push: (tenant: string, body: Buffer, signal: AbortSignal) => Promise<void>
  /** Rejects with the reason when Loki is not ready. */
  check: () => Promise<void>
  close: () => Promise<void>
}

/** @param connections pushes that may be under way at once */
export function createLokiClient(url: URL, connections: number): LokiClient {
  const pool = new Pool(url.origin, {
    connections,
    pipelining: 1,
    connect: { timeout: 5_000 },
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  })
  const base = url.pathname.replace(/\/$/, '')
  return {
    push: async (tenant, body, signal) => {
      const headers = { 'content-type': 'application/x-protobuf', [TENANT_HEADER]: tenant }
      const path = `${base}/loki/api/v1/push`
      const answer = await pool.request({ method: 'POST', path, headers, body, signal }).catch(unreachable)
      const words = (await answer.body.text().catch(unreachable)).trim()
      judge(answer.statusCode, words, answer.headers['retry-after'])
    },
    check: async () => {
      const answer = await pool.request({ method: 'GET', path: `${base}/ready`, headersTimeout: 2_000 })
      const words = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`Loki is not ready: ${words.trim()}`)
    },
    close: () => pool.close(),
  }
}

// 200 and 204 alone mean stored: Loki answers a blocked tenant with a 2xx code of its own (260).
function judge(status: number, words: string, retryAfter: string | string[] | undefined): void {
  if (status === 204 || status === 200) return
  if (status === 400 || status === 413) throw new PushRefused(status, words)
  throw new DeliveryError(reasonOf(status), `Loki answered ${status}: ${words}`, { retryAfter: waitOf(retryAfter) })
}

function reasonOf(status: number): FailureReason {
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'server_error'
  if (status === 401 || status === 403 || status === 404) return 'not_authorised'
  return 'other'
}

/** `Retry-After` is a number of seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). */
function waitOf(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(wait) && wait > 0 ? wait : undefined
}

function unreachable(cause: unknown): never {
  const late =
    cause instanceof errors.HeadersTimeoutError ||
    cause instanceof errors.BodyTimeoutError ||
    cause instanceof errors.ConnectTimeoutError
  const words = cause instanceof Error ? cause.message : String(cause)
  throw new DeliveryError(late ? 'timeout' : 'unreachable', `Loki cannot be reached: ${words}`, { cause })
}
