// The live stream of the unified-logging addresses: all lines, or those of a run, of components, of a type.

import { UnifiedLog } from '@runlight/contracts/api-unified'
import { RunId } from '@runlight/contracts/identifiers'
import type { LogType } from '@runlight/contracts/log-entry'
import Type from 'typebox'
import { ParameterError } from '../http/problem.ts'
import { streamRoute } from '../http/stream-route.ts'
import type { Live } from '../live/live.ts'
import type { LogQuery } from '../logs/page.ts'
import { runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import type { LogScope } from '../store/scope.ts'
import { ComponentNames, LineFilters, componentScope, lineQuery } from './line-filters.ts'
import { BACKFILL_LINES, fromParameter, openStream } from './open-stream.ts'
import { runNotFound } from './runs.ts'
import { unifiedLine } from './unified-line.ts'
import { NodeParameters, OrganisationParameter, TypeParameter } from './unified-parameters.ts'

export const unifiedStream = (sources: StatusSources, live: Live) =>
  streamRoute({
    url: '/api/v1/logs/stream/sse',
    socketUrl: '/api/v1/logs/stream/ws',
    operationId: 'streamLogs',
    summary:
      'Lines as they come, of all runs and components or only of those asked for; the stream of one run ends with the run. A `log` event holds a line as these lists do',
    params: Type.Object({}),
    query: Type.Object({
      from: fromParameter('`end`'),
      type: TypeParameter,
      job_run_id: Type.Optional(RunId),
      ...NodeParameters,
      component: ComponentNames,
      org_id: OrganisationParameter,
      ...LineFilters,
    }),
    refusals: ['RL_CURSOR_INVALID', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE', 'RL_TOO_MANY_STREAMS'],
    events: { log: [UnifiedLog] },
    open: async ({ query: { from = 'end', ...asked }, ...request }) => {
      const { type, job_run_id: runId, node_ref: nodeRef, component, org_id: orgId, ...filters } = asked
      const subject = subjectOf({ type, runId, component, orgId })
      const base = lineQuery(sources, subject.scope, {
        ...filters,
        ...(nodeRef !== undefined && { nodeRef }),
        limit: BACKFILL_LINES,
      })
      const query: LogQuery = {
        ...base,
        filters: { ...base.filters, type: subject.type },
        list: ['unified', ...base.list, subject.type],
      }
      const check = async () => {
        if (runId !== undefined && !(await runIsKnown(sources, runId))) throw runNotFound(runId)
      }
      const events = { status: true, trace: false, log: true }
      return openStream(live, { query, from, events, check, show: unifiedLine }, request)
    },
  })

interface Subject {
  scope: LogScope
  /** What is wanted of the scope, where it has more than one type. */
  type: LogType | undefined
}

/** Whose lines are followed: as few as possible, for one feed serves all who follow the same. @throws ParameterError */
function subjectOf(asked: {
  type: LogType | undefined
  runId: string | undefined
  component: string | undefined
  orgId: string | undefined
}): Subject {
  const { type, runId, component, orgId } = asked
  if (runId !== undefined) {
    if (component !== undefined) throw apart('component', 'the lines of a run are not those of a component')
    if (type === 'system') throw apart('type', 'a run has no lines of the type system')
    if (orgId !== undefined) throw apart('org_id', 'a run belongs to one organisation anyway')
    return { scope: { kind: 'run', runId }, type }
  }
  if (component !== undefined) {
    if (type !== undefined && type !== 'system') throw apart('type', 'the lines of components are of the type system')
    if (orgId !== undefined) throw apart('org_id', 'components are chosen by their names')
    return { scope: componentScope(component), type: undefined }
  }
  if (type === 'system' && orgId === undefined) return { scope: componentScope(undefined), type: undefined }
  return { scope: { kind: 'all', orgId, type }, type: undefined }
}

function apart(parameter: string, why: string): ParameterError {
  return new ParameterError(parameter, `The parameter ${parameter} cannot be combined with the others: ${why}.`)
}
