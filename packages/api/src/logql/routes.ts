// A run's lines as Loki holds them: LogQL of an allowed subset, bound to the run, and Loki's own answer.

import { LokiAnswer } from '@runlight/contracts/api-loki'
import { Attempt, NodeRef } from '@runlight/contracts/identifiers'
import { RunlightError } from '@runlight/contracts/errors'
import { UNASSIGNED_ORG } from '@runlight/contracts/organisation'
import Type from 'typebox'
import { route } from '../http/route.ts'
import { LokiRefusal, OversizedAnswer } from '../past/loki-query.ts'
import { LineFilters } from '../routes/line-filters.ts'
import { DEFAULT_LIMIT, DirectionParameter, RunPath } from '../routes/parameters.ts'
import { runNotFound } from '../routes/runs.ts'
import { runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { readRunInLoki } from '../store/run-in-loki.ts'
import { LogqlError, MAX_QUERY_LENGTH } from './limits.ts'
import { parseLogql } from './parse.ts'
import { printLogql } from './print.ts'
import { resolveStep, resolveWindow } from './window.ts'

/** Most bytes of an answer. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Queries of readers that Loki is asked at a time: the others are left to the lists. */
const MAX_QUERIES = 8

export const runLoki = (sources: StatusSources) => {
  let open = 0
  return route({
    url: '/workflows/runs/{runId}/loki',
    operationId: 'queryRunLoki',
    summary: 'Lines of a run from Loki, or counts of them: LogQL in, the answer of Loki out',
    params: RunPath,
    query: Type.Object({
      query: Type.Optional(
        Type.String({
          maxLength: MAX_QUERY_LENGTH,
          default: '{}',
          description: 'LogQL as docs/logql.md describes it; it is bound to the run, whatever its selector says',
        }),
      ),
      nodeRef: Type.Optional(NodeRef),
      attempt: Type.Optional(Attempt),
      since: LineFilters.since,
      until: LineFilters.until,
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 1000, default: DEFAULT_LIMIT, description: 'Most lines' }),
      ),
      direction: DirectionParameter,
      step: Type.Optional(
        Type.String({
          pattern: '^[0-9]{1,7}(?:ms|s|m|h|d)?$',
          description: 'Of a metric query: time from one value to the next, such as `15s`; seconds without a unit',
        }),
      ),
    }),
    answer: LokiAnswer,
    refusals: ['RL_LOGQL_INVALID', 'RL_ANSWER_TOO_LARGE', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { runId }, query: given }) => {
      const tree = parseLogql(given.query ?? '{}', runId)
      const nowMs = Date.now()
      // What can be told without a store is told first.
      resolveWindow({ since: given.since, until: given.until }, 0n, nowMs)
      const run = await sources.database.read((sql) => readRunInLoki(sql, runId))
      if (!run && !(await runIsKnown(sources, runId))) throw runNotFound(runId)
      const { org, begin } = run ?? { org: UNASSIGNED_ORG, begin: BigInt(nowMs) * 1_000_000n }
      const window = resolveWindow({ since: given.since, until: given.until }, begin, nowMs)
      const step = tree.kind === 'metric' ? { step: `${resolveStep(given.step, window)}ms` } : {}
      const { labels, loki } = sources.past
      const { nodeRef, attempt } = given
      const parameters = {
        query: printLogql(tree, { labels, org, runId, nodeRef, attempt }),
        start: String(window.start),
        end: String(window.end),
        limit: String(given.limit ?? DEFAULT_LIMIT),
        direction: given.direction ?? 'forward',
        ...step,
      }
      if (open >= MAX_QUERIES) {
        throw new RunlightError('RL_STORE_UNAVAILABLE', `${open} queries of readers are waiting for Loki.`)
      }
      open++
      try {
        return await loki.raw('loki/api/v1/query_range', org, parameters, MAX_ANSWER_BYTES)
      } catch (cause) {
        if (cause instanceof LokiRefusal) throw new LogqlError(undefined, `Loki does not take it (${cause.message})`)
        if (cause instanceof OversizedAnswer) {
          throw new RunlightError('RL_ANSWER_TOO_LARGE', `Loki's answer has more than ${MAX_ANSWER_BYTES} bytes.`)
        }
        throw cause
      } finally {
        open--
      }
    },
  })
}
