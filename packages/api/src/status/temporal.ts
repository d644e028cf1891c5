// A run as Temporal sees it now.

import type { Failure, RunState } from '@runlight/contracts/execution-status'
import { readRunMemo } from '@runlight/contracts/memo'
import type { RunMemo } from '@runlight/contracts/memo'
import { Connection, defaultPayloadConverter } from '@temporalio/client'
import proto from '@temporalio/proto'
import type { temporal } from '@temporalio/proto'
import { closeFailure } from './temporal-failure.ts'
import { BoundedMap } from '../bounded-map.ts'
import { fresh } from './fresh.ts'
import type { Answer } from './fresh.ts'

/** The latest execution of a run. Times are nanoseconds since the epoch. */
export interface EngineRun {
  state: RunState
  startedNs: bigint
  closedNs: bigint | undefined
  failure: Failure | undefined
  parentRunId: string | undefined
  memo: RunMemo
}

export interface Engine {
  /** The run, undefined where Temporal knows none of this id. Never rejects, never takes much longer than a second. */
  describe: (runId: string) => Promise<Answer<EngineRun | undefined>>
  /** What was answered of the run is not used again: something was done to it. */
  forget: (runId: string) => void
  /** Temporal's own version. Never rejects. */
  version: () => Promise<Answer<string>>
}

const DEADLINE_MS = 1_000
/** How long an answer is used again, in milliseconds. */
const ANSWER_TTL_MS = 500
/** How long nobody asks after Temporal could not be reached, in milliseconds. */
const AWAY_MS = 2_000
/** Answers that are kept at a time. */
const MAX_ANSWERS = 1_000
const MAX_ENDED = 10_000

const Status = proto.temporal.api.enums.v1.WorkflowExecutionStatus
const STATES: { readonly [status: number]: RunState } = {
  [Status.WORKFLOW_EXECUTION_STATUS_RUNNING]: 'RUNNING',
  [Status.WORKFLOW_EXECUTION_STATUS_COMPLETED]: 'COMPLETED',
  [Status.WORKFLOW_EXECUTION_STATUS_FAILED]: 'FAILED',
  [Status.WORKFLOW_EXECUTION_STATUS_CANCELED]: 'CANCELLED',
  [Status.WORKFLOW_EXECUTION_STATUS_TERMINATED]: 'TERMINATED',
  [Status.WORKFLOW_EXECUTION_STATUS_TIMED_OUT]: 'TIMED_OUT',
}
/** WorkflowExecutionStarted and WorkflowTaskScheduled: no worker has taken the run yet. */
const EVENTS_BEFORE_A_WORKER = 2
const GRPC_NOT_FOUND = 5

/** Connects when it is first asked; Temporal may be away at start and at any time. */
export function connectTemporal(address: string): Connection {
  return Connection.lazy({ address, channelArgs: { 'grpc.max_reconnect_backoff_ms': AWAY_MS } })
}

export function createEngine(connection: Connection, namespace: string): Engine {
  const answers = new BoundedMap<string, { until: number; answer: Promise<Answer<EngineRun | undefined>> }>(MAX_ANSWERS)
  // The end that was told last stays, also when Temporal goes away before the trace store has heard of it.
  const ended = new BoundedMap<string, EngineRun>(MAX_ENDED)
  let awayUntil = 0
  let awayReason = ''

  const away = (runId: string): Answer<EngineRun | undefined> => {
    const value = ended.get(runId)
    return value ? { ok: true, value } : { ok: false, reason: awayReason }
  }

  const ask = async (runId: string): Promise<Answer<EngineRun | undefined>> => {
    try {
      const value = await connection.withDeadline(Date.now() + DEADLINE_MS, () =>
        describeRun(connection, namespace, runId),
      )
      // A run may be reset, or its id used again: then another execution goes on.
      if (value.closedNs !== undefined) ended.set(runId, value)
      else ended.delete(runId)
      return { ok: true, value }
    } catch (cause) {
      if ((cause as { code?: unknown }).code === GRPC_NOT_FOUND) return { ok: true, value: undefined }
      awayUntil = performance.now() + AWAY_MS
      awayReason = `Temporal cannot be asked: ${(cause as Error).message}`
      return away(runId)
    }
  }

  const describe = (runId: string): Promise<Answer<EngineRun | undefined>> => {
    const now = performance.now()
    if (now < awayUntil) return Promise.resolve(away(runId))
    const known = answers.get(runId)
    if (known && now < known.until) return known.answer
    const answer = ask(runId)
    answers.set(runId, { until: now + ANSWER_TTL_MS, answer })
    return answer
  }
  const version = fresh({ ttlMs: 5_000, retryAfterMs: AWAY_MS }, async () => {
    try {
      const info = await connection.withDeadline(Date.now() + DEADLINE_MS, () =>
        connection.workflowService.getSystemInfo({}),
      )
      return info.serverVersion ?? ''
    } catch (cause) {
      throw new Error(`Temporal cannot be asked: ${(cause as Error).message}`, { cause })
    }
  })
  const forget = (runId: string): void => answers.delete(runId)
  return { describe, forget, version }
}

/**
 * The latest execution of a run, with the deadline of whoever calls.
 * @throws the client's error; its `code` is 5 where Temporal knows none of this id
 */
export async function describeRun(connection: Connection, namespace: string, runId: string): Promise<EngineRun> {
  const execution = { workflowId: runId }
  const { workflowExecutionInfo: info } = await connection.workflowService.describeWorkflowExecution({
    namespace,
    execution,
  })
  if (!info) throw new Error('it gave no information on the run')
  const state = STATES[info.status ?? 0] ?? 'RUNNING'
  const queued = state === 'RUNNING' && Number(info.historyLength ?? 0) <= EVENTS_BEFORE_A_WORKER
  const closed = info.closeTime ? nanos(info.closeTime) : undefined
  return {
    state: queued ? 'QUEUED' : state,
    startedNs: nanos(info.startTime),
    closedNs: closed,
    failure: closed === undefined ? undefined : await readFailure(connection, namespace, info.execution ?? execution),
    parentRunId: info.parentExecution?.workflowId || undefined,
    memo: readMemo(info.memo?.fields ?? {}),
  }
}

async function readFailure(
  connection: Connection,
  namespace: string,
  execution: temporal.api.common.v1.WorkflowExecution.$Properties,
): Promise<Failure | undefined> {
  const { history } = await connection.workflowService.getWorkflowExecutionHistory({
    namespace,
    execution,
    historyEventFilterType: proto.temporal.api.enums.v1.HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
  })
  const last = history?.events?.at(-1)
  return last && closeFailure(last)
}

function readMemo(fields: Record<string, temporal.api.common.v1.Payload.$Properties>): RunMemo {
  const decoded: Record<string, unknown> = {}
  for (const [name, payload] of Object.entries(fields)) {
    try {
      decoded[name] = defaultPayloadConverter.fromPayload(payload)
    } catch {
      // Encoded by somebody else; the run is answered without what the memo declares.
    }
  }
  return readRunMemo(decoded).memo
}

function nanos(time: { seconds?: unknown; nanos?: number | null } | null | undefined): bigint {
  return BigInt(String(time?.seconds ?? 0)) * 1_000_000_000n + BigInt(time?.nanos ?? 0)
}
