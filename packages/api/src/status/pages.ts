// Components that have a readiness page of their own: bridges, observer, worker, collector.

import { Health } from '@runlight/contracts/api'
import { shape } from '@runlight/contracts/schema'
import type { ComponentPage } from '@runlight/contracts/variable'
import { request } from 'undici'
import { fresh } from './fresh.ts'
import type { Answer } from './fresh.ts'

/** What a page said: how the component is, and what it says is wrong. */
export interface PageAnswer {
  version: string
  /** Why it is not ready; undefined when it is. */
  failing: string | undefined
}

export interface AskedPage {
  name: string
  answer: Answer<PageAnswer>
}

/** Longest time that one page has, in milliseconds. */
const ANSWER_MS = 1_000
/** Most of an answer that is read, in bytes. */
const MAX_BYTES = 64 * 1024

const checked = shape(Health)

/** Asks all pages side by side, each at most once in two seconds. Never rejects, never takes much longer than a second. */
export function componentPages(pages: readonly ComponentPage[]): () => Promise<AskedPage[]> {
  const questions = pages.map(({ name, url }) => ({
    name,
    ask: fresh({ whom: url.href, ttlMs: 2_000, retryAfterMs: 2_000 }, () => askPage(url)),
  }))
  // An abort ends no connection that is still being made.
  return () => Promise.all(questions.map(async ({ name, ask }) => ({ name, answer: await ask(ANSWER_MS) })))
}

async function askPage(url: URL): Promise<PageAnswer> {
  // Of the whole answer: a page that gives a byte now and then is as silent as one that gives none.
  const signal = AbortSignal.timeout(ANSWER_MS)
  const { statusCode, body } = await request(url, { signal }).catch((cause: unknown) => {
    throw signal.aborted ? late(url) : cause
  })
  let text = ''
  try {
    for await (const piece of body) {
      text += String(piece)
      if (text.length > MAX_BYTES) throw new Error(`${url.href} answers more than a readiness page does`)
    }
  } catch (cause) {
    throw signal.aborted ? late(url) : cause
  }
  const health = checked.check(parsed(text))
  if (!health.ok) throw new Error(`${url.href} answers ${statusCode}, but not as a readiness page`)
  const { status, version, checks } = health.value
  const faults = Object.entries(checks)
    .filter(([, { ok }]) => !ok)
    .map(([name, { detail }]) => (detail === undefined ? name : `${name}: ${detail}`))
  return { version, failing: status === 'ok' ? undefined : faults.join('; ') || 'It says that it is not ready' }
}

function late(url: URL): Error {
  return new Error(`${url.href} gave no answer within ${ANSWER_MS} ms`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
