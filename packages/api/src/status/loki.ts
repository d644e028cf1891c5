// Is Loki there, and which one?

import { request } from 'undici'
import { PATIENCE_MS, fresh } from './fresh.ts'
import type { Answer } from './fresh.ts'

// undici's time-outs are of the answer alone: for a connection to a host that drops packets it waits ten seconds.
const ANSWER_MS = { headersTimeout: 1_000, bodyTimeout: 1_000 }

/** Asks Loki's own readiness, at most once in five seconds. Never takes much longer than a second. */
export function lokiHealth(url: URL): () => Promise<Answer<true>> {
  const address = new URL('ready', url.href.endsWith('/') ? url : `${url.href}/`)
  const ask = fresh({ whom: 'Loki', ttlMs: 5_000, retryAfterMs: 2_000 }, async () => {
    const { statusCode, body } = await request(address, ANSWER_MS)
    const text = (await body.text()).trim().slice(0, 200)
    if (statusCode !== 200) throw new Error(`Loki is not ready (${statusCode}: ${text})`)
    return true as const
  })
  return () => ask(PATIENCE_MS)
}

/** Loki's version as it says it itself (https://grafana.com/docs/loki/latest/reference/loki-http-api/#list-build-information). */
export function lokiVersion(url: URL): () => Promise<Answer<string>> {
  const address = new URL('loki/api/v1/status/buildinfo', url.href.endsWith('/') ? url : `${url.href}/`)
  const ask = fresh({ whom: 'Loki', ttlMs: 60_000, retryAfterMs: 5_000 }, async () => {
    const { statusCode, body } = await request(address, ANSWER_MS)
    const answer = (await body.json()) as { version?: unknown }
    if (statusCode !== 200 || typeof answer.version !== 'string') throw new Error('Loki does not say its version')
    return answer.version
  })
  return () => ask(PATIENCE_MS)
}
