// What is known of one Temporal run from its history so far, and how a fact about it becomes an event.

import type { Instant } from '@runlight/contracts/time'
import { formatInstant } from '@runlight/contracts/time'
import { EVENT_SCHEMA_VERSION, causeKey } from '@runlight/contracts/trace-event'
import type { RunEndedData, RunGraph, TraceError, TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'
import type { temporal } from '@temporalio/proto'
import { MAX_ATTEMPT, producerId, sequence } from './identity.ts'

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent
export type Outcome = RunEndedData['attempts'][number]['outcome']

/** One scheduling of a node: an activity, a local activity or a child run. */
export interface OpenNode {
  nodeRef: string
  scheduledEventId: number
  kind: 'activity' | 'child'
  /** Attempt that the history or the pending activities named last. */
  attempt: number
  cancelRequested: boolean
  /** The attempt before that one timed out. */
  previousTimedOut: boolean
  /** Attempts whose opening by NODE_RETRYING was told. */
  opened: Set<number>
  /** Attempts whose NODE_STARTED was told (only where no worker speaks). */
  started: Set<number>
}

export interface ObservedRun {
  /** Temporal's workflow id. */
  runId: string
  temporalRunId: string
  execution: number
  orgId: string | undefined
  workflowId: string
  parentRunId: string | undefined
  graph: RunGraph
  startedAt: Instant
  /** Somebody who knows of Runlight started it: its workers speak for themselves. */
  declared: boolean
  /** Events below this id were copied from the run that this one was reset from. */
  ownFrom: number
  lastEventId: number
  lastEventAt: Instant
  /** By scheduled event id. */
  open: Map<number, OpenNode>
  scheduled: Set<string>
  /** For each node the key of the event that ended it last. */
  endedBy: Map<string, string>
  roster: RunEndedData['attempts']
  closing: HistoryEvent | undefined
}

/** A fact, before it is made into an event. */
export interface Fact {
  type: TraceEventType
  /** The event in the history that its identity is made of. */
  eventId: number
  at: Instant
  message: string
  nodeRef?: string
  attempt?: number
  /** Takes the attempt's place in the identity; see `sequence`. */
  slot?: number
  level?: TraceEvent['level']
  error?: TraceError | undefined
  data?: Record<string, unknown>
  causes?: string[]
}

const LEVELS: { readonly [T in TraceEventType]?: TraceEvent['level'] } = {
  NODE_RETRYING: 'warn',
  NODE_FAILED: 'error',
  RUN_FAILED: 'error',
  RUN_TIMED_OUT: 'error',
  RUN_CANCELLED: 'warn',
  RUN_TERMINATED: 'warn',
}

/** Attempts above 2^20 - 1 share the identity of that one, so that only the first of them is kept. */
export function toEvent(run: ObservedRun, fact: Fact): TraceEvent {
  const attempt = fact.attempt ?? 1
  const slot = Math.min(fact.slot ?? attempt, MAX_ATTEMPT)
  return {
    schemaVersion: EVENT_SCHEMA_VERSION,
    ...(run.orgId === undefined ? {} : { orgId: run.orgId }),
    workflowId: run.workflowId,
    runId: run.runId,
    execution: run.execution,
    ...(fact.nodeRef === undefined ? {} : { nodeRef: fact.nodeRef }),
    attempt,
    type: fact.type,
    level: fact.level ?? LEVELS[fact.type] ?? 'info',
    message: fact.message,
    timestamp: formatInstant(fact.at),
    ...(fact.error === undefined ? {} : { error: fact.error }),
    ...(fact.data === undefined ? {} : { data: fact.data }),
    ...(fact.causes === undefined ? {} : { causes: fact.causes }),
    producer: { id: producerId(run.temporalRunId), seq: sequence(fact.eventId, slot, fact.type) },
  }
}

/** Key by which causes name an event of this run. */
export function keyOf(run: ObservedRun, type: TraceEventType, nodeRef?: string, attempt = 1): string {
  return causeKey({ execution: run.execution, attempt, type, ...(nodeRef === undefined ? {} : { nodeRef }) })
}

/**
 * Does the observer say what a worker says otherwise (started, completed, failed)? Yes for child runs, which have no
 * worker of their own in this run; for what a reset copied, which ran in an earlier execution; and for every node of
 * a run whose memo knows nothing of Runlight.
 */
export function speaksForWorker(run: ObservedRun, node: Pick<OpenNode, 'kind' | 'scheduledEventId'>): boolean {
  return !run.declared || node.kind === 'child' || node.scheduledEventId < run.ownFrom
}
