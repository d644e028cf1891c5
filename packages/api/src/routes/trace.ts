// The events of a run.

import { TracePage } from '@runlight/contracts/api'
import Type from 'typebox'
import { openTraceCursor, sealTraceCursor } from '../cursor/cursors.ts'
import { jsonWithItems } from '../http/json-items.ts'
import { route } from '../http/route.ts'
import { degradation, runIsKnown } from '../status/read.ts'
import type { StatusSources } from '../status/read.ts'
import { readEventPage } from '../store/events.ts'
import { DEFAULT_LIMIT, DirectionParameter, PAGE_BYTES, Paging, RunPath } from './parameters.ts'
import { runNotFound } from './runs.ts'

/** Events are small, and are wanted whole: what bounds a page are its bytes. */
const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 10_000, default: DEFAULT_LIMIT, description: 'Most events of a page' }),
)

export const runTrace = (sources: StatusSources) =>
  route({
    url: '/workflows/runs/{runId}/trace',
    operationId: 'getRunTrace',
    summary: 'Events of a run in the order of their arrival (`sequence`)',
    params: RunPath,
    query: Type.Object({ direction: DirectionParameter, ...Paging, limit }),
    answer: TracePage,
    refusals: ['RL_CURSOR_INVALID', 'RL_RUN_NOT_FOUND', 'RL_STORE_UNAVAILABLE'],
    handle: async ({ params: { runId }, query: { direction = 'forward', cursor, limit = DEFAULT_LIMIT } }) => {
      const list = [runId, direction]
      const after = cursor === undefined ? undefined : openTraceCursor(cursor, list)
      const query = { runId, direction, after, limit, bytes: PAGE_BYTES }
      const { events, last, hasMore } = await readEventPage(sources.database, query)
      if (events.count === 0 && cursor === undefined && !(await runIsKnown(sources, runId))) {
        throw runNotFound(runId)
      }
      const reached = last ?? after ?? 0n
      // Newest first ends at the first event; oldest first can always be gone on with.
      const goesOn = direction === 'forward' || hasMore
      const degraded = degradation('loki', await sources.lokiHealth())
      const page = {
        ...{ runId, hasMore },
        ...(goesOn && { nextCursor: sealTraceCursor(reached, list) }),
        ...(degraded.length > 0 && { degraded }),
      }
      return jsonWithItems<TracePage, 'events'>(page, 'events', events)
    },
  })
