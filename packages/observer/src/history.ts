// Folds a Temporal history into trace events, one history event after the other.

import type { TraceEvent } from '@runlight/contracts/trace-event'
import { localActivity } from './local-activity.ts'
import { beginLastAttempt, endNode, schedule, startedForWorker } from './node-life.ts'
import type { Ending, Step } from './node-life.ts'
import type { Fact, HistoryEvent, ObservedRun, OpenNode } from './observed-run.ts'
import { toEvent } from './observed-run.ts'
import { instantOf } from './times.ts'

type AttributeName = Extract<keyof HistoryEvent, `${string}EventAttributes`>

type Handlers = {
  readonly [K in AttributeName]?: (run: ObservedRun, step: Step, attributes: NonNullable<HistoryEvent[K]>) => Fact[]
}

/**
 * Takes the next events of the history; those that were taken before are skipped. What it tells of an event depends
 * on the history up to it alone. The event that closes the run is kept in `run.closing`: see `endRun`.
 */
export function takeHistory(run: ObservedRun, events: readonly HistoryEvent[]): TraceEvent[] {
  const told: TraceEvent[] = []
  for (const event of events) {
    const id = Number(event.eventId)
    if (id <= run.lastEventId) continue
    run.lastEventId = id
    if (CLOSING.some((name) => event[name])) run.closing = event
    const at = instantOf(event.eventTime) ?? run.lastEventAt
    run.lastEventAt = at
    for (const fact of factsOf(run, { id, at }, event)) told.push(toEvent(run, fact))
  }
  return told
}

function factsOf(run: ObservedRun, step: Step, event: HistoryEvent): Fact[] {
  const name = HANDLED.find((candidate) => event[candidate])
  if (!name) return []
  // The handler and the attributes of one name; TypeScript does not follow the pair.
  const handle = HANDLERS[name] as (run: ObservedRun, step: Step, attributes: unknown) => Fact[]
  return handle(run, step, event[name])
}

const CLOSING = [
  'workflowExecutionCompletedEventAttributes',
  'workflowExecutionFailedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionContinuedAsNewEventAttributes',
] as const

interface OfActivity {
  scheduledEventId?: HistoryEvent['eventId']
  startedEventId?: HistoryEvent['eventId']
}
interface OfChild {
  initiatedEventId?: HistoryEvent['eventId']
}

function nodeOf(run: ObservedRun, id: HistoryEvent['eventId']): OpenNode | undefined {
  return run.open.get(Number(id))
}

function endActivity(run: ObservedRun, step: Step, of: OfActivity, ending: Ending): Fact[] {
  const begun = of.startedEventId === undefined || Number(of.startedEventId) > 0
  return endNode(run, step, nodeOf(run, of.scheduledEventId), { ...ending, begun })
}

function endChild(run: ObservedRun, step: Step, { initiatedEventId }: OfChild, ending: Ending): Fact[] {
  return endNode(run, step, nodeOf(run, initiatedEventId), ending)
}

const HANDLERS: Handlers = {
  workflowExecutionStartedEventAttributes: (run, { id }) => {
    const { execution, temporalRunId, parentRunId, graph, startedAt: at } = run
    const message = execution === 1 ? 'The run started' : `Execution ${execution} of the run started`
    const data = { graph, temporalRunId, ...(parentRunId === undefined ? {} : { parentRunId }) }
    return [{ type: 'RUN_STARTED', eventId: id, at, message, data }]
  },

  activityTaskScheduledEventAttributes: (run, step, { activityId, activityType }) =>
    schedule(run, step, { nodeRef: activityId ?? '', kind: 'activity', data: { activity: activityType?.name ?? '' } }),

  activityTaskStartedEventAttributes: (run, step, { scheduledEventId, attempt, lastFailure }) => {
    const node = nodeOf(run, scheduledEventId)
    return node ? beginLastAttempt(run, step, node, attempt ?? 1, lastFailure) : []
  },

  activityTaskCompletedEventAttributes: (run, step, of) => endActivity(run, step, of, { outcome: 'completed' }),

  activityTaskFailedEventAttributes: (run, step, of) =>
    endActivity(run, step, of, { outcome: 'failed', failure: of.failure }),

  activityTaskTimedOutEventAttributes: (run, step, of) =>
    endActivity(run, step, of, { outcome: 'timed_out', failure: of.failure }),

  activityTaskCanceledEventAttributes: (run, step, of) =>
    endActivity(run, step, of, {
      outcome: 'cancelled',
      failure: { message: 'The activity was cancelled', canceledFailureInfo: {} },
    }),

  activityTaskCancelRequestedEventAttributes: (run, _step, { scheduledEventId }) => {
    const node = nodeOf(run, scheduledEventId)
    if (node) node.cancelRequested = true
    return []
  },

  markerRecordedEventAttributes: (run, step, attributes) => {
    const local = localActivity(attributes)
    if (!local) return []
    const { nodeRef, attempt, activity, failure } = local
    const scheduled = { id: step.id, at: local.scheduledAt ?? step.at }
    const completed = { id: step.id, at: local.completedAt ?? step.at }
    const facts = schedule(run, scheduled, { nodeRef, kind: 'activity', data: { activity, local: true } })
    const node = run.open.get(step.id)
    if (node) facts.push(...beginLastAttempt(run, completed, node, attempt, undefined))
    return [...facts, ...endNode(run, completed, node, { outcome: failure ? 'failed' : 'completed', failure })]
  },

  startChildWorkflowExecutionInitiatedEventAttributes: (run, step, { workflowId, workflowType }) =>
    schedule(run, step, {
      nodeRef: workflowId ?? '',
      kind: 'child',
      data: { childWorkflow: workflowType?.name ?? '' },
    }),

  startChildWorkflowExecutionFailedEventAttributes: (run, step, of) => {
    const applicationFailureInfo = { type: 'ChildRunAlreadyStarted', nonRetryable: true }
    const failure = { message: 'A run with this id is already there', applicationFailureInfo }
    return endNode(run, step, nodeOf(run, of.initiatedEventId), { outcome: 'failed', failure, begun: false })
  },

  childWorkflowExecutionStartedEventAttributes: (run, step, { initiatedEventId }) => {
    const node = nodeOf(run, initiatedEventId)
    return node ? startedForWorker(run, node, 1, step.at) : []
  },

  childWorkflowExecutionCompletedEventAttributes: (run, step, of) => endChild(run, step, of, { outcome: 'completed' }),

  childWorkflowExecutionFailedEventAttributes: (run, step, of) =>
    endChild(run, step, of, { outcome: 'failed', failure: of.failure }),

  childWorkflowExecutionTimedOutEventAttributes: (run, step, of) =>
    endChild(run, step, of, {
      outcome: 'timed_out',
      failure: { message: 'The child run timed out', timeoutFailureInfo: {} },
    }),

  childWorkflowExecutionCanceledEventAttributes: (run, step, of) =>
    endChild(run, step, of, {
      outcome: 'cancelled',
      failure: { message: 'The child run was cancelled', canceledFailureInfo: {} },
    }),

  childWorkflowExecutionTerminatedEventAttributes: (run, step, of) =>
    endChild(run, step, of, {
      outcome: 'failed',
      failure: { message: 'The child run was terminated', terminatedFailureInfo: {} },
    }),
}

const HANDLED = Object.keys(HANDLERS) as (keyof typeof HANDLERS)[]
