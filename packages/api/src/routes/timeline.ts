// The timeline of a run.

import type { StoredEvent } from '@runlight/contracts/api'
import { RunTimeline } from '@runlight/contracts/api-timeline'
import type { AttemptSpan, ExecutionSpan, NodeSpan } from '@runlight/contracts/api-timeline'
import { foldTimeline } from '@runlight/timeline/fold-timeline'
import type * as spans from '@runlight/timeline/spans'
import Type from 'typebox'
import { json } from '../http/json.ts'
import { route } from '../http/route.ts'
import { runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { readEventPage } from '../store/events.ts'
import { timeText } from '../store/log-lines.ts'
import { PAGE_BYTES, RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

/** Most events that are folded for one answer. */
const MAX_EVENTS = 20_000
/** Most bytes of them, about: what is folded is held whole, and most of it comes back in the answer. */
const MAX_BYTES = 32 * 1024 * 1024
const PAGE_EVENTS = 2_000

export const runTimeline = (sources: StatusSources) =>
  route({
    url: '/workflows/runs/{runId}/timeline',
    operationId: 'getRunTimeline',
    summary: 'Events of a run folded into spans by node and attempt, by what caused them',
    params: RunPath,
    query: Type.Object({}),
    answer: RunTimeline,
    refusals: ['RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { runId } }) => {
      const { events, hasMore } = await readAllEvents(sources, runId)
      if (events.length === 0) {
        if (!(await runIsKnown(sources, runId))) throw runNotFound(runId)
        return json({ runId, executions: [], events: 0, hasMore: false })
      }
      const { executions, ...names } = foldTimeline(runId, events)
      return json({ ...names, executions: executions.map(executionSpan), events: events.length, hasMore })
    },
  })

async function readAllEvents({ database }: StatusSources, runId: string) {
  const events: StoredEvent[] = []
  let after: bigint | undefined
  let bytes = 0
  for (;;) {
    const limit = Math.min(PAGE_EVENTS, MAX_EVENTS - events.length)
    const page = await readEventPage(database, { runId, direction: 'forward', after, limit, bytes: PAGE_BYTES })
    for (const event of page.events.parse()) events.push(event)
    bytes += page.events.bytes
    if (!page.hasMore || events.length >= MAX_EVENTS || bytes >= MAX_BYTES) return { events, hasMore: page.hasMore }
    after = page.last
  }
}

const millis = (nanos: bigint) => Number(nanos) / 1_000_000

function ends({ start, end, duration, error }: Pick<spans.NodeSpan, 'start' | 'end' | 'duration' | 'error'>) {
  return {
    ...(start !== undefined && { startedAt: timeText(start) }),
    ...(end !== undefined && { endedAt: timeText(end) }),
    ...(duration !== undefined && { durationMs: millis(duration) }),
    ...(error && { error }),
  }
}

function executionSpan(span: spans.ExecutionSpan): ExecutionSpan {
  const { execution, state, temporalRunId, continuedBy } = span
  return {
    ...{ execution, state },
    ...ends(span),
    ...(temporalRunId !== undefined && { temporalRunId }),
    ...(continuedBy !== undefined && { continuedBy }),
    nodes: span.nodes.map(nodeSpan),
  }
}

function nodeSpan(span: spans.NodeSpan): NodeSpan {
  const { nodeRef, state, after, scheduled, queueTime } = span
  return {
    ...{ nodeRef, state, after },
    ...ends(span),
    ...(scheduled !== undefined && { scheduledAt: timeText(scheduled) }),
    ...(queueTime !== undefined && { queueMs: millis(queueTime) }),
    attempts: span.attempts.map(attemptSpan),
  }
}

function attemptSpan(span: spans.AttemptSpan): AttemptSpan {
  const { attempt, state, ready, queueTime, outputSummary } = span
  return {
    ...{ attempt, state },
    ...ends(span),
    ...(ready !== undefined && { readyAt: timeText(ready) }),
    ...(queueTime !== undefined && { queueMs: millis(queueTime) }),
    progress: span.progress.map(({ at, level, message, data }) => ({
      ...{ at: timeText(at), level, message },
      ...(data && { data }),
    })),
    ...(outputSummary !== undefined && { outputSummary }),
  }
}
