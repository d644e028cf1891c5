// A run followed live, from its first event to the end of its stream, as a reader sees it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredEvent } from '@runlight/contracts/api'
import type { StreamDone } from '@runlight/contracts/api-stream'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { runProgress } from '../commands/format.ts'
import type { Tools } from './check.ts'
import { identityOf } from './identities.ts'

export interface FollowedRun {
  runId: string
  /** As the end of the stream told it. */
  done: StreamDone
  events: StoredEvent[]
  /** Identities of its lines, each as often as it came. */
  lines: string[]
}

const UNKNOWN_RUN_MS = 250

/** @throws ApiProblem when the API refuses; the reason of the signal */
export async function followRun(apiUrl: string, runId: string, { signal, say }: Tools): Promise<FollowedRun> {
  const api = createApiClient({ baseUrl: apiUrl, signal })
  const onState = (state: string, reason: string) => reason !== '' && say(`${state}: ${reason}`)
  for (;;) {
    const [events, lines]: [StoredEvent[], string[]] = [[], []]
    try {
      for await (const { event, data } of api.followRun(runId, { onState })) {
        if (event === 'trace') events.push(data)
        else if (event === 'log') lines.push(identityOf(data))
        else if (event === 'status') say(`${runId}: ${standing(data)}`)
        else if (event === 'done') return { runId, done: data, events, lines }
      }
      throw new Error(`The stream of ${runId} ended without saying so.`)
    } catch (error) {
      // A run that was just started may not be known yet.
      if (!(error instanceof ApiProblem) || error.problem.status !== 404) throw error
      say(`${runId} was started; the API does not know it yet.`)
      await sleep(UNKNOWN_RUN_MS, undefined, { signal })
    }
  }
}

/** How a run stands, such as `RUNNING, 3 of 13 nodes, postgres arriving, loki arriving`. */
export function standing(run: ExecutionStatus): string {
  const stores = Object.entries(run.telemetry).map(([store, { state }]) => `${store} ${state}`)
  return [run.status, runProgress(run), ...stores].filter(Boolean).join(', ')
}
