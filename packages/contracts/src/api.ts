// Shapes of the API's answers (HTTP, JSON). The OpenAPI document is generated from them.

import Type from 'typebox'
import { Degradation, ExecutionStatus } from './execution-status.ts'
import { Timestamp } from './identifiers.ts'
import { LogEntry } from './log-entry.ts'
import { TraceEvent } from './trace-event.ts'

const Cursor = Type.String({ description: 'Opaque; give it back unchanged' })

/** What every page has besides its items. */
const page = {
  hasMore: Type.Boolean(),
  nextCursor: Type.Optional(Cursor),
  degraded: Type.Optional(Type.Array(Degradation)),
}

export const RunPage = Type.Object({ runs: Type.Array(ExecutionStatus), ...page })
export type RunPage = Type.Static<typeof RunPage>

/** An event as it is read back: with the id that its store gave it. */
export const StoredEvent = Type.Intersect([
  TraceEvent,
  Type.Object({
    id: Type.String({ description: '`sequence` as text' }),
    sequence: Type.Integer({ minimum: 1, description: 'Dense per run, the order of arrival' }),
    effectiveTs: Timestamp,
  }),
])
export type StoredEvent = Type.Static<typeof StoredEvent>

export const TracePage = Type.Object({ runId: Type.String(), events: Type.Array(StoredEvent), ...page })
export type TracePage = Type.Static<typeof TracePage>

/** A log entry as it is read back. */
export const StoredLog = Type.Intersect([
  LogEntry,
  Type.Object({
    effectiveTs: Timestamp,
    position: Type.String({ description: '`<partition>:<offset>` on the bus' }),
    taskRunId: Type.Optional(Type.String()),
  }),
])
export type StoredLog = Type.Static<typeof StoredLog>

export const LogPage = Type.Object({ runId: Type.String(), logs: Type.Array(StoredLog), ...page })
export type LogPage = Type.Static<typeof LogPage>

/** Health of a service or component, as `/healthz` and `/readyz` answer it. */
export const Health = Type.Object({
  status: Type.Enum(['ok', 'failing']),
  component: Type.String(),
  version: Type.String(),
  state: Type.Optional(Type.String({ description: 'Stage of its life cycle' })),
  checks: Type.Record(Type.String(), Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) })),
})
export type Health = Type.Static<typeof Health>

/** One error shape for every refusal (https://www.rfc-editor.org/rfc/rfc9457). */
export const Problem = Type.Object({
  type: Type.String({ description: 'Address of the code in the documentation' }),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'One of the documented codes' }),
  detail: Type.Optional(Type.String()),
  instance: Type.Optional(Type.String()),
  parameter: Type.Optional(Type.String({ description: 'The parameter at fault' })),
})
export type Problem = Type.Static<typeof Problem>
