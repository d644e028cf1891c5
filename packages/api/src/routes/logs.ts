// The lines of a run.

import { LogPage } from '@runlight/contracts/api'
import { Attempt, NodeRef } from '@runlight/contracts/identifiers'
import { LOG_LEVELS } from '@runlight/contracts/log-entry'
import Type from 'typebox'
import { jsonArray, jsonWith } from '../http/json.ts'
import { route } from '../http/route.ts'
import { resolveMoment } from '../logs/moment.ts'
import { readLogPage } from '../logs/page.ts'
import { degradation, runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { DEFAULT_LIMIT, DirectionParameter, PAGE_BYTES, Paging, RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

/** Most lines that a filter may look at for one page: about as much work as a large page without a filter. */
const SCAN_LINES = 20_000

const anyOf = (one: string) => `^(?:${one})(?:,(?:${one}))*$`
const STREAM = '[a-z][a-z0-9_-]{0,31}'

const moment = (description: string) =>
  Type.Optional(
    Type.String({ minLength: 2, maxLength: 40, description: `${description}: RFC 3339, or as \`15m\` ago` }),
  )

export const runLogs = (sources: StatusSources) =>
  route({
    url: '/workflows/runs/{runId}/logs',
    operationId: 'getRunLogs',
    summary: 'Lines of a run by time; lines that arrive while one pages come after them, whatever their times',
    params: RunPath,
    query: Type.Object({
      nodeRef: Type.Optional(NodeRef),
      attempt: Type.Optional(Attempt),
      level: Type.Optional(
        Type.String({ pattern: anyOf(LOG_LEVELS.join('|')), description: 'Levels, comma-separated' }),
      ),
      stream: Type.Optional(
        Type.String({ pattern: anyOf(STREAM), maxLength: 256, description: 'Streams, comma-separated' }),
      ),
      since: moment('Earliest time'),
      until: moment('Latest time'),
      direction: DirectionParameter,
      ...Paging,
    }),
    answer: LogPage,
    refusals: ['RL_CURSOR_INVALID', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { runId }, query }) => {
      const { nodeRef, attempt, level, stream, since, until, direction = 'forward', cursor } = query
      const page = await readLogPage(sources.database, {
        runId,
        topic: sources.topics.logs,
        filters: { nodeRef, attempt, levels: level?.split(','), streams: stream?.split(',') },
        bounds: { since: resolveMoment('since', since), until: resolveMoment('until', until) },
        direction,
        cursor,
        list: [runId, direction, nodeRef, attempt, level, stream, since, until],
        limits: { lines: query.limit ?? DEFAULT_LIMIT, bytes: PAGE_BYTES, scan: SCAN_LINES },
      })
      const nothing = page.lines.length === 0 && !page.hasMore && cursor === undefined
      if (nothing && !(await runIsKnown(sources, runId))) throw runNotFound(runId)
      const degraded = degradation('loki', await sources.lokiHealth())
      const answer = {
        runId,
        hasMore: page.hasMore,
        ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }),
        ...(degraded.length > 0 && { degraded }),
      }
      return jsonWith<LogPage>(answer, { logs: jsonArray(page.lines.map((line) => line.json)) })
    },
  })
