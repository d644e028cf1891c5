// The API from Node and browsers: typed from the contracts, one method a route, and iteration over whole lists.

import type {
  ComponentList,
  ComponentLogPage,
  LogPage,
  RunPage,
  StoredEvent,
  StoredLog,
  TracePage,
} from '@runlight/contracts/api'
import type { ExecutionStatus, RunState } from '@runlight/contracts/execution-status'
import type { LogLevel } from '@runlight/contracts/log-entry'
import { createDeadLetterClient } from './dead-letters.ts'
import type { DeadLetterClient } from './dead-letters.ts'
import { getJson, items } from './request.ts'
import type { ApiClientSettings, PageQuery } from './request.ts'

export interface RunQuery extends PageQuery {
  status?: RunState
  workflow?: string
}

export interface TraceQuery extends PageQuery {
  /** Oldest first (the default) or newest first. */
  direction?: 'forward' | 'backward'
}

interface LineQuery extends TraceQuery {
  level?: LogLevel | readonly LogLevel[]
  stream?: string | readonly string[]
  /** RFC 3339, or a length of time before now such as `15m`. */
  since?: string
  until?: string
  /** Regular expression (RE2) that the message must hold a match of. */
  grep?: string
}

export interface LogQuery extends LineQuery {
  nodeRef?: string
  attempt?: number
}

export interface ComponentLogQuery extends LineQuery {
  /** All components if not given. */
  component?: string | readonly string[]
}

/**
 * Every method rejects with ApiProblem when the API refuses, and with ApiUnreachable when it does not answer.
 * `all…` go through every page; what arrives while they do is included.
 */
export interface ApiClient extends DeadLetterClient {
  runs: (query?: RunQuery) => Promise<RunPage>
  allRuns: (query?: RunQuery) => AsyncGenerator<ExecutionStatus, void, undefined>
  status: (runId: string) => Promise<ExecutionStatus>
  trace: (runId: string, query?: TraceQuery) => Promise<TracePage>
  allEvents: (runId: string, query?: TraceQuery) => AsyncGenerator<StoredEvent, void, undefined>
  logs: (runId: string, query?: LogQuery) => Promise<LogPage>
  allLogs: (runId: string, query?: LogQuery) => AsyncGenerator<StoredLog, void, undefined>
  components: () => Promise<ComponentList>
  componentLogs: (query?: ComponentLogQuery) => Promise<ComponentLogPage>
}

export function createApiClient(settings: ApiClientSettings): ApiClient {
  const get = <T>(path: string, query: object = {}) => getJson<T>(settings, path, query)
  const run = (runId: string) => `workflows/runs/${encodeURIComponent(runId)}`
  const runs: ApiClient['runs'] = (query) => get('workflows/runs', query)
  const trace: ApiClient['trace'] = (runId, query) => get(`${run(runId)}/trace`, query)
  const logs: ApiClient['logs'] = (runId, query) => get(`${run(runId)}/logs`, query)
  return {
    ...createDeadLetterClient(settings),
    runs,
    allRuns: (query) => items(query, runs, (page) => page.runs),
    status: (runId) => get(`${run(runId)}/status`),
    trace,
    allEvents: (runId, query) =>
      items(
        query,
        (page) => trace(runId, page),
        (page) => page.events,
      ),
    logs,
    allLogs: (runId, query) =>
      items(
        query,
        (page) => logs(runId, page),
        (page) => page.logs,
      ),
    components: () => get('components'),
    componentLogs: (query) => get('components/logs', query),
  }
}
