// Cases of progress, for whoever counts it: the rule itself, the store, and readers that fold events.

import type { RunEndedData } from './trace-event.ts'

export interface ProgressCase {
  name: string
  /** Nodes of the graph that RUN_STARTED declares; without them there is no RUN_STARTED. */
  declared?: readonly string[]
  completed?: readonly string[]
  skipped?: readonly string[]
  failed?: readonly string[]
  /** The run has ended, with these attempts. */
  roster?: RunEndedData['attempts']
  expected: { completedActions: number; totalActions: number }
}

const attempt = (nodeRef: string, outcome: RunEndedData['attempts'][number]['outcome'], number = 1) => {
  return { nodeRef, attempt: number, outcome }
}

export const PROGRESS_CASES: readonly ProgressCase[] = [
  { name: 'nothing is known', expected: { completedActions: 0, totalActions: 0 } },
  { name: 'a graph and nothing else', declared: ['a', 'b'], expected: { completedActions: 0, totalActions: 2 } },
  {
    name: 'completed and skipped nodes are done, failed ones are not',
    ...{ declared: ['a', 'b', 'c'], completed: ['a'], skipped: ['b'], failed: ['c'] },
    expected: { completedActions: 2, totalActions: 3 },
  },
  {
    name: 'a node that completes twice is done once',
    ...{ declared: ['a', 'b'], completed: ['a', 'a'] },
    expected: { completedActions: 1, totalActions: 2 },
  },
  {
    name: 'while no graph is known every node counts',
    completed: ['a', 'b'],
    expected: { completedActions: 2, totalActions: 0 },
  },
  {
    name: 'a node that the graph does not declare does not count',
    ...{ declared: ['a'], completed: ['a', 'extra'] },
    expected: { completedActions: 1, totalActions: 1 },
  },
  {
    name: 'a completion that only the roster knows counts',
    ...{ declared: ['a', 'b'], completed: ['a'], roster: [attempt('a', 'completed'), attempt('b', 'completed')] },
    expected: { completedActions: 2, totalActions: 2 },
  },
  {
    name: 'a retried node counts by the attempt that completed',
    ...{ declared: ['a'], roster: [attempt('a', 'failed'), attempt('a', 'completed', 2)] },
    expected: { completedActions: 1, totalActions: 1 },
  },
  {
    name: 'where the history has another outcome, what the worker told does not count',
    ...{ declared: ['a', 'b'], completed: ['a', 'b'], roster: [attempt('a', 'timed_out'), attempt('b', 'completed')] },
    expected: { completedActions: 1, totalActions: 2 },
  },
  {
    name: 'a node that the roster leaves out counts by its event',
    ...{ declared: ['a', 'b'], completed: ['a'], skipped: ['b'], roster: [attempt('a', 'completed')] },
    expected: { completedActions: 2, totalActions: 2 },
  },
  {
    name: 'an undeclared node of the roster does not count',
    ...{ declared: ['a'], roster: [attempt('extra', 'completed')] },
    expected: { completedActions: 0, totalActions: 1 },
  },
]
