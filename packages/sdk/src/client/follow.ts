// What happens in a run, or what components say, as it happens.

import type { LogLevel } from '@runlight/contracts/log-entry'
import type { ApiClient } from './api-client.ts'
import { liveEvents } from './live-events.ts'
import type { LiveEvent, LiveState, PolledSource } from './live-place.ts'
import type { ApiClientSettings } from './request.ts'
import type { Query, Schema, WithLists } from './schema.ts'

interface FollowLists {
  level?: LogLevel
  stream?: string
}

export interface FollowOptions {
  /** Told when it changes: `waiting` while the API does not answer, `polling` where it cannot be streamed. */
  onState?: (state: LiveState, reason: string) => void
  /** Ends it with its reason, besides the client's own signal. */
  signal?: AbortSignal
}

export type FollowRunQuery = FollowOptions &
  WithLists<Query<'streamRun'>, FollowLists & { nodeRef?: string; events?: 'status' | 'trace' | 'log' }>
export type FollowComponentsQuery = FollowOptions &
  WithLists<Query<'streamComponents'>, FollowLists & { component?: string }>

export type RunEvent =
  | { event: 'status'; data: Schema<'ExecutionStatus'> }
  | { event: 'trace'; data: Schema<'StoredEvent'> }
  | { event: 'log'; data: Schema<'StoredLog'> }
  | { event: 'done'; data: Schema<'StreamDone'> }

export type ComponentEvent =
  { event: 'status'; data: Schema<'ComponentStreamStatus'> } | { event: 'log'; data: Schema<'StoredLog'> }

export interface FollowClient {
  /**
   * Events of a run until `done`, which is the last one: over lost connections, nothing twice and nothing left out, by
   * polling where streams are not let through.
   * @throws ApiProblem when the API refuses; the reason of a signal
   */
  followRun: (runId: string, query?: FollowRunQuery) => AsyncGenerator<RunEvent, void, undefined>
  /** Lines of components, without end. */
  followComponents: (query?: FollowComponentsQuery) => AsyncGenerator<ComponentEvent, void, undefined>
}

type Reader = Pick<ApiClient, 'logs' | 'componentLogs' | 'trace' | 'status'>

export function createFollowClient(settings: ApiClientSettings, read: Reader): FollowClient {
  const follow = (path: string, otherwise: string, given: FollowOptions & { from?: string }, poll: PolledSource) => {
    const { onState, signal, from = otherwise, ...query } = given
    const { baseUrl, fetch, streamTimeoutMs } = settings
    const signals = [settings.signal, signal].filter((one) => one !== undefined)
    return liveEvents({
      ...{ baseUrl, path, query, from, poll },
      ...(fetch && { fetch }),
      ...(streamTimeoutMs !== undefined && { streamTimeoutMs }),
      ...(onState && { onState }),
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    }) as AsyncGenerator<LiveEvent & { data: never }, void, undefined>
  }
  return {
    followRun: (runId, query = {}) => {
      const { onState: _, signal: __, from: ___, events: ____, ...filters } = query
      return follow(`workflows/runs/${encodeURIComponent(runId)}/stream`, 'start', query, {
        ...linesBy((page) => read.logs(runId, { ...filters, ...page })),
        status: () => read.status(runId),
        events: (page) => read.trace(runId, page),
      }) as AsyncGenerator<RunEvent, void, undefined>
    },
    followComponents: (query = {}) => {
      const { onState: _, signal: __, from: ___, ...filters } = query
      return follow(
        'components/logs/stream',
        'end',
        query,
        linesBy((page) => read.componentLogs({ ...filters, ...page })),
      ) as AsyncGenerator<ComponentEvent, void, undefined>
    },
  }
}

/** Lines as the API stores them, page by page. */
function linesBy(
  read: (query: Parameters<PolledSource['lines']>[0]) => Promise<Schema<'ComponentLogPage'>>,
): PolledSource {
  const source: PolledSource<Schema<'StoredLog'>> = {
    lines: async (query) => {
      const { logs, hasMore, nextCursor } = await read(query)
      return { lines: logs, hasMore, ...(nextCursor !== undefined && { nextCursor }) }
    },
    idOf: ({ position }) => position,
  }
  return source as PolledSource
}
