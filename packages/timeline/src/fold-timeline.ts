// Folds the events of a run into spans. Events may come in any order, late and more than once: what is folded depends
// on what they say and on what causes them, never on when they arrived.

import { STATE_AFTER } from '@runlight/contracts/execution-status'
import type { RunEndedData, RunStartedData, TraceEventType } from '@runlight/contracts/trace-event'
import type { EventSet, RunEvent } from './event-set.ts'
import { byExecution } from './event-set.ts'
import { between, foldAttempt, timeOf } from './fold-attempt.ts'
import { compareNames, linearExtension } from './order.ts'
import type { AttemptSpan, ExecutionSpan, NodeSpan, NodeState, Timeline } from './spans.ts'

/** The order in which ends are looked for, should a run have two; no history has. */
const ENDS = ['RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED', 'RUN_TERMINATED', 'RUN_TIMED_OUT'] as const

/**
 * The timeline of one run.
 * @param events of one run; those of other runs are left out
 * @throws Error when there are none
 */
export function foldTimeline(runId: string, events: readonly RunEvent[]): Timeline {
  const sets = byExecution(events.filter((event) => event.runId === runId))
  if (sets.length === 0) throw new Error(`There are no events of the run ${runId}`)
  const all = sets.flatMap((set) => set.events)
  const orgId = all.find((event) => event.orgId !== undefined)?.orgId
  const workflowId = all.find((event) => event.workflowId !== undefined)?.workflowId
  const parentRunId = sets.map(startedData).find((data) => data?.parentRunId !== undefined)?.parentRunId
  return {
    runId,
    ...(orgId === undefined ? {} : { orgId }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(parentRunId === undefined ? {} : { parentRunId }),
    executions: sets.map(foldExecution),
  }
}

export function foldExecution(set: EventSet): ExecutionSpan {
  const started = set.find('RUN_STARTED')
  const ended = endOf(set)
  const temporalRunId = startedData(set)?.temporalRunId
  const { continuedBy } = endedData(ended)
  const start = started && timeOf(started)
  const end = ended && timeOf(ended)
  return {
    execution: set.execution,
    state: (ended && STATE_AFTER[ended.type]) ?? (hasBegun(set) ? 'RUNNING' : 'QUEUED'),
    ...(temporalRunId === undefined ? {} : { temporalRunId }),
    ...(continuedBy === undefined ? {} : { continuedBy }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...between('duration', start, end),
    ...(ended?.error === undefined ? {} : { error: ended.error }),
    nodes: foldNodes(set, ended),
  }
}

/** The event that ended an execution. */
export function endOf(set: EventSet): RunEvent | undefined {
  return ENDS.map((type) => set.find(type)).find((event) => event !== undefined)
}

/** What the last event of an execution carries; nothing while there is none. */
export function endedData(ended: RunEvent | undefined): Partial<RunEndedData> {
  return (ended?.data ?? {}) as Partial<RunEndedData>
}

export function startedData(set: EventSet): RunStartedData | undefined {
  return set.find('RUN_STARTED')?.data as RunStartedData | undefined
}

/** An execution is queued as long as only its close is known of. */
function hasBegun(set: EventSet): boolean {
  return set.events.some(({ type }) => type !== 'PRODUCER_CLOSED')
}

function foldNodes(set: EventSet, ended: RunEvent | undefined): NodeSpan[] {
  const roster = new Map<string, RunEndedData['attempts']>()
  for (const entry of endedData(ended).attempts ?? []) {
    roster.set(entry.nodeRef, [...(roster.get(entry.nodeRef) ?? []), entry])
  }
  const after = new Map((startedData(set)?.graph.nodes ?? []).map((node) => [node.ref, node.after]))
  for (const { nodeRef } of [...set.events, ...[...roster.values()].flat()]) {
    if (nodeRef !== undefined && !after.has(nodeRef)) after.set(nodeRef, causingNodes(set, nodeRef))
  }
  return linearExtension(after).map((nodeRef) => {
    const known = roster.get(nodeRef) ?? []
    return foldNode(set, { nodeRef, after: after.get(nodeRef) ?? [], roster: known, over: ended !== undefined })
  })
}

/** Nodes that the scheduling of this one names as its causes; in a key, the node stands after the execution. */
function causingNodes(set: EventSet, nodeRef: string): string[] {
  const causes = set.find('NODE_SCHEDULED', nodeRef)?.causes ?? set.find('NODE_SKIPPED', nodeRef)?.causes ?? []
  const nodes = causes.map((key) => /^\d+\/(.+)\/\d+\/[A-Z_]+$/.exec(key)?.[1]).filter((node) => node !== undefined)
  return [...new Set(nodes)].sort(compareNames)
}

interface NodeFacts {
  nodeRef: string
  after: readonly string[]
  roster: RunEndedData['attempts']
  over: boolean
}

const OF_ATTEMPTS: ReadonlySet<TraceEventType> = new Set([
  'NODE_SCHEDULED',
  'NODE_STARTED',
  'NODE_PROGRESS',
  'NODE_RETRYING',
  'NODE_COMPLETED',
  'NODE_FAILED',
])

function foldNode(set: EventSet, { nodeRef, after, roster, over }: NodeFacts): NodeSpan {
  const numbers = new Set(roster.map(({ attempt }) => attempt))
  for (const event of set.ofNode(nodeRef)) if (OF_ATTEMPTS.has(event.type)) numbers.add(event.attempt)
  const attempts = [...numbers]
    .sort((a, b) => a - b)
    .map((attempt) => {
      const outcome = roster.find((entry) => entry.attempt === attempt)?.outcome
      return foldAttempt(set, nodeRef, attempt, { over, outcome })
    })
  const scheduledEvent = set.find('NODE_SCHEDULED', nodeRef)
  const scheduled = scheduledEvent && timeOf(scheduledEvent)
  const first = attempts[0]
  const last = attempts.at(-1)
  const start = attempts.find((attempt) => attempt.start !== undefined)?.start
  const end = last?.end
  return {
    nodeRef,
    state: nodeState(attempts, set.find('NODE_SKIPPED', nodeRef) !== undefined),
    after: [...after].sort(compareNames),
    ...(scheduled === undefined ? {} : { scheduled }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...between('duration', start, end),
    ...(first?.queueTime === undefined ? {} : { queueTime: first.queueTime }),
    ...(last?.error === undefined ? {} : { error: last.error }),
    attempts,
  }
}

function nodeState(attempts: readonly AttemptSpan[], skipped: boolean): NodeState {
  const last = attempts.at(-1)
  if (!last) return skipped ? 'SKIPPED' : 'WAITING'
  return last.state === 'SCHEDULED' && last.attempt > 1 ? 'RETRYING' : last.state
}
