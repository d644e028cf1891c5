// Whose lines are asked for: those of a run, or those of components.

import type { StoredLog } from '@runlight/contracts/api'
import type { ApiClient, LogQuery } from '@runlight/sdk/client/api-client'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { CommandError } from '../command-error.ts'

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
  /** Whether all lines that will ever come are stored; never for components. */
  ended: () => Promise<boolean>
}

export function runTarget(api: ApiClient, runId: string): LogTarget {
  return {
    read: (query) => api.logs(runId, query),
    ended: async () => {
      const { status, telemetry } = await api.status(runId)
      return status !== 'QUEUED' && status !== 'RUNNING' && telemetry.postgres.state !== 'arriving'
    },
  }
}

/**
 * No name: all components. One name: a run, else a component. Several: components.
 * @throws CommandError when there is neither a run nor a component of a name
 */
export async function findTarget(api: ApiClient, names: readonly string[]): Promise<LogTarget> {
  const [only, ...others] = names
  if (only !== undefined && others.length === 0 && (await isRun(api, only))) return runTarget(api, only)
  const { components } = await api.components()
  const known = components.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const runs = unknown.length === names.length ? 'run or component' : 'component'
    throw new CommandError(`There is no ${runs} "${unknown.join('", "')}". The components are ${known.join(', ')}.`)
  }
  return {
    read: ({ nodeRef: _, attempt: __, ...query }) =>
      api.componentLogs({ ...query, ...(names.length > 0 && { component: names }) }),
    components: names.length > 0 ? names : known,
    ended: () => Promise.resolve(false),
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
