// Starts a run of the demo workflow through the API.

import { createApiClient } from '@runlight/sdk/client/api-client'
import type { Environment } from './environment.ts'

export interface RunWish {
  /** Node that is made to fail for good. */
  failingNode?: string
}

/**
 * Starts a run; gives its id.
 * @throws ApiProblem, ApiUnreachable
 */
export async function startRun({ apiUrl }: Environment, wish: RunWish, signal: AbortSignal): Promise<string> {
  const faults = wish.failingNode === undefined ? {} : { [wish.failingNode]: { fail: true } }
  const { runId } = await createApiClient({ baseUrl: apiUrl, signal }).startRun({ inputs: { faults } })
  return runId
}
