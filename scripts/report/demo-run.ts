// One run, followed to its end.

import { isFinal } from '@runlight/contracts/execution-status'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import type { ApiClient } from '@runlight/sdk/client/api-client'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { Failure } from '../failure.ts'

const POLL_MS = 250
const DEADLINE_MS = 120_000

/** Follows the run until it has ended and both stores hold all of it; `say` is told each time it has moved on. */
export async function followRun(
  api: ApiClient,
  runId: string,
  signal: AbortSignal,
  say: (status: ExecutionStatus) => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  let told = ''
  while (Date.now() < deadline) {
    const status = await statusOf(api, runId)
    const now = status && progressLine(status)
    if (status && now !== told) {
      await say(status)
      told = now ?? ''
    }
    if (status && isFinal(status.status) && isSettled(status)) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    signal.throwIfAborted()
  }
  throw new Failure({
    what: `The demo run ${runId} is not complete in both stores after ${DEADLINE_MS / 1000} s.`,
    why: told,
    next: `Look at \`npx runlight status ${runId}\` and at the logs of the bridges, the observer and the worker.`,
  })
}

/** How a run stands, in one line. */
export function progressLine({ status, progress, telemetry }: ExecutionStatus): string {
  const stores = Object.entries(telemetry).map(([store, { state }]) => `${store} ${state}`)
  return `${status}, ${progress.completedActions} of ${progress.totalActions} nodes, ${stores.join(', ')}`
}

function isSettled({ telemetry }: ExecutionStatus): boolean {
  return Object.values(telemetry).every(({ state }) => state === 'complete' || state === 'dropped')
}

/** A run that was just started may not be known yet. */
async function statusOf(api: ApiClient, runId: string): Promise<ExecutionStatus | undefined> {
  try {
    return await api.status(runId)
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.status === 404) return undefined
    throw error
  }
}
