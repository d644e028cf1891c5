// What the API does in Temporal: starts runs, and asks for their cancellation.

import { isDeepStrictEqual } from 'node:util'
import { RunlightError } from '@runlight/contracts/errors'
import { isFinal } from '@runlight/contracts/execution-status'
import type { RunState } from '@runlight/contracts/execution-status'
import type { RunMemo } from '@runlight/contracts/memo'
import { Client, WorkflowExecutionAlreadyStartedError, defaultPayloadConverter } from '@temporalio/client'
import type { Connection } from '@temporalio/client'
import type { temporal } from '@temporalio/proto'
import { describeRun } from '../status/temporal.ts'
import type { Engine, EngineRun } from '../status/temporal.ts'

export interface RunToStart {
  runId: string
  workflowType: string
  args: unknown[]
  memo: RunMemo
}

export interface EngineControl {
  /**
   * Starts a run; the same one again gives the run that there is.
   * @throws RunlightError RL_RUN_EXISTS when there is another one with this id, RL_ENGINE_UNAVAILABLE
   */
  start: (run: RunToStart) => Promise<{ temporalRunId: string; isNew: boolean }>
  /**
   * Asks Temporal to cancel the latest execution of a run; its worker may take its time. Gives how it stood before, as
   * far as Temporal could say; undefined where it knows no such run.
   * @throws RunlightError RL_RUN_ENDED, RL_ENGINE_UNAVAILABLE
   */
  cancel: (runId: string) => Promise<RunState | undefined>
  /**
   * Asks Temporal how a run stands now, with the patience of what hangs on it; undefined where it knows no such run.
   * @throws RunlightError RL_ENGINE_UNAVAILABLE
   */
  look: (runId: string) => Promise<EngineRun | undefined>
}

export interface ControlSettings {
  connection: Connection
  namespace: string
  taskQueue: string
  engine: Engine
}

const DEADLINE_MS = 5_000
const GRPC_NOT_FOUND = 5

export function createControl({ connection, namespace, taskQueue, engine }: ControlSettings): EngineControl {
  const client = new Client({ connection, namespace })
  const within = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + DEADLINE_MS, work)

  const start: EngineControl['start'] = async (run) => {
    const { runId, workflowType, args, memo } = run
    try {
      const handle = await within(() =>
        client.workflow.start(workflowType, {
          workflowId: runId,
          ...{ taskQueue, args, memo },
          // Also not after the end of the one that there was: an id is one run.
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
        }),
      )
      return { temporalRunId: handle.firstExecutionRunId, isNew: true }
    } catch (cause) {
      if (cause instanceof WorkflowExecutionAlreadyStartedError) return await sameRun(run)
      throw unavailable(
        `Whether ${runId} was started is not known (${reasonOf(cause)}); the same request with this runId starts it at most once.`,
        cause,
      )
    } finally {
      engine.forget(runId)
    }
  }

  /** The run that there is, where it was started with the same words. */
  const sameRun = async (run: RunToStart): Promise<{ temporalRunId: string; isNew: boolean }> => {
    const { runId } = run
    const first = await firstEvent(runId)
    const started = first?.workflowExecutionStartedEventAttributes
    const memo = decodeFields(started?.memo?.fields)
    const isSame =
      started?.workflowType?.name === run.workflowType &&
      isDeepStrictEqual(decode(started.input?.payloads), plain(run.args)) &&
      memo['orgId'] === run.memo.orgId &&
      memo['workflowId'] === run.memo.workflowId
    if (!isSame) {
      throw new RunlightError('RL_RUN_EXISTS', `${JSON.stringify(runId)} was started with other inputs.`)
    }
    return { temporalRunId: started.originalExecutionRunId ?? '', isNew: false }
  }

  const firstEvent = async (runId: string) => {
    try {
      const { history } = await within(() =>
        connection.workflowService.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId: runId },
          maximumPageSize: 1,
        }),
      )
      return history?.events?.[0]
    } catch (cause) {
      throw unavailable(`What ${runId} was started with cannot be read (${reasonOf(cause)}).`, cause)
    }
  }

  const cancel: EngineControl['cancel'] = async (runId) => {
    // Temporal may be too slow to say how the run stands, which is asked for a second only, and cancel it all the same.
    const answer = await engine.describe(runId)
    const before = answer.ok ? answer.value : undefined
    if (before) refuseEnded(runId, before.state)
    try {
      await within(() =>
        connection.workflowService.requestCancelWorkflowExecution({
          namespace,
          workflowExecution: { workflowId: runId },
          identity: 'runlight-api',
          requestId: crypto.randomUUID(),
        }),
      )
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== GRPC_NOT_FOUND) {
        throw unavailable(`Whether ${runId} will be cancelled is not known (${reasonOf(cause)}).`, cause)
      }
      // There is none, or it has ended in the meantime.
      engine.forget(runId)
      const now = await look(runId)
      if (now) refuseEnded(runId, now.state)
      return undefined
    }
    engine.forget(runId)
    if (before) return before.state
    // Temporal takes the request for a run that has ended, too. One that is cancelled may be so by this request; one that
    // the request made fail at once is told as ended.
    const now = await look(runId).catch(() => undefined)
    if (now && now.state !== 'CANCELLED') refuseEnded(runId, now.state)
    return now?.state === 'QUEUED' ? 'QUEUED' : 'RUNNING'
  }

  const look: EngineControl['look'] = async (runId) => {
    try {
      return await within(() => describeRun(connection, namespace, runId))
    } catch (cause) {
      if ((cause as { code?: unknown }).code === GRPC_NOT_FOUND) return undefined
      throw unavailable(`How ${runId} stands cannot be asked of Temporal (${reasonOf(cause)}).`, cause)
    }
  }
  return { start, cancel, look }
}

function refuseEnded(runId: string, state: RunState): void {
  if (isFinal(state)) throw new RunlightError('RL_RUN_ENDED', `${JSON.stringify(runId)} is ${state}.`)
}

function unavailable(message: string, cause?: unknown): RunlightError {
  return new RunlightError('RL_ENGINE_UNAVAILABLE', message, { cause })
}

/** Temporal's client wraps the words of the connection. */
function reasonOf(error: unknown): string {
  const { details, message } = ((error as Error).cause ?? error) as { details?: string; message?: string }
  return details || message || String(error)
}

/** As it is read back: without what JSON leaves out. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

function decode(payloads: readonly temporal.api.common.v1.Payload.$Properties[] | null | undefined): unknown {
  try {
    return (payloads ?? []).map((payload) => defaultPayloadConverter.fromPayload(payload))
  } catch {
    // Encoded by somebody else: another run.
    return undefined
  }
}

function decodeFields(
  fields: Readonly<Record<string, temporal.api.common.v1.Payload.$Properties>> | null | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields ?? {}).map(([name, payload]) => [name, (decode([payload]) as unknown[] | undefined)?.[0]]),
  )
}
