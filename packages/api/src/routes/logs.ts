// The lines of a run, and those of components.

import { ComponentLogPage, LogPage } from '@runlight/contracts/api'
import { Attempt } from '@runlight/contracts/identifiers'
import Type from 'typebox'
import { jsonArray, jsonWith } from '../http/json.ts'
import { route } from '../http/route.ts'
import { isFirst, readLogPage } from '../logs/page.ts'
import { partialLines } from '../past/partial.ts'
import { degradation, runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { ComponentNames, LineFilters, NodeRefs, componentScope, lineQuery } from './line-filters.ts'
import { DirectionParameter, LinePaging, RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

export const runLogs = (sources: StatusSources) =>
  route({
    url: '/workflows/runs/{runId}/logs',
    operationId: 'getRunLogs',
    summary:
      'Lines of a run, ordered by time; lines that arrive during paging come last, however old their own times are',
    params: RunPath,
    query: Type.Object({
      nodeRef: NodeRefs,
      attempt: Type.Optional(Attempt),
      ...LineFilters,
      direction: DirectionParameter,
      ...LinePaging,
    }),
    answer: LogPage,
    refusals: ['RL_CURSOR_INVALID', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { runId }, query }) => {
      const scope = { kind: 'run', runId } as const
      const lines = lineQuery(sources, scope, query)
      const page = await readLogPage(sources.database, lines)
      const nothing = page.lines.length === 0 && !page.hasMore && isFirst(lines)
      if (nothing && !(await runIsKnown(sources, runId))) throw runNotFound(runId)
      const degraded = [...degradation('loki', await sources.lokiHealth()), ...partialLines(page.lines)]
      const answer = {
        runId,
        hasMore: page.hasMore,
        ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
        ...(degraded.length > 0 && { degraded }),
      }
      return jsonWith<LogPage>(answer, { logs: jsonArray(page.lines.map((line) => line.json)) })
    },
  })

export const componentLogs = (sources: StatusSources) =>
  route({
    url: '/components/logs',
    operationId: 'getComponentLogs',
    summary:
      'Lines of components, ordered by time; lines that arrive during paging come last, however old their own times are',
    params: Type.Object({}),
    query: Type.Object({ component: ComponentNames, ...LineFilters, direction: DirectionParameter, ...LinePaging }),
    answer: ComponentLogPage,
    refusals: ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ query: { component, ...query } }) => {
      const page = await readLogPage(sources.database, lineQuery(sources, componentScope(component), query))
      const degraded = [...degradation('loki', await sources.lokiHealth()), ...partialLines(page.lines)]
      const answer = {
        hasMore: page.hasMore,
        ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
        ...(degraded.length > 0 && { degraded }),
      }
      return jsonWith<ComponentLogPage>(answer, { logs: jsonArray(page.lines.map((line) => line.json)) })
    },
  })
