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

/** Lines of components. */
export const ComponentLogPage = Type.Object({ logs: Type.Array(StoredLog), ...page })
export type ComponentLogPage = Type.Static<typeof ComponentLogPage>

/** Records of one partition that a sink has not stored yet. */
export const PartitionLag = Type.Object({
  topic: Type.String(),
  partition: Type.Integer({ minimum: 0 }),
  records: Type.Integer({ minimum: 0, description: 'Records on the bus that the sink has not acknowledged yet' }),
})
export type PartitionLag = Type.Static<typeof PartitionLag>

/** What the API can know of a component. */
export const ComponentState = Type.Object({
  name: Type.String(),
  health: Type.Optional(
    Type.Object(
      { ok: Type.Boolean(), detail: Type.Optional(Type.String()) },
      { description: 'As the API finds it; missing for a component that it does not ask' },
    ),
  ),
  version: Type.Optional(Type.String({ description: 'As the component says it' })),
  lastLineAt: Type.Optional(Timestamp),
  lines: Type.Optional(Type.Integer({ minimum: 0, description: 'Lines stored of it so far' })),
  lag: Type.Optional(Type.Array(PartitionLag, { description: 'For a bridge: how far it is behind the bus' })),
})
export type ComponentState = Type.Static<typeof ComponentState>

export const ComponentList = Type.Object({
  components: Type.Array(ComponentState),
  degraded: Type.Optional(Type.Array(Degradation)),
})
export type ComponentList = Type.Static<typeof ComponentList>

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
  position: Type.Optional(
    Type.Integer({ minimum: 0, description: "Where in the parameter's text the fault is, in UTF-16 units from 0" }),
  ),
})
export type Problem = Type.Static<typeof Problem>
