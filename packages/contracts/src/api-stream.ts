// What a live stream holds besides events and lines (Server-Sent Events and WebSocket alike).

import Type from 'typebox'
import { Degradation, ExecutionStatus } from './execution-status.ts'

/** Names of the events of a live stream. */
export const STREAM_EVENTS = ['status', 'trace', 'log', 'gap', 'done', 'problem'] as const
export type StreamEventName = (typeof STREAM_EVENTS)[number]

/** The reader was too slow, or the server had forgotten: lines and events between two cursors were not sent. */
export const StreamGap = Type.Object({
  from: Type.String({
    description: 'Cursor from which what is missing can be read: as `cursor` of `/logs`, or as `from`',
  }),
  to: Type.String({ description: 'Cursor at which the stream goes on' }),
  skipped: Type.Integer({ minimum: 0, description: 'How many lines and events lie between, before any filter' }),
})
export type StreamGap = Type.Static<typeof StreamGap>

/** The run has ended, and everything that will come has been sent. */
export const StreamDone = Type.Object({
  verdict: Type.Enum(['complete', 'grace'], {
    description:
      '`complete`: all that was sent is there; `grace`: the time for what was still missing has run out, see `status`',
  }),
  status: ExecutionStatus,
})
export type StreamDone = Type.Static<typeof StreamDone>

/** `status` of a stream of components' lines. */
export const ComponentStreamStatus = Type.Object({ degraded: Type.Optional(Type.Array(Degradation)) })
export type ComponentStreamStatus = Type.Static<typeof ComponentStreamStatus>
