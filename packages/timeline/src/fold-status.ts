// How a run stands, folded from its events; the reference that stores and readers are checked against.

import type { ExecutionStatus, Failure } from '@runlight/contracts/execution-status'
import { progressOf } from '@runlight/contracts/progress'
import { compareInstants, formatInstant, instantFromNanos, parseInstant } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import type { EventSet, RunEvent } from './event-set.ts'
import { byExecution } from './event-set.ts'
import { endOf, endedData, foldExecution, startedData } from './fold-timeline.ts'

/** What events alone tell of a run; completeness needs the stores, too. */
export type FoldedStatus = Pick<
  ExecutionStatus,
  | 'runId'
  | 'workflowId'
  | 'execution'
  | 'parentRunId'
  | 'status'
  | 'startedAt'
  | 'updatedAt'
  | 'completedAt'
  | 'progress'
  | 'failure'
>

/**
 * The status of the highest execution that is known. An event of a lower one changes only `updatedAt`, and nothing
 * re-opens an execution that has ended.
 * @throws Error when there are no events of the run
 */
export function foldStatus(runId: string, events: readonly RunEvent[]): FoldedStatus {
  const ofRun = events.filter((event) => event.runId === runId)
  const sets = byExecution(ofRun)
  const current = sets.at(-1)
  if (!current) throw new Error(`There are no events of the run ${runId}`)
  const all = sets.flatMap((set) => set.events)
  const span = foldExecution(current)
  const workflowId = all.find((event) => event.workflowId !== undefined)?.workflowId
  const parentRunId = sets.map(startedData).find((data) => data?.parentRunId !== undefined)?.parentRunId
  const failure = failureOf(endOf(current))
  return {
    runId,
    ...(workflowId === undefined ? {} : { workflowId }),
    execution: current.execution,
    ...(parentRunId === undefined ? {} : { parentRunId }),
    status: span.state,
    ...(span.start === undefined ? {} : { startedAt: textOf(span.start) }),
    updatedAt: latest(ofRun),
    ...(span.end === undefined ? {} : { completedAt: textOf(span.end) }),
    progress: progressIn(current),
    ...(failure === undefined ? {} : { failure }),
  }
}

/** By the one rule of the contracts, from what this execution's events tell. */
function progressIn(set: EventSet): ExecutionStatus['progress'] {
  const told = set.events.flatMap(({ type, nodeRef }) =>
    (type === 'NODE_COMPLETED' || type === 'NODE_SKIPPED') && nodeRef !== undefined ? [nodeRef] : [],
  )
  const declared = (startedData(set)?.graph.nodes ?? []).map(({ ref }) => ref)
  return progressOf({ declared, told, roster: endedData(endOf(set)).attempts ?? [] })
}

/** Why the run ended; none where it completed, or was cancelled without an error. */
function failureOf(ended: RunEvent | undefined): Failure | undefined {
  if (!ended || ended.type === 'RUN_COMPLETED') return undefined
  if (ended.type === 'RUN_CANCELLED' && !ended.error) return undefined
  const { nodeRef } = endedData(ended)
  return {
    reason: ended.error?.type ?? ended.type,
    message: ended.error?.message ?? ended.message,
    ...(nodeRef === undefined ? {} : { nodeRef }),
  }
}

/** The latest time of all events: the effective one where a store has given it. */
function latest(events: readonly RunEvent[]): string {
  let last: Instant | undefined
  for (const event of events) {
    const at = parseInstant('effectiveTs' in event ? event.effectiveTs : event.timestamp)
    if (at && (!last || compareInstants(last, at) < 0)) last = at
  }
  return formatInstant(last ?? { seconds: 0, nanos: 0 })
}

function textOf(nanos: bigint): string {
  return formatInstant(instantFromNanos(nanos))
}
