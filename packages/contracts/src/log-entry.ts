// LogEntry: one line or structured entry on `telemetry.logs`.

import Type from 'typebox'
import { Attempt, Component, Execution, NodeRef, OrgId, RunId, Timestamp, WorkflowId } from './identifiers.ts'
import { Producer } from './producer.ts'
import type { Checked } from './schema.ts'
import { shape } from './schema.ts'

export const LOG_SCHEMA_VERSION = 1

export const LOG_TYPES = ['system', 'job', 'task'] as const
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export const STANDARD_STREAMS = ['stdout', 'stderr', 'system'] as const
/** Custom streams that are registered without any setting. */
export const CUSTOM_STREAMS = ['terminal', 'agent'] as const

export const LogType = Type.Enum(LOG_TYPES, {
  description: 'Whose entry it is: a component, a run, or one attempt of a node',
})
export type LogType = (typeof LOG_TYPES)[number]
export const LogLevel = Type.Enum(LOG_LEVELS)
export type LogLevel = (typeof LOG_LEVELS)[number]
export const STREAM_PATTERN = '^[a-z][a-z0-9_-]{0,31}$'
export const Stream = Type.String({
  pattern: STREAM_PATTERN,
  description: '`stdout`, `stderr`, `system` or a registered custom stream such as `terminal` or `agent`',
})

export const TraceContext = Type.Object(
  {
    traceId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    spanId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  },
  { description: 'W3C trace context of the code that logged' },
)

/** Unknown fields are kept and passed on, so that an older reader does not refuse a newer record. */
export const LogEntry = Type.Object({
  schemaVersion: Type.Integer({ minimum: 1, description: `${LOG_SCHEMA_VERSION}; a higher one only adds fields` }),
  type: LogType,
  orgId: Type.Optional(OrgId),
  workflowId: Type.Optional(WorkflowId),
  runId: Type.Optional(RunId),
  execution: Type.Optional(Execution),
  nodeRef: Type.Optional(NodeRef),
  attempt: Type.Optional(Attempt),
  component: Type.Optional(Component),
  timestamp: Timestamp,
  level: LogLevel,
  stream: Stream,
  message: Type.String({ description: 'The line, without its line end' }),
  metadata: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'Structured context; any JSON object' }),
  ),
  trace: Type.Optional(TraceContext),
  producer: Type.Optional(Producer),
})
export type LogEntry = Type.Static<typeof LogEntry>

const logEntry = shape(LogEntry)

/**
 * Checks an entry as it came from the bus. Beyond the fields' own shapes: a `job` entry has a `runId`, a `task` entry
 * `runId` and `nodeRef`, a `system` entry a `component` and neither. `producer` may be missing (a foreign record).
 */
export function checkLogEntry(value: unknown): Checked<LogEntry> {
  const checked = logEntry.check(value)
  if (!checked.ok) return checked
  const fault = ownershipFault(checked.value)
  return fault ? { ok: false, refusal: fault } : checked
}

function ownershipFault(entry: LogEntry): { field: string; message: string } | undefined {
  if (entry.type === 'system') {
    if (entry.component === undefined) return { field: 'component', message: 'is required in a system entry' }
    if (entry.runId !== undefined) return { field: 'runId', message: 'does not belong in a system entry' }
    if (entry.nodeRef !== undefined) return { field: 'nodeRef', message: 'does not belong in a system entry' }
    return undefined
  }
  if (entry.runId === undefined) return { field: 'runId', message: `is required in a ${entry.type} entry` }
  if (entry.type === 'task' && entry.nodeRef === undefined) {
    return { field: 'nodeRef', message: 'is required in a task entry' }
  }
  return undefined
}

/** Key of an entry on the bus: its run, for system entries its component. */
export function logKey(entry: Pick<LogEntry, 'runId' | 'component'>): string {
  return entry.runId ?? entry.component ?? ''
}
