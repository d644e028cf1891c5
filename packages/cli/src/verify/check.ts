// One question to an environment, asked within a time, answered in words.

import type { ApiClient } from '@runlight/sdk/client/api-client'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { ApiProblem, ApiUnreachable } from '@runlight/sdk/client/api-problem'
import { upCommand } from './environment.ts'

export type CheckState = 'ok' | 'failed' | 'skipped'

export interface Finding {
  state: CheckState
  /** What was seen, as sentences. */
  seen: string
  /** What to do about it. */
  next?: string
}

/** What a check works with; all of it ends when its time is over. */
export interface Tools {
  api: ApiClient
  signal: AbortSignal
  /** Tells how far it is. What was said last is the finding where the time runs out. */
  say: (seen: string, next?: string) => void
}

export interface Check {
  name: string
  /** Names of checks before it in the list that have to be done when it begins. */
  after: readonly string[]
  run: (tools: Tools) => Promise<Finding>
}

export interface Result extends Finding {
  name: string
  seconds: number
}

export interface CheckLimits {
  /** Address of the API. */
  apiUrl: string
  /** Name of the stack, where it is known. */
  stack?: string | undefined
  /** Longest time of one check, in milliseconds. */
  limitMs: number
  /** Ends everything, at once. */
  interrupted: AbortSignal
}

export const ok = (seen: string): Finding => ({ state: 'ok', seen })
export const failed = (seen: string, next: string): Finding => ({ state: 'failed', seen, next })
export const skipped = (seen: string, next?: string): Finding => ({ state: 'skipped', seen, ...(next && { next }) })

/**
 * Runs the checks side by side, each as soon as it may begin; gives the results in the order of the list.
 * @throws the reason of `interrupted`
 */
export async function* runChecks(
  checks: readonly Check[],
  limits: CheckLimits,
  tell: (name: string, text: string) => void,
): AsyncGenerator<Result, void, undefined> {
  const results = new Map<string, Promise<Result>>()
  for (const check of checks) {
    const before = Promise.all(check.after.map((name) => results.get(name)))
    results.set(
      check.name,
      before.then(() => runCheck(check, limits, (text) => tell(check.name, text))),
    )
  }
  const all = [...results.values()]
  // All of them end when they are interrupted; the first to be read tells so.
  void Promise.allSettled(all)
  for (const result of all) yield await result
}

/** Runs one check to its finding; what it throws, and a time that is over, are findings too. */
async function runCheck(
  { name, run }: Check,
  { apiUrl, stack, limitMs, interrupted }: CheckLimits,
  tell: (text: string) => void,
): Promise<Result> {
  interrupted.throwIfAborted()
  const began = performance.now()
  const ended = new AbortController()
  const interrupt = (): void => ended.abort(interrupted.reason)
  interrupted.addEventListener('abort', interrupt)
  const timer = setTimeout(() => ended.abort(new Error('The time is over')), limitMs)
  const { signal } = ended
  let last: { seen: string; next?: string | undefined } | undefined
  const say: Tools['say'] = (seen, next) => {
    if (signal.aborted) return
    if (seen !== last?.seen) tell(seen)
    last = { seen, next }
  }
  let finding: Finding
  try {
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
    // What does not heed the signal is not waited for.
    finding = await Promise.race([run({ api: createApiClient({ baseUrl: apiUrl, signal }), signal, say }), over])
  } catch (error) {
    interrupted.throwIfAborted()
    finding = signal.aborted ? overdue(limitMs, last) : broken(error, stack)
  } finally {
    clearTimeout(timer)
    interrupted.removeEventListener('abort', interrupt)
    ended.abort()
  }
  return { name, ...finding, seconds: Math.round((performance.now() - began) / 10) / 100 }
}

function overdue(limitMs: number, last: { seen: string; next?: string | undefined } | undefined): Finding {
  const seen = `It was not done after ${limitMs / 1_000} s. ${last ? `Last seen: ${last.seen}` : 'Nothing was seen.'}`
  return failed(seen, last?.next ?? 'See `runlight doctor`; --timeout gives each check more time.')
}

function broken(error: unknown, stack: string | undefined): Finding {
  if (error instanceof ApiProblem) {
    return failed(`The API refused: ${error.problem.title}: ${error.message}`, 'See `runlight doctor`.')
  }
  if (error instanceof ApiUnreachable) {
    const name = stack === undefined ? '--api or RUNLIGHT_API_URL' : '--api'
    return failed(error.message, `Start the stack (${upCommand(stack)}), or name its API by ${name}.`)
  }
  return failed(error instanceof Error ? error.message : String(error), 'See `runlight doctor`.')
}
