// The live streams of a run, and of components.

import { Attempt } from '@runlight/contracts/identifiers'
import Type from 'typebox'
import { streamRoute } from '../http/stream-route.ts'
import type { Live } from '../live/live.ts'
import { runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { ComponentNames, LineFilters, NodeRefs, componentScope, lineQuery } from './line-filters.ts'
import { BACKFILL_LINES, fromParameter, openStream } from './open-stream.ts'
import { RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

const KINDS = '(?:status|trace|log)'

export const runStream = (sources: StatusSources, live: Live) =>
  streamRoute({
    url: '/workflows/runs/{runId}/stream',
    operationId: 'streamRun',
    summary: 'What happens in a run, as it happens: status, events and lines, until the run has ended',
    params: RunPath,
    query: Type.Object({
      from: fromParameter('`start`'),
      events: Type.Optional(
        Type.String({
          pattern: `^${KINDS}(?:,${KINDS})*$`,
          description: 'Which of `status`, `trace` and `log`, comma-separated; all of them if not given',
        }),
      ),
      nodeRef: NodeRefs,
      attempt: Type.Optional(Attempt),
      ...LineFilters,
    }),
    refusals: ['RL_CURSOR_INVALID', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE', 'RL_TOO_MANY_STREAMS'],
    open: async ({
      params: { runId },
      query: { from: place, events = 'status,trace,log', ...filters },
      ...request
    }) => {
      const query = lineQuery(sources, { kind: 'run', runId }, { ...filters, limit: BACKFILL_LINES })
      const kinds = events.split(',')
      const wanted = { status: kinds.includes('status'), trace: kinds.includes('trace'), log: kinds.includes('log') }
      const check = async () => {
        if (!(await runIsKnown(sources, runId))) throw runNotFound(runId)
      }
      return openStream(live, { query, from: place ?? 'start', events: wanted, check }, request)
    },
  })

export const componentStream = (sources: StatusSources, live: Live) =>
  streamRoute({
    url: '/components/logs/stream',
    operationId: 'streamComponents',
    summary: 'Lines of components, as they come',
    params: Type.Object({}),
    query: Type.Object({ from: fromParameter('`end`'), component: ComponentNames, ...LineFilters }),
    refusals: ['RL_CURSOR_INVALID', 'RL_STORE_UNAVAILABLE', 'RL_TOO_MANY_STREAMS'],
    open: async ({ query: { from: place, component, ...filters }, ...request }) => {
      const query = lineQuery(sources, componentScope(component), { ...filters, limit: BACKFILL_LINES })
      const wanted = { status: true, trace: false, log: true }
      return openStream(live, { query, from: place ?? 'end', events: wanted }, request)
    },
  })
