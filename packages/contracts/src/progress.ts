// How far a run has come: one rule for the store that counts while events arrive and for readers that fold them.

import type { RunEndedData } from './trace-event.ts'

/** What is known of one execution of a run, from whichever of its events have arrived. */
export interface ProgressFacts {
  /** Nodes of the declared graph; empty while none is known. */
  declared: readonly string[]
  /** Nodes of which a NODE_COMPLETED or NODE_SKIPPED tells. */
  told: readonly string[]
  /** The attempts that the end of the execution names; empty while it goes on. */
  roster: readonly Pick<RunEndedData['attempts'][number], 'nodeRef' | 'outcome'>[]
}

/**
 * A node is done when an event tells that it was completed or skipped, or when the roster has a completed attempt of
 * it. Where the roster names attempts of a node and none of them completed, that counts for more than what a worker
 * told: the history has another outcome. Of a run with a declared graph only the nodes of the graph count, so that what
 * is done never exceeds the total.
 */
export function progressOf({ declared, told, roster }: ProgressFacts): {
  completedActions: number
  totalActions: number
} {
  const named = new Set(roster.map(({ nodeRef }) => nodeRef))
  const done = new Set(told.filter((nodeRef) => !named.has(nodeRef)))
  for (const { nodeRef, outcome } of roster) if (outcome === 'completed') done.add(nodeRef)
  const graph = new Set(declared)
  const counted = graph.size > 0 ? [...done].filter((nodeRef) => graph.has(nodeRef)) : [...done]
  return { completedActions: counted.length, totalActions: graph.size }
}
