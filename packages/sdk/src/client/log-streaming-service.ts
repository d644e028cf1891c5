// Logs in the words of the product's origin, for browsers and Node: lists, and lines as they come.

import { createApiClient } from './api-client.ts'
import type { ApiClient, ApiClientSettings, LokiQuery } from './api-client.ts'
import type { RunEvent } from './follow.ts'
import { liveEvents } from './live-events.ts'
import type { LiveState } from './live-place.ts'
import { createRequests } from './request.ts'
import type { AskFor, Requests } from './request.ts'
import { asParameters } from './schema.ts'
import type { Query, Schema } from './schema.ts'
import { pollLists } from './unified-polling.ts'
import type { UnifiedList } from './unified-polling.ts'

/** One line: whose it is (`type`), and what was said. */
export type LogMessage = Schema<'UnifiedLog'>
export type LogType = LogMessage['type']

export interface StreamHandlers {
  /** Given each line, one after the other: the next one comes when this has been settled. */
  onMessage?: (log: LogMessage) => void | Promise<void>
  /** Told why nothing comes any more: the API has refused, or a handler has thrown. */
  onError?: (error: Error) => void
  /** Told when nothing comes any more because the run has ended. */
  onEnd?: () => void
  /** Told when it changes: `waiting` while the API does not answer, `polling` where it cannot be streamed. */
  onState?: (state: LiveState, reason: string) => void
}

export interface RunStreamHandlers extends StreamHandlers {
  onEvent?: (event: Schema<'StoredEvent'>) => void | Promise<void>
  onStatus?: (status: Schema<'ExecutionStatus'>) => void | Promise<void>
  onDone?: (done: Schema<'StreamDone'>) => void | Promise<void>
}

export interface StreamAllOptions extends StreamHandlers {
  /** `start`, `end` (the default), or the last so many, as `-100`. */
  from?: string
  type?: LogType
  level?: readonly LogMessage['level'][]
  /** RE2; only lines whose message holds a match. */
  grep?: string
}

export interface LogStreamer {
  /** Ends it; no handler is called afterwards, but for the one that is being waited for. */
  close: () => void
  /** Resolves when nothing comes any more, for whatever reason. */
  ended: Promise<void>
}

type PageRequest = AskFor<Schema<'UnifiedLogPage'>>

const TYPES: readonly LogType[] = ['system', 'job', 'task']
const DEFAULT_URL = 'http://127.0.0.1:17800'

/** The API of the page that this runs in, else that of the stack `local`, where no other one is given. */
function ownUrl(): string {
  return (globalThis as { location?: { origin: string } }).location?.origin ?? DEFAULT_URL
}

/** Lists reject with ApiProblem when the API refuses, and with ApiUnreachable when it does not answer. */
export class LogStreamingService {
  readonly #settings: ApiClientSettings
  readonly #requests: Requests
  readonly #api: ApiClient

  constructor(settings: Partial<ApiClientSettings> = {}) {
    this.#settings = { baseUrl: ownUrl(), ...settings }
    this.#requests = createRequests(this.#settings)
    this.#api = createApiClient(this.#settings)
  }

  /** Lines of a run: of the job itself and of its tasks, by time; `offset` reaches to 10,000. */
  async getJobRunLogs(jobRunId: string, limit = 100, offset = 0): Promise<LogMessage[]> {
    const params = { path: { id: jobRunId }, query: { limit, offset } }
    return this.#logs((api, init) => api.GET('/api/v1/logs/job-runs/{id}', { params, ...init }))
  }

  /** Lines of one attempt of a node. */
  async getTaskRunLogs(taskRunId: string, limit = 100, offset = 0): Promise<LogMessage[]> {
    const params = { path: { id: taskRunId }, query: { limit, offset } }
    return this.#logs((api, init) => api.GET('/api/v1/logs/task-runs/{id}', { params, ...init }))
  }

  /** Lines of components. */
  async getSystemLogs(limit = 100, offset = 0): Promise<LogMessage[]> {
    const params = { query: { limit, offset } }
    return this.#logs((api, init) => api.GET('/api/v1/logs/system', { params, ...init }))
  }

  async getLogsByType(type: LogType, limit = 100, offset = 0): Promise<LogMessage[]> {
    return (await this.#byType(type)({ limit, offset })).logs
  }

  /**
   * Lines of a run, or what can be counted of them, from Loki: LogQL of the subset in docs/logql.md in, Loki's own
   * answer out.
   */
  queryJobRunLogs(
    jobRunId: string,
    logql = '{}',
    options: Omit<LokiQuery, 'query'> = {},
  ): Promise<Schema<'LokiAnswer'>> {
    return this.#api.queryLoki(jobRunId, { ...options, query: logql })
  }

  /** Connections, buffers and gaps of the live streams. */
  getStreamStatus(): Promise<Schema<'StreamStatus'>> {
    return this.#requests.ask((api, init) => api.GET('/api/v1/logs/stream/status', init))
  }

  /** Lines of all runs and components as they come, over lost connections, until it is closed. */
  streamAllLogs(options: StreamAllOptions): LogStreamer {
    const { from = 'end', type, level, grep } = options
    const query = asParameters<Query<'streamLogs'>>({ type, level, grep })
    const { type: _, ...filters } = query
    const lists = (type === undefined ? TYPES : [type]).map((one): UnifiedList => {
      const read = this.#byType(one)
      return (page) => read({ ...filters, ...page })
    })
    return this.#start(options, (signal) =>
      liveEvents({
        ...this.#settings,
        ...{ path: 'api/v1/logs/stream/sse', query, from, signal, poll: pollLists(lists) },
        ...(options.onState && { onState: options.onState }),
      }),
    )
  }

  /** What happens in a run, as it happens, until it has ended; from its start unless told otherwise. */
  streamRun(runId: string, options: RunStreamHandlers & { from?: string }): LogStreamer {
    const { from, onState, onEvent, onStatus, onDone } = options
    const api = this.#api
    async function* events(signal: AbortSignal): AsyncGenerator<{ event: string; data: unknown }> {
      const place = { ...(from !== undefined && { from }), ...(onState && { onState }) }
      for await (const { event, data } of api.followRun(runId, { ...place, signal })) {
        // One piece of a stream may hold many events: who closes at one of them is told of no other.
        if (signal.aborted) return
        if (event === 'trace') await onEvent?.(data)
        if (event === 'status') await onStatus?.(data)
        if (event === 'done') await onDone?.(data)
        if (event === 'log') yield { event, data: unifiedLine(data) }
      }
    }
    return this.#start(options, events)
  }

  #start(
    { onMessage, onError, onEnd }: StreamHandlers,
    open: (signal: AbortSignal) => AsyncIterable<{ event: string; data: unknown }>,
  ): LogStreamer {
    const closed = new AbortController()
    const outer = this.#settings.signal
    const read = async () => {
      const signal = outer ? AbortSignal.any([outer, closed.signal]) : closed.signal
      try {
        for await (const { event, data } of open(signal)) {
          if (signal.aborted) return
          if (event === 'log') await onMessage?.(data as LogMessage)
          if (signal.aborted) return
        }
        if (!signal.aborted) onEnd?.()
      } catch (error) {
        if (!signal.aborted) onError?.(error as Error)
      }
    }
    return { close: () => closed.abort(new Error('The stream was closed')), ended: read() }
  }

  #byType(type: LogType) {
    return (query: Query<'getLogsByType'>) =>
      this.#requests.ask((api, init) =>
        api.GET('/api/v1/logs/type/{type}', { params: { path: { type }, query }, ...init }),
      )
  }

  async #logs(request: PageRequest): Promise<LogMessage[]> {
    return (await this.#requests.ask(request)).logs
  }
}

/** A line of a run in the words of the lists. */
function unifiedLine(log: Extract<RunEvent, { event: 'log' }>['data']): LogMessage {
  const { type, runId, taskRunId, component, timestamp, level, stream, message, metadata } = log
  return {
    type,
    ...(runId !== undefined && { job_run_id: runId }),
    ...(taskRunId !== undefined && { task_run_id: taskRunId }),
    ...(component !== undefined && { component }),
    ...{ timestamp, level, stream, message },
    ...(metadata && { metadata }),
  }
}
