// The list of runs, and how one of them stands.

import { RunPage } from '@runlight/contracts/api'
import { RunlightError } from '@runlight/contracts/errors'
import { ExecutionStatus, RunState } from '@runlight/contracts/execution-status'
import type { Telemetry } from '@runlight/contracts/execution-status'
import { WorkflowId } from '@runlight/contracts/identifiers'
import Type from 'typebox'
import { openRunsCursor, sealRunsCursor } from '../cursor/cursors.ts'
import { json } from '../http/json.ts'
import { route } from '../http/route.ts'
import { resolveMoment } from '../logs/moment.ts'
import { degradation, executionStatus, readStatus } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { readTelemetry } from '../status/telemetry.ts'
import { readRuns } from '../store/runs.ts'
import { moment } from './line-filters.ts'
import { DEFAULT_LIMIT, Paging, RunPath } from './parameters.ts'

/** Most runs that a filter may look at for one page. */
const SCAN_RUNS = 20_000

export function runNotFound(runId: string): RunlightError {
  return new RunlightError(
    'RL_RUN_NOT_FOUND',
    `No run ${JSON.stringify(runId)} is known to the trace store, nor to Temporal as far as it can be asked.`,
  )
}

/** Runs as the trace store knows them, newest first. */
export const runList = (sources: StatusSources) =>
  route({
    url: '/workflows/runs',
    operationId: 'listRuns',
    summary: 'Runs, newest first: by when the first event of each reached the bus',
    params: Type.Object({}),
    query: Type.Object({
      status: Type.Optional(Type.Enum(RunState.enum, { description: 'Only runs in this state' })),
      workflow: Type.Optional(WorkflowId),
      since: moment('Runs whose first event reached the bus at or after this time'),
      until: moment('Runs whose first event reached the bus at or before this time'),
      ...Paging,
    }),
    answer: RunPage,
    refusals: ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ query: { status, workflow, since, until, cursor, limit = DEFAULT_LIMIT } }) => {
      const list = [status, workflow, since, until]
      const after = cursor === undefined ? undefined : openRunsCursor(cursor, list)
      // A cursor keeps the moments that its first request meant.
      const bounds = after?.bounds ?? { since: resolveMoment('since', since), until: resolveMoment('until', until) }
      const { runs, goOn } = await sources.database.read((sql) =>
        readRuns(sql, { status, workflowId: workflow, ...bounds, after, limit, scan: SCAN_RUNS }),
      )
      const [telemetry, loki] = await Promise.all([readTelemetry(sources, runs), sources.lokiHealth()])
      const degraded = [...telemetry.degraded, ...degradation('loki', loki)]
      return json({
        runs: runs.map((run) => executionStatus(run, telemetry.byRun.get(run.runId) as Telemetry)),
        hasMore: goOn !== undefined,
        ...(goOn && { nextCursor: sealRunsCursor({ ...goOn, bounds }, list) }),
        ...(degraded.length > 0 && { degraded }),
      })
    },
  })

export const runStatus = (sources: StatusSources) =>
  route({
    url: '/workflows/runs/{runId}/status',
    operationId: 'getRunStatus',
    summary: 'How a run stands: state, progress, failure, and how complete its telemetry is in each store',
    params: RunPath,
    query: Type.Object({}),
    answer: ExecutionStatus,
    refusals: ['RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { runId } }) => {
      const status = await readStatus(sources, runId)
      if (!status) throw runNotFound(runId)
      return json(status)
    },
  })
