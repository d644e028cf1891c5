// Whose lines are asked for: those of a run, or those of components.

import type { StoredLog } from '@runlight/contracts/api'
import type { ApiClient, LogQuery } from '@runlight/sdk/client/api-client'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { CommandError } from '../command-error.ts'
import type { Context } from '../context.ts'
import type { LiveQuery } from '../live-stream.ts'

export interface LinePage {
  logs: readonly StoredLog[]
  hasMore: boolean
  nextCursor?: string
}

export interface LogTarget {
  /** One page of lines. */
  read: (query: LogQuery) => Promise<LinePage>
  /** Components whose lines may come; undefined for a run. */
  components?: readonly string[]
  /** Where they are followed. */
  stream: Pick<LiveQuery, 'baseUrl' | 'path' | 'query'>
}

export function runTarget({ api, baseUrl }: Context, runId: string): LogTarget {
  const path = `workflows/runs/${encodeURIComponent(runId)}/stream`
  return { read: (query) => api.logs(runId, query), stream: { baseUrl, path, query: { events: 'log' } } }
}

/**
 * No name: all components. One name: a run, else a component. Several: components.
 * @throws CommandError when there is neither a run nor a component of a name
 */
export async function findTarget(context: Context, names: readonly string[]): Promise<LogTarget> {
  const { api, baseUrl } = context
  const [only, ...others] = names
  if (only !== undefined && others.length === 0 && (await isRun(api, only))) return runTarget(context, only)
  const { components } = await api.components()
  const known = components.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const runs = unknown.length === names.length ? 'run or component' : 'component'
    throw new CommandError(`There is no ${runs} "${unknown.join('", "')}". The components are ${known.join(', ')}.`)
  }
  const component = names.length > 0 ? { component: names } : {}
  return {
    read: (query) => api.componentLogs({ ...query, ...component }),
    components: names.length > 0 ? names : known,
    stream: { baseUrl, path: 'components/logs/stream', query: component },
  }
}

async function isRun(api: ApiClient, name: string): Promise<boolean> {
  try {
    await api.logs(name, { limit: 1 })
    return true
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.status === 404) return false
    throw error
  }
}
