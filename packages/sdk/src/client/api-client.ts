// The API from Node and browsers: typed from its OpenAPI document, one method a route, and iteration over whole lists.

import type { LogLevel } from '@runlight/contracts/log-entry'
import { createDeadLetterClient } from './dead-letters.ts'
import type { DeadLetterClient } from './dead-letters.ts'
import { createFollowClient } from './follow.ts'
import type { FollowClient } from './follow.ts'
import { items } from './pages.ts'
import { createRequests } from './request.ts'
import type { ApiClientSettings } from './request.ts'
import { asParameters } from './schema.ts'
import type { Query, Schema, WithLists } from './schema.ts'

export type { ApiClientSettings } from './request.ts'

/** Filters that may be given as lists. */
interface LineLists {
  level?: LogLevel
  stream?: string
}

export type RunQuery = Query<'listRuns'>
export type TraceQuery = Query<'getRunTrace'>
export type LogQuery = WithLists<Query<'getRunLogs'>, LineLists & { nodeRef?: string }>
export type LokiQuery = Query<'queryRunLoki'>
/** Of all components if none is named. */
export type ComponentLogQuery = WithLists<Query<'getComponentLogs'>, LineLists & { component?: string }>

/**
 * Every method rejects with ApiProblem when the API refuses, and with ApiUnreachable when it does not answer.
 * `all…` go through every page; what arrives while they do is included.
 */
export interface ApiClient extends DeadLetterClient, FollowClient {
  runs: (query?: RunQuery) => Promise<Schema<'RunPage'>>
  allRuns: (query?: RunQuery) => AsyncGenerator<Schema<'ExecutionStatus'>, void, undefined>
  status: (runId: string) => Promise<Schema<'ExecutionStatus'>>
  trace: (runId: string, query?: TraceQuery) => Promise<Schema<'TracePage'>>
  allEvents: (runId: string, query?: TraceQuery) => AsyncGenerator<Schema<'StoredEvent'>, void, undefined>
  /** The events folded into spans, by what caused them. */
  timeline: (runId: string) => Promise<Schema<'RunTimeline'>>
  /** Starts a run, or gives the one that the same request has started before. */
  startRun: (request?: Schema<'StartRun'>) => Promise<Schema<'StartedRun'>>
  /** Asks the run to end; how it has ended its status tells. */
  cancelRun: (runId: string) => Promise<Schema<'CancelledRun'>>
  logs: (runId: string, query?: LogQuery) => Promise<Schema<'LogPage'>>
  allLogs: (runId: string, query?: LogQuery) => AsyncGenerator<Schema<'StoredLog'>, void, undefined>
  /** LogQL for the run's lines in Loki, of the subset in docs/logql.md, and Loki's own answer. */
  queryLoki: (runId: string, query?: LokiQuery) => Promise<Schema<'LokiAnswer'>>
  components: () => Promise<Schema<'ComponentList'>>
  componentLogs: (query?: ComponentLogQuery) => Promise<Schema<'ComponentLogPage'>>
}

export function createApiClient(settings: ApiClientSettings): ApiClient {
  const requests = createRequests(settings)
  const { ask } = requests
  const runs: ApiClient['runs'] = (query = {}) =>
    ask((api, init) => api.GET('/workflows/runs', { params: { query }, ...init }))
  const trace: ApiClient['trace'] = (runId, query = {}) =>
    ask((api, init) => api.GET('/workflows/runs/{runId}/trace', { params: { path: { runId }, query }, ...init }))
  const logs: ApiClient['logs'] = (runId, query = {}) =>
    ask((api, init) => {
      const params = { path: { runId }, query: asParameters<Query<'getRunLogs'>>(query) }
      return api.GET('/workflows/runs/{runId}/logs', { params, ...init })
    })
  const status: ApiClient['status'] = (runId) =>
    ask((api, init) => api.GET('/workflows/runs/{runId}/status', { params: { path: { runId } }, ...init }))
  const componentLogs: ApiClient['componentLogs'] = (query = {}) =>
    ask((api, init) => {
      const params = { query: asParameters<Query<'getComponentLogs'>>(query) }
      return api.GET('/components/logs', { params, ...init })
    })
  return {
    ...createDeadLetterClient(requests),
    ...createFollowClient(settings, { logs, componentLogs, trace, status }),
    runs,
    allRuns: (query) => items(query, runs, (page) => page.runs),
    status,
    trace,
    allEvents: (runId, query) =>
      items(
        query,
        (page) => trace(runId, page),
        (page) => page.events,
      ),
    timeline: (runId) =>
      ask((api, init) => api.GET('/workflows/runs/{runId}/timeline', { params: { path: { runId } }, ...init })),
    startRun: (request = {}) => ask((api, init) => api.POST('/workflows/runs', { body: request, ...init })),
    cancelRun: (runId) =>
      ask((api, init) => api.POST('/workflows/runs/{runId}/cancel', { params: { path: { runId } }, ...init })),
    logs,
    allLogs: (runId, query) =>
      items(
        query,
        (page) => logs(runId, page),
        (page) => page.logs,
      ),
    queryLoki: (runId, query = {}) =>
      ask((api, init) => api.GET('/workflows/runs/{runId}/loki', { params: { path: { runId }, query }, ...init })),
    components: () => ask((api, init) => api.GET('/components', init)),
    componentLogs,
  }
}
