// Starts a run of the demo workflow through the API.

import type { Problem } from '@runlight/contracts/api'
import type { StartRun, StartedRun } from '@runlight/contracts/api-runs'
import { ApiProblem, ApiUnreachable } from './api-problem.ts'

const ANSWER_MS = 30_000

/**
 * Starts a run, or gives the one that the same request has started before.
 * @throws ApiProblem when the API refuses, ApiUnreachable when it does not answer, the reason of the signal
 */
export async function startRun(
  { baseUrl, signal }: { baseUrl: string; signal: AbortSignal },
  request: StartRun,
): Promise<StartedRun> {
  const address = new URL('workflows/runs', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    })
    const body: unknown = await response.json()
    if (response.ok) return body as StartedRun
    throw new ApiProblem(body as Problem)
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof ApiProblem) throw cause
    throw new ApiUnreachable(`The API at ${baseUrl} did not say that a run was started: ${String(cause)}.`, { cause })
  }
}
