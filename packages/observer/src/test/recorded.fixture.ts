// Histories recorded from a real server (histories/): the first line says which run, the others are its events.

import { readFileSync } from 'node:fs'
import protos from '@temporalio/proto'
import type { HistoryEvent } from '../observed-run.ts'
import type { PendingActivity } from '../pending.ts'

const { History } = protos.temporal.api.history.v1
const { PendingActivityInfo } = protos.temporal.api.workflow.v1

export interface RecordedRun {
  runId: string
  temporalRunId: string
  /** Open when the run closed. */
  pending: PendingActivity[]
  resetTo: string | undefined
  events: HistoryEvent[]
}

export function recorded(name: string): RecordedRun {
  const text = readFileSync(new URL(`../../histories/${name}.ndjson`, import.meta.url), 'utf8')
  const [head = '{}', ...lines] = text.trim().split('\n')
  const run = JSON.parse(head) as Pick<RecordedRun, 'runId' | 'temporalRunId' | 'resetTo'> & { pending: object[] }
  const events = lines.map((line) => JSON.parse(line) as object)
  return {
    ...run,
    pending: run.pending.map((activity) => PendingActivityInfo.fromObject(activity)),
    events: History.fromObject({ events }).events,
  }
}
