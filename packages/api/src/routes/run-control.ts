// Starting a run of the demo workflow, and cancelling any run.

import { CancelledRun, StartRun, StartedRun } from '@runlight/contracts/api-runs'
import { auditStart } from '@runlight/contracts/audit-inputs'
import { AUDIT_WORKFLOW_ID } from '@runlight/contracts/dependency-audit'
import { RunlightError } from '@runlight/contracts/errors'
import Type from 'typebox'
import type { EngineControl } from '../engine/control.ts'
import { json } from '../http/json.ts'
import { ParameterError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { Database } from '../store/database.ts'
import { readRun } from '../store/runs.ts'
import { RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

export interface ControlSources {
  database: Database
  control: EngineControl
  /** What the ids of runs begin with that are given here. */
  runPrefix: string
}

/** Temporal's own bound of an id where nothing else is set (`limit.maxIDLength`), in bytes of UTF-8. */
const MAX_ID_BYTES = 1_000

const statusPath = (runId: string) => `/workflows/runs/${encodeURIComponent(runId)}/status`

export const startRun = (sources: ControlSources) =>
  route({
    method: 'POST',
    url: '/workflows/runs',
    operationId: 'startRun',
    summary: 'Starts a run of the demo workflow; with a `runId` of its own, the same request gives the same run again',
    params: Type.Object({}),
    query: Type.Object({}),
    body: StartRun,
    answer: StartedRun,
    successes: { 201: 'The run was started', 200: 'The run had been started before, by the same request' },
    refusals: ['RL_RUN_EXISTS', 'RL_STORE_UNAVAILABLE', 'RL_ENGINE_UNAVAILABLE'],
    handle: async ({ body: { runId: own, orgId, inputs = {} } }) => {
      const start = auditStart(inputs, orgId)
      const nodes = new Set(start.memo.graph?.nodes.map(({ ref }) => ref))
      const stranger = Object.keys(inputs.faults ?? {}).find((ref) => !nodes.has(ref))
      if (stranger !== undefined) {
        const field = `inputs.faults.${stranger}`
        throw new ParameterError(
          field,
          `The body's ${field} names no node of this run; there is ${[...nodes].join(', ')}.`,
        )
      }
      if (own !== undefined) {
        refuseUnfit(own)
        await refuseForgotten(sources, own)
      }
      const runId = own ?? `${sources.runPrefix}${crypto.randomUUID()}`
      const { temporalRunId, isNew } = await sources.control.start({ runId, ...start })
      return {
        status: isNew ? 201 : 200,
        location: statusPath(runId),
        body: json({ runId, workflowId: AUDIT_WORKFLOW_ID, temporalRunId }),
      }
    },
  })

/** What JSON and the shape allow, and Temporal does not take as an id, or takes as another one. @throws ParameterError */
function refuseUnfit(runId: string): void {
  const why = /\p{Surrogate}/u.test(runId)
    ? 'must be whole characters; it holds half of a surrogate pair'
    : Buffer.byteLength(runId) > MAX_ID_BYTES
      ? `must have at most ${MAX_ID_BYTES} bytes in UTF-8, which is as much as Temporal takes`
      : undefined
  if (why !== undefined) throw new ParameterError('runId', `The body's runId ${why}.`)
}

/** Temporal forgets runs after a while, and would start another one with the same id. */
async function refuseForgotten({ database, control }: ControlSources, runId: string): Promise<void> {
  const row = await database.read((sql) => readRun(sql, runId))
  if (!row || (await control.look(runId))) return
  const message = `${JSON.stringify(runId)} was a run that Temporal does not keep any more, so it cannot be compared.`
  throw new RunlightError('RL_RUN_EXISTS', message)
}

export const runCancel = (sources: ControlSources) =>
  route({
    method: 'POST',
    url: '/workflows/runs/{runId}/cancel',
    operationId: 'cancelRun',
    summary: 'Asks for the cancellation of a run; the status of the run says when it has taken effect',
    params: RunPath,
    query: Type.Object({}),
    answer: CancelledRun,
    successes: { 202: 'Temporal was asked to cancel the run' },
    refusals: ['RL_RUN_NOT_FOUND', 'RL_RUN_ENDED', 'RL_STORE_UNAVAILABLE', 'RL_ENGINE_UNAVAILABLE'],
    handle: async ({ params: { runId } }) => {
      const state = await sources.control.cancel(runId)
      if (state !== undefined) {
        return { status: 202, location: statusPath(runId), body: json({ runId, status: state }) }
      }
      const row = await sources.database.read((sql) => readRun(sql, runId))
      if (!row) throw runNotFound(runId)
      throw new RunlightError('RL_RUN_ENDED', `Temporal does not keep ${JSON.stringify(runId)} any more.`)
    },
  })
