// From the first event of a history to an observed run.

import { readRunMemo } from '@runlight/contracts/memo'
import type { RunHeader } from '@runlight/contracts/memo'
import { RUN_HEADER } from '@runlight/contracts/memo-keys'
import type { Refusal } from '@runlight/contracts/schema'
import { defaultPayloadConverter } from '@temporalio/common'
import type { temporal } from '@temporalio/proto'
import type { HistoryEvent, ObservedRun } from './observed-run.ts'
import { instantOf } from './times.ts'

type Started = temporal.api.history.v1.IWorkflowExecutionStartedEventAttributes

/** Which Temporal run it is, and where it stands among those of its workflow id. */
export interface RunPlace {
  runId: string
  temporalRunId: string
  execution: number
}

/** The event that every history begins with; undefined when the history does not begin at its beginning. */
export function startedAttributes(events: readonly HistoryEvent[]): Started | undefined {
  return events[0]?.workflowExecutionStartedEventAttributes ?? undefined
}

/**
 * @param events the history up to where it has been read: of a run that came from a reset, at least up to the reset
 * @returns the run before its first event is taken, and what of its memo was refused
 * @throws Error when the history does not begin with the start of the run
 */
export function openRun(
  { runId, temporalRunId, execution }: RunPlace,
  events: readonly HistoryEvent[],
): { run: ObservedRun; refusals: Refusal[] } {
  const started = startedAttributes(events)
  const startedAt = instantOf(events[0]?.eventTime)
  if (!started || !startedAt)
    throw new Error(`The history of ${runId} (${temporalRunId}) does not begin with its start`)
  const { memo, refusals } = readRunMemo(decodeMemo(started))
  const reset = resetOf(temporalRunId, events)
  const run: ObservedRun = {
    runId,
    temporalRunId,
    execution,
    orgId: memo.orgId,
    workflowId: memo.workflowId ?? (started.workflowType?.name || 'unknown'),
    parentRunId: started.parentWorkflowExecution?.workflowId || undefined,
    graph: memo.graph ?? { nodes: [] },
    // A reset run begins when it is reset; the first event that it copied is older.
    startedAt: instantOf(reset?.eventTime) ?? startedAt,
    declared: Object.keys(memo).length > 0,
    ownFrom: reset ? Number(reset.eventId) : 1,
    lastEventId: 0,
    lastEventAt: startedAt,
    open: new Map(),
    scheduled: new Set(),
    endedBy: new Map(),
    roster: [],
    closing: undefined,
  }
  return { run, refusals }
}

/**
 * The execution as the workflow itself counts it, by the rule of RunHeader: what the run before it said in the header,
 * which the server copies to retries. Not known without a header, and after a reset or with a cron schedule, where the
 * server goes on with the old header.
 */
export function countedExecution(temporalRunId: string, events: readonly HistoryEvent[]): number | undefined {
  const started = startedAttributes(events)
  const payload = started?.header?.fields?.[RUN_HEADER]
  if (!payload || started.cronSchedule || started.originalExecutionRunId !== temporalRunId) return undefined
  try {
    const { execution } = defaultPayloadConverter.fromPayload<RunHeader>(payload)
    return typeof execution === 'number' ? execution + (started.attempt ?? 1) - 1 : undefined
  } catch {
    return undefined
  }
}

/** The run before this one, and whether this one follows it directly (continue-as-new, retry, cron) or by a reset. */
export function predecessorOf(
  temporalRunId: string,
  events: readonly HistoryEvent[],
): { predecessor: string | undefined; direct: boolean } {
  const base = resetOf(temporalRunId, events)?.workflowTaskFailedEventAttributes?.baseRunId
  if (base) return { predecessor: base, direct: false }
  return { predecessor: startedAttributes(events)?.continuedExecutionRunId || undefined, direct: true }
}

/** The event at which this run was forked from another; a history can also hold those of earlier resets. */
function resetOf(temporalRunId: string, events: readonly HistoryEvent[]): HistoryEvent | undefined {
  return events.find(({ workflowTaskFailedEventAttributes: failed }) => failed?.newRunId === temporalRunId)
}

/** The memo as the default payload converter reads it; a field that it can't read (encrypted, say) is left out. */
function decodeMemo(started: Started): Record<string, unknown> {
  const decoded: Record<string, unknown> = {}
  for (const [key, payload] of Object.entries(started.memo?.fields ?? {})) {
    try {
      decoded[key] = defaultPayloadConverter.fromPayload(payload)
    } catch {
      // Not ours, then: our fields are written by the default converter.
    }
  }
  return decoded
}
