// What the observer asks of Temporal, over one lazily made connection.

import { Connection, isGrpcServiceError } from '@temporalio/client'
import type { temporal } from '@temporalio/proto'
import type { Budget } from './budget.ts'
import type { HistoryEvent } from './observed-run.ts'
import type { PendingActivity } from './pending.ts'

type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo

/** One Temporal run as visibility lists it. Its times are cut to microseconds there. */
export interface VisibleRun {
  runId: string
  temporalRunId: string
  open: boolean
  startTime: ExecutionInfo['startTime']
  closeTime: ExecutionInfo['closeTime']
}

export interface RunNow {
  open: boolean
  /** Number of events in the history. */
  historyLength: number
  /** Open activities; of a closed run, those that were open when it closed. */
  pending: PendingActivity[]
  /** The run that this one was reset to. */
  resetTo: string | undefined
}

/** What is asked of Temporal, by its name in the metrics. */
export const REQUESTS = ['list', 'describe', 'history'] as const
export type Request = (typeof REQUESTS)[number]

export interface RunAddress {
  runId: string
  temporalRunId: string
}

export interface TemporalAccess {
  /** All runs that match a visibility query, page after page. */
  list: (query: string) => Promise<VisibleRun[]>
  describe: (run: RunAddress) => Promise<RunNow>
  /** The whole history, from its first event. */
  history: (run: RunAddress) => Promise<HistoryEvent[]>
  /** The events after `known`, in order; reads the history from its end, so that its length does not matter. */
  historyAfter: (run: RunAddress, known: number, length: number) => Promise<HistoryEvent[]>
  close: () => Promise<void>
}

export interface TemporalSettings {
  address: string
  namespace: string
  budget: Budget
  /** Ends every request and every wait. */
  signal: AbortSignal
  onRequest?: (method: Request) => void
}

const REQUEST_DEADLINE_MS = 15_000
/** gRPC's own wait between attempts to connect grows to two minutes otherwise. */
const RECONNECT_MS = 5000
const PAGE = 1000
/** Temporal's WorkflowExecutionStatus, by number; part of its wire format. */
const RUNNING = 1
const PAUSED = 8

/** Connects with the first request; every method rejects with the server's gRPC error, and can be called again. */
export function accessTemporal({ address, namespace, budget, signal, onRequest }: TemporalSettings): TemporalAccess {
  const connection = Connection.lazy({ address, channelArgs: { 'grpc.max_reconnect_backoff_ms': RECONNECT_MS } })
  const service = connection.workflowService

  // Not the client's own way to abort, which leaves a listener behind with every request.
  const asked = new Set<(reason: unknown) => void>()
  signal.addEventListener('abort', () => {
    for (const reject of asked) reject(signal.reason)
  })

  const ask = async <T>(method: Request, request: () => Promise<T>): Promise<T> => {
    await budget.take()
    signal.throwIfAborted()
    onRequest?.(method)
    return new Promise<T>((resolve, reject) => {
      asked.add(reject)
      const answer = connection.withDeadline(Date.now() + REQUEST_DEADLINE_MS, request)
      answer.then(resolve, reject).finally(() => asked.delete(reject))
    })
  }

  const list = async (query: string): Promise<VisibleRun[]> => {
    const runs: VisibleRun[] = []
    let nextPageToken: Uint8Array | undefined
    do {
      const request = { namespace, query, pageSize: PAGE, ...(nextPageToken ? { nextPageToken } : {}) }
      const page = await ask('list', () => service.listWorkflowExecutions(request))
      for (const info of page.executions ?? []) runs.push(visibleRun(info))
      nextPageToken = more(page.nextPageToken)
    } while (nextPageToken)
    return runs
  }

  const describe = async ({ runId, temporalRunId }: RunAddress): Promise<RunNow> => {
    const execution = { workflowId: runId, runId: temporalRunId }
    const answer = await ask('describe', () => service.describeWorkflowExecution({ namespace, execution }))
    const info = answer.workflowExecutionInfo
    return {
      open: isOpen(info?.status),
      historyLength: Number(info?.historyLength ?? 0),
      pending: answer.pendingActivities ?? [],
      resetTo: answer.workflowExtendedInfo?.resetRunId || undefined,
    }
  }

  const history = async ({ runId, temporalRunId }: RunAddress): Promise<HistoryEvent[]> => {
    const execution = { workflowId: runId, runId: temporalRunId }
    const events: HistoryEvent[] = []
    let nextPageToken: Uint8Array | undefined
    do {
      const request = { namespace, execution, maximumPageSize: PAGE, ...(nextPageToken ? { nextPageToken } : {}) }
      const page = await ask('history', () => service.getWorkflowExecutionHistory(request))
      events.push(...(page.history?.events ?? []))
      nextPageToken = more(page.nextPageToken)
    } while (nextPageToken)
    return events
  }

  const historyAfter = async (
    { runId, temporalRunId }: RunAddress,
    known: number,
    length: number,
  ): Promise<HistoryEvent[]> => {
    const execution = { workflowId: runId, runId: temporalRunId }
    const maximumPageSize = Math.min(PAGE, Math.max(1, length - known))
    const events: HistoryEvent[] = []
    let nextPageToken: Uint8Array | undefined
    do {
      const request = { namespace, execution, maximumPageSize, ...(nextPageToken ? { nextPageToken } : {}) }
      const page = await ask('history', () => service.getWorkflowExecutionHistoryReverse(request))
      events.push(...(page.history?.events ?? []))
      const oldest = events.at(-1)
      nextPageToken = oldest && Number(oldest.eventId) <= known + 1 ? undefined : more(page.nextPageToken)
    } while (nextPageToken)
    return events.reverse().filter((event) => Number(event.eventId) > known)
  }

  return { list, describe, history, historyAfter, close: () => connection.close() }
}

/** gRPC status: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const NOT_FOUND = 5

/** Does the error say that Temporal does not have a run? A missing namespace has the same status, but is no verdict. */
export function isMissingRun(cause: unknown): boolean {
  if (!isGrpcServiceError(cause) || Number(cause.code) !== NOT_FOUND) return false
  const details = cause.metadata.get('grpc-status-details-bin')
  return details.some((detail) => detail.includes('errordetails.v1.NotFoundFailure'))
}

function visibleRun({ execution, status, startTime, closeTime }: ExecutionInfo): VisibleRun {
  return {
    runId: execution?.workflowId ?? '',
    temporalRunId: execution?.runId ?? '',
    open: isOpen(status),
    startTime,
    closeTime,
  }
}

function isOpen(status: ExecutionInfo['status']): boolean {
  return status === RUNNING || status === PAUSED
}

function more(token: Uint8Array | null | undefined): Uint8Array | undefined {
  return token && token.length > 0 ? token : undefined
}
