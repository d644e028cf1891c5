// Whose lines are asked for: those of a run, or those of components.

import type { StoredLog } from '@runlight/contracts/api'
import type { ApiClient, LogQuery } from '@runlight/sdk/client/api-client'
import type { ComponentEvent, RunEvent } from '@runlight/sdk/client/follow'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { CommandError } from '../command-error.ts'
import { sayWhenAway } from '../context.ts'
import type { Context } from '../context.ts'

export interface LinePage {
  logs: readonly StoredLog[]
  hasMore: boolean
  nextCursor?: string
}

export type LineFilters = Omit<LogQuery, 'cursor' | 'limit' | 'direction'>

export interface LogTarget {
  /** One page of lines. */
  read: (query: LogQuery) => Promise<LinePage>
  /** Components whose lines may come; undefined for a run. */
  components?: readonly string[]
  /** Lines from a place on, which may be `start`, `end`, or `-100` for the last 100: as they come, until the end. */
  follow: (from: string, filters: LineFilters, signal: AbortSignal) => AsyncIterable<RunEvent | ComponentEvent>
}

export function runTarget({ api }: Context, runId: string): LogTarget {
  return {
    read: (query) => api.logs(runId, query),
    follow: (from, filters, signal) =>
      api.followRun(runId, { ...filters, from, events: 'log', onState: sayWhenAway, signal }),
  }
}

/**
 * No name: all components. One name: a run, else a component. Several: components.
 * @throws CommandError when there is neither a run nor a component of a name
 */
export async function findTarget(context: Context, names: readonly string[]): Promise<LogTarget> {
  const { api } = context
  const [only, ...others] = names
  if (only !== undefined && others.length === 0 && (await isRun(api, only))) return runTarget(context, only)
  const { components } = await api.components()
  const known = components.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const kind = others.length === 0 ? 'run or component' : 'component'
    const runs = others.length === 0 ? '' : ' Of runs, only one can be named at a time.'
    throw new CommandError(
      `There is no ${kind} "${unknown.join('", "')}". The components are ${known.join(', ')}.${runs}`,
    )
  }
  const component = names.length > 0 ? { component: names } : {}
  return {
    read: (query) => api.componentLogs({ ...query, ...component }),
    components: names.length > 0 ? names : known,
    follow: (from, filters, signal) =>
      api.followComponents({ ...filters, ...component, from, onState: sayWhenAway, signal }),
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
