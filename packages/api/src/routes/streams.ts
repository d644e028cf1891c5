// The live streams of a run, and of components.

import { Attempt, NodeRef } from '@runlight/contracts/identifiers'
import Type from 'typebox'
import { openLogCursor } from '../cursor/cursors.ts'
import { MAX_CURSOR_LENGTH } from '../cursor/sealed.ts'
import { ParameterError } from '../http/problem.ts'
import { streamRoute } from '../http/stream-route.ts'
import type { StreamAnswer, StreamRequest } from '../http/stream-route.ts'
import type { Start } from '../live/backfill.ts'
import type { Live } from '../live/live.ts'
import type { LogQuery } from '../logs/page.ts'
import { runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { ComponentNames, LineFilters, componentScope, lineQuery } from './line-filters.ts'
import { RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

const MAX_LAST_LINES = 10_000
/** Lines of one page of what is stored already. */
const PAGE_LINES = 1_000

const from = (otherwise: string) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_CURSOR_LENGTH,
      description: `Where it begins: \`start\`, \`end\`, \`-1000\` (the last 1,000 lines; at most ${MAX_LAST_LINES}), or a cursor; ${otherwise} if not given`,
    }),
  )

const KINDS = '(?:status|trace|log)'

export const runStream = (sources: StatusSources, live: Live) =>
  streamRoute({
    url: '/workflows/runs/{runId}/stream',
    operationId: 'streamRun',
    summary: 'What happens in a run, as it happens: status, events and lines, until the run has ended',
    params: RunPath,
    query: Type.Object({
      from: from('`start`'),
      events: Type.Optional(
        Type.String({
          pattern: `^${KINDS}(?:,${KINDS})*$`,
          description: 'Which of `status`, `trace` and `log`, comma-separated; all of them if not given',
        }),
      ),
      nodeRef: Type.Optional(NodeRef),
      attempt: Type.Optional(Attempt),
      ...LineFilters,
    }),
    refusals: ['RL_CURSOR_INVALID', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE', 'RL_TOO_MANY_STREAMS'],
    open: async ({
      params: { runId },
      query: { from: place, events = 'status,trace,log', ...filters },
      ...request
    }) => {
      const query = lineQuery(sources, { kind: 'run', runId }, { ...filters, limit: PAGE_LINES })
      const kinds = events.split(',')
      const wanted = { status: kinds.includes('status'), trace: kinds.includes('trace'), log: kinds.includes('log') }
      return open(live, query, place ?? 'start', wanted, request, async () => {
        if (!(await runIsKnown(sources, runId))) throw runNotFound(runId)
      })
    },
  })

export const componentStream = (sources: StatusSources, live: Live) =>
  streamRoute({
    url: '/components/logs/stream',
    operationId: 'streamComponents',
    summary: 'Lines of components, as they come',
    params: Type.Object({}),
    query: Type.Object({ from: from('`end`'), component: ComponentNames, ...LineFilters }),
    refusals: ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE', 'RL_TOO_MANY_STREAMS'],
    open: async ({ query: { from: place, component, ...filters }, ...request }) => {
      const query = lineQuery(sources, componentScope(component), { ...filters, limit: PAGE_LINES })
      return open(live, query, place ?? 'end', { status: true, trace: false, log: true }, request)
    },
  })

async function open(
  live: Live,
  query: LogQuery,
  from: string,
  events: { status: boolean; trace: boolean; log: boolean },
  { lastEventId, transport, signal }: Pick<StreamRequest<unknown, unknown>, 'lastEventId' | 'transport' | 'signal'>,
  check: () => Promise<void> = async () => undefined,
): Promise<StreamAnswer> {
  const start = startOf(lastEventId || from, query)
  const ended = start.kind === 'cursor' && start.cursor.live?.done === true
  if (ended && lastEventId) return 'ended'
  await check()
  return live.open({ query: boundTo(query, start), start, events }, transport, signal)
}

/** @throws RunlightError RL_CURSOR_INVALID, ParameterError */
function startOf(text: string, { list }: LogQuery): Start {
  if (text === 'start' || text === 'end') return { kind: text }
  const last = /^-(\d{1,6})$/.exec(text)
  if (!last) return { kind: 'cursor', cursor: openLogCursor(text, list) }
  const lines = Number(last[1])
  if (lines > MAX_LAST_LINES) {
    throw new ParameterError('from', `The parameter from must ask for at most the last ${MAX_LAST_LINES} lines.`)
  }
  return { kind: 'last', lines }
}

/** A cursor keeps the moments that its first request meant. */
function boundTo(query: LogQuery, start: Start): LogQuery {
  return start.kind === 'cursor' ? { ...query, bounds: start.cursor.bounds } : query
}
