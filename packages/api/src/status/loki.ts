// Is Loki there?

import { request } from 'undici'
import { fresh } from './fresh.ts'
import type { Answer } from './fresh.ts'

/** Asks Loki's own readiness, at most once in five seconds. */
export function lokiHealth(url: URL): () => Promise<Answer<true>> {
  const address = new URL('ready', url.href.endsWith('/') ? url : `${url.href}/`)
  return fresh({ ttlMs: 5_000, retryAfterMs: 2_000 }, async () => {
    const { statusCode, body } = await request(address, { headersTimeout: 1_000, bodyTimeout: 1_000 })
    const text = (await body.text()).trim().slice(0, 200)
    if (statusCode !== 200) throw new Error(`Loki is not ready (${statusCode}: ${text})`)
    return true as const
  })
}
