// Unified logging: the same lines under the addresses, and in the snake_case, of the product's origin.

import type { StoredLog } from '@runlight/contracts/api'
import { UnifiedLogPage } from '@runlight/contracts/api-unified'
import type { UnifiedLog } from '@runlight/contracts/api-unified'
import { RunId, parseTaskRunId } from '@runlight/contracts/identifiers'
import Type from 'typebox'
import type { Static } from 'typebox'
import { openLogCursor, sealLogCursor } from '../cursor/cursors.ts'
import type { LogCursor } from '../cursor/cursors.ts'
import { json } from '../http/json.ts'
import { ParameterError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import { readPageAt } from '../logs/page.ts'
import type { LogQuery } from '../logs/page.ts'
import type { StatusSources } from '../status/read.ts'
import type { LogScope } from '../store/scope.ts'
import { lineQuery } from './line-filters.ts'
import { DEFAULT_LIMIT, Paging } from './parameters.ts'

/** Beyond this a cursor has to be used: an offset costs all the lines before it. */
const MAX_OFFSET = 10_000
const PAGE_LINES = 1_000

const query = Type.Object({
  ...Paging,
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_OFFSET,
      default: 0,
      description: `Lines to leave out first; beyond ${MAX_OFFSET}, go on with \`next_cursor\``,
    }),
  ),
})
const refusals = ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE'] as const

export const jobRunLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/job-runs/{id}',
    operationId: 'getJobRunLogs',
    summary: 'Lines of a run, of its job and of its tasks, oldest first',
    params: Type.Object({ id: RunId }),
    query,
    answer: UnifiedLogPage,
    refusals,
    handle: ({ params: { id }, query: paging }) => answer(sources, { kind: 'run', runId: id }, {}, paging),
  })

export const taskRunLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/task-runs/{id}',
    operationId: 'getTaskRunLogs',
    summary: 'Lines of one attempt of a node, oldest first',
    params: Type.Object({
      id: Type.String({ minLength: 1, maxLength: 2_048, description: '`task_run_id` of a line' }),
    }),
    query,
    answer: UnifiedLogPage,
    refusals,
    handle: ({ params: { id }, query: paging }) => {
      const task = parseTaskRunId(id)
      if (!task)
        throw new ParameterError('id', 'The parameter id must be <run>/<execution>/<node>/<attempt>, percent-encoded.')
      const { runId, execution, nodeRef, attempt } = task
      return answer(sources, { kind: 'run', runId }, { execution, nodeRef, attempt }, paging)
    },
  })

export const systemLogs = (sources: StatusSources) =>
  route({
    url: '/api/v1/logs/system',
    operationId: 'getSystemLogs',
    summary: 'Lines of all components, oldest first',
    params: Type.Object({}),
    query,
    answer: UnifiedLogPage,
    refusals,
    handle: ({ query: paging }) => answer(sources, { kind: 'components', names: undefined }, {}, paging),
  })

type Place = Partial<Pick<LogQuery['filters'], 'execution' | 'nodeRef' | 'attempt'>>

async function answer(
  sources: StatusSources,
  scope: LogScope,
  place: Place,
  { cursor, limit = DEFAULT_LIMIT, offset = 0 }: Static<typeof query>,
): Promise<string> {
  const base = lineQuery(sources, scope, {})
  const wanted: LogQuery = {
    ...base,
    filters: { ...base.filters, ...place },
    list: ['unified', ...base.list, place.execution, place.nodeRef, place.attempt],
  }
  let at: LogCursor | undefined = cursor === undefined ? undefined : openLogCursor(cursor, wanted.list)
  for (let left = offset; left > 0;) {
    const page = await readPageAt(sources.database, withLimit(wanted, Math.min(PAGE_LINES, left)), at)
    left -= page.lines.length
    if (!page.next || !page.hasMore) return shown([], false, page.next, wanted, { limit, offset })
    at = page.next
  }
  const page = await readPageAt(sources.database, withLimit(wanted, limit), at)
  const logs = page.lines.map((line) => unified(JSON.parse(line.json) as StoredLog))
  return shown(logs, page.hasMore, page.next, wanted, { limit, offset })
}

function withLimit(wanted: LogQuery, lines: number): LogQuery {
  return { ...wanted, limits: { ...wanted.limits, lines } }
}

function shown(
  logs: UnifiedLog[],
  hasMore: boolean,
  next: LogCursor | undefined,
  { list }: LogQuery,
  paging: { limit: number; offset: number },
): string {
  const page: UnifiedLogPage = {
    logs,
    ...paging,
    has_more: hasMore,
    ...(next && { next_cursor: sealLogCursor(next, list) }),
  }
  return json(page)
}

function unified({
  type,
  runId,
  taskRunId,
  component,
  timestamp,
  level,
  stream,
  message,
  metadata,
}: StoredLog): UnifiedLog {
  return {
    type,
    ...(runId !== undefined && { job_run_id: runId }),
    ...(taskRunId !== undefined && { task_run_id: taskRunId }),
    ...(component !== undefined && { component }),
    ...{ timestamp, level, stream, message },
    ...(metadata && { metadata }),
  }
}
