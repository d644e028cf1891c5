// Unified logging in the snake_case of the product's origin: a view of the same lines.

import Type from 'typebox'
import { Degradation } from './execution-status.ts'
import { Component, RunId, Timestamp } from './identifiers.ts'
import { LogLevel, LogType, Stream } from './log-entry.ts'

export const UnifiedLog = Type.Object({
  type: LogType,
  job_run_id: Type.Optional(RunId),
  task_run_id: Type.Optional(Type.String()),
  component: Type.Optional(Component),
  timestamp: Timestamp,
  level: LogLevel,
  stream: Stream,
  message: Type.String(),
  metadata: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object' })),
})
export type UnifiedLog = Type.Static<typeof UnifiedLog>

export const UnifiedLogPage = Type.Object({
  logs: Type.Array(UnifiedLog),
  limit: Type.Integer({ minimum: 1 }),
  offset: Type.Integer({ minimum: 0 }),
  has_more: Type.Boolean(),
  next_cursor: Type.Optional(Type.String({ description: 'Opaque; give it back as `cursor`, without `offset`' })),
  degraded: Type.Optional(Type.Array(Degradation)),
})
export type UnifiedLogPage = Type.Static<typeof UnifiedLogPage>

/** Of one live stream's feed. */
export const StreamStatus = Type.Object({
  connections: Type.Object({ sse: Type.Integer({ minimum: 0 }), ws: Type.Integer({ minimum: 0 }) }),
  max_connections: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0, description: 'Streams refused because as many were open, since the start' }),
  buffers: Type.Array(
    Type.Object({
      kind: Type.Enum(['run', 'components', 'all'], { description: 'Whose lines are followed' }),
      job_run_id: Type.Optional(RunId),
      followers: Type.Integer({ minimum: 0 }),
      items: Type.Integer({ minimum: 0 }),
      bytes: Type.Integer({ minimum: 0 }),
      max_bytes: Type.Integer({ minimum: 0, description: 'Beyond this, its oldest lines and events are dropped' }),
      dropped: Type.Integer({ minimum: 0, description: 'Lines and events that it has dropped' }),
    }),
    { description: 'One for each run that is followed, one for all components, and one for all lines' },
  ),
  gaps: Type.Integer({ minimum: 0, description: 'Gaps told to readers that were too slow, since the start' }),
  skipped: Type.Integer({ minimum: 0, description: 'Lines and events that lay in those gaps, before any filter' }),
  listening: Type.Boolean({ description: 'Are the announcements of the trace store heard? Else it is polled' }),
})
export type StreamStatus = Type.Static<typeof StreamStatus>
