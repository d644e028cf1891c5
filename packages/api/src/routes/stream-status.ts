// How the live streams of this server stand.

import { StreamStatus } from '@runlight/contracts/api-unified'
import Type from 'typebox'
import { json } from '../http/json.ts'
import { route } from '../http/route.ts'
import type { Live } from '../live/live.ts'

export const streamStatus = (live: Live) =>
  route({
    url: '/api/v1/logs/stream/status',
    operationId: 'getStreamStatus',
    summary: 'Connections, buffers and gaps of the live streams of this server',
    params: Type.Object({}),
    query: Type.Object({}),
    answer: StreamStatus,
    refusals: [],
    handle: async () => {
      const { connections, streams, refused, feeds, gaps, skipped, listening } = live.status
      const buffers = feeds.map(({ runId, maxBytes, ...feed }) => ({
        ...(runId !== undefined && { job_run_id: runId }),
        ...feed,
        max_bytes: maxBytes,
      }))
      return json({ connections, max_connections: streams, refused, buffers, gaps, skipped, listening })
    },
  })
