// A run followed live, from its first event to the end of its stream, as a reader sees it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredEvent, StoredLog } from '@runlight/contracts/api'
import type { StreamDone } from '@runlight/contracts/api-stream'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { liveEvents } from '../live-stream.ts'
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
  const path = `workflows/runs/${encodeURIComponent(runId)}/stream`
  for (;;) {
    const [events, lines]: [StoredEvent[], string[]] = [[], []]
    try {
      for await (const { event, data } of liveEvents({
        ...{ baseUrl: apiUrl, path, query: {}, from: 'start', signal },
        onAway: (reason) => say(reason),
      })) {
        if (event === 'trace') events.push(data as StoredEvent)
        else if (event === 'log') lines.push(identityOf(data as StoredLog))
        else if (event === 'status') say(`${runId}: ${standing(data as ExecutionStatus)}`)
        else if (event === 'done') return { runId, done: data as StreamDone, events, lines }
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
export function standing({ status, progress, telemetry }: ExecutionStatus): string {
  const stores = Object.entries(telemetry).map(([store, { state }]) => `${store} ${state}`)
  return [status, `${progress.completedActions} of ${progress.totalActions} nodes`, ...stores].join(', ')
}
