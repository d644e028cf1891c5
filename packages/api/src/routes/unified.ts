// Unified logging: the same lines under the addresses, and in the snake_case, of the product's origin.

import { UnifiedLogPage } from '@runlight/contracts/api-unified'
import type { UnifiedLog } from '@runlight/contracts/api-unified'
import { Attempt, Execution, NodeRef, RunId, parseTaskRunId } from '@runlight/contracts/identifiers'
import { LogType } from '@runlight/contracts/log-entry'
import { shape } from '@runlight/contracts/schema'
import Type from 'typebox'
import { sealLogCursor } from '../cursor/cursors.ts'
import type { LogCursor } from '../cursor/cursors.ts'
import { jsonArray, jsonWith } from '../http/json.ts'
import type { Json } from '../http/json.ts'
import { ParameterError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import { isFirst, readPageAt, readPlace } from '../logs/page.ts'
import type { LogQuery } from '../logs/page.ts'
import { partialLines } from '../past/partial.ts'
import { degradation, runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import type { StoredLine } from '../store/log-lines.ts'
import type { LogScope } from '../store/scope.ts'
import { ComponentNames, componentScope, lineQuery } from './line-filters.ts'
import type { LineParameters } from './line-filters.ts'
import { DEFAULT_LIMIT } from './parameters.ts'
import { runNotFound } from './runs.ts'
import { unifiedLine } from './unified-line.ts'
import { ListParameters, NodeParameters, OrganisationParameter } from './unified-parameters.ts'

/** Lines that are left out at a time for an offset, and most times: a filter may leave too few of many. */
const SKIP_LINES = 1_000
const SKIP_PAGES = 20

const refusals = ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE'] as const

export const jobRunLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/job-runs/{id}',
    operationId: 'getJobRunLogs',
    summary: 'Lines of a run: of the job itself and of its tasks',
    params: Type.Object({ id: RunId }),
    query: Type.Object({ ...NodeParameters, ...ListParameters }),
    answer: UnifiedLogPage,
    refusals: ['RL_RUN_NOT_FOUND', ...refusals],
    handle: ({ params: { id }, query: { node_ref: nodeRef, ...query } }) =>
      answer(sources, { kind: 'run', runId: id }, { ...query, ...(nodeRef !== undefined && { nodeRef }) }),
  })

/** What the parts of a task run id must be, as where they are parameters of their own. */
const TaskRunParts = shape(Type.Object({ runId: RunId, execution: Execution, nodeRef: NodeRef, attempt: Attempt }))

export const taskRunLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/task-runs/{id}',
    operationId: 'getTaskRunLogs',
    summary: 'Lines of one attempt of a node',
    params: Type.Object({
      id: Type.String({ minLength: 1, maxLength: 2_048, description: '`task_run_id` of a line, percent-encoded' }),
    }),
    query: Type.Object(ListParameters),
    answer: UnifiedLogPage,
    refusals: ['RL_RUN_NOT_FOUND', ...refusals],
    handle: ({ params: { id }, query }) => {
      const task = parseTaskRunId(id)
      if (!task)
        throw new ParameterError('id', 'The parameter id must be <run>/<execution>/<node>/<attempt>, percent-encoded.')
      const parts = TaskRunParts.check(task)
      if (!parts.ok) {
        const { field, message } = parts.refusal
        throw new ParameterError('id', `The parameter id holds a part that cannot be: its ${field} ${message}.`)
      }
      const { runId, execution, nodeRef, attempt } = task
      return answer(sources, { kind: 'run', runId }, { ...query, nodeRef: [nodeRef], attempt }, execution)
    },
  })

export const systemLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/system',
    operationId: 'getSystemLogs',
    summary: 'Lines of components',
    params: Type.Object({}),
    query: Type.Object({ component: ComponentNames, ...ListParameters }),
    answer: UnifiedLogPage,
    refusals,
    handle: ({ query: { component, ...query } }) => {
      const all: LogScope = { kind: 'all', orgId: undefined, type: 'system' }
      return answer(sources, component === undefined ? all : componentScope(component), query)
    },
  })

export const typeLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/type/{type}',
    operationId: 'getLogsByType',
    summary: 'All lines of one type: of components, of jobs, or of tasks',
    params: Type.Object({ type: LogType }),
    query: Type.Object({ org_id: OrganisationParameter, ...ListParameters }),
    answer: UnifiedLogPage,
    refusals,
    handle: ({ params: { type }, query: { org_id: orgId, ...query } }) =>
      answer(sources, { kind: 'all', orgId, type }, query),
  })

async function answer(
  sources: StatusSources,
  scope: LogScope,
  { offset = 0, ...parameters }: LineParameters & { offset?: number },
  execution?: number,
): Promise<Json<UnifiedLogPage>> {
  const base = lineQuery(sources, scope, parameters)
  const list = ['unified', ...base.list, execution]
  const query: LogQuery = { ...base, filters: { ...base.filters, execution }, list }
  const { cursor, limit = DEFAULT_LIMIT } = parameters
  if (cursor !== undefined && offset > 0) {
    throw new ParameterError('offset', 'The parameter offset must be left out where there is a cursor.')
  }
  const start = await readPlace(sources.database, query)
  const found = await readFrom(sources, query, start, offset)
  if (found.lines.length === 0 && !found.hasMore && isFirst(query) && scope.kind === 'run') {
    if (!(await runIsKnown(sources, scope.runId))) throw runNotFound(scope.runId)
  }
  const degraded = [...degradation('loki', await sources.lokiHealth()), ...partialLines(found.lines)]
  const page = {
    ...{ limit, offset, has_more: found.hasMore },
    ...(found.next && { next_cursor: sealLogCursor(found.next, list) }),
    ...(degraded.length > 0 && { degraded }),
  }
  return jsonWith<UnifiedLogPage>(page, { logs: jsonArray<UnifiedLog>(found.lines.map(unifiedLine)) })
}

interface Found {
  lines: StoredLine[]
  hasMore: boolean
  next: LogCursor | undefined
}

/** The page that lies `offset` lines behind the start. @throws ParameterError */
async function readFrom(
  { database }: StatusSources,
  query: LogQuery,
  start: LogCursor | undefined,
  offset: number,
): Promise<Found> {
  let at = start
  let left = offset
  for (let pages = 0; left > 0; pages++) {
    if (pages === SKIP_PAGES) {
      const message = `The parameter offset must be less than ${offset} for this list: to leave out ${offset - left} of its lines was as much work as one request does. Go on with next_cursor as cursor instead.`
      throw new ParameterError('offset', message)
    }
    const limits = { ...query.limits, lines: Math.min(SKIP_LINES, left), bytes: Infinity, placesOnly: true as const }
    const page = await readPageAt(database, { ...query, limits }, at)
    left -= page.lines.length
    if (!page.next || !page.hasMore) return { lines: [], hasMore: false, next: page.next }
    at = page.next
  }
  return readPageAt(database, query, at)
}
