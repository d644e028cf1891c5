// Causes from the declared graph, by the rules in @runlight/contracts/causality.
// They depend on the history before the fact alone, so every reading of it names the same ones.

import type { ObservedRun } from './observed-run.ts'
import { keyOf } from './observed-run.ts'

/** What a node waited for: what ended each node that the graph puts before it, or the start of the run. */
export function causesOfScheduling(run: ObservedRun, nodeRef: string): string[] {
  const before = run.graph.nodes.find((node) => node.ref === nodeRef)?.after ?? []
  return orStart(run, endings(run, before))
}

/** What led to the end of the run: what ended each node that no other node comes after. */
export function causesOfEnd(run: ObservedRun): string[] {
  const followed = new Set(run.graph.nodes.flatMap((node) => node.after))
  const nodes = new Set([...run.graph.nodes.map((node) => node.ref), ...run.scheduled])
  const last = [...nodes].filter((ref) => !followed.has(ref))
  return orStart(run, endings(run, last))
}

function endings(run: ObservedRun, nodeRefs: readonly string[]): string[] {
  return nodeRefs.map((ref) => run.endedBy.get(ref)).filter((key) => key !== undefined)
}

function orStart(run: ObservedRun, causes: string[]): string[] {
  return causes.length > 0 ? causes : [keyOf(run, 'RUN_STARTED')]
}

/** Nodes of the graph that were never scheduled, each after those that it comes after; cycles in the order declared. */
export function neverScheduled(run: ObservedRun): { ref: string; place: number }[] {
  const left = run.graph.nodes
    .map((node, index) => ({ ...node, place: index + 1 }))
    .filter((node) => !run.scheduled.has(node.ref))
  const waiting = new Set(left.map((node) => node.ref))
  const ordered: { ref: string; place: number }[] = []
  while (waiting.size > 0) {
    const free = left.filter((node) => waiting.has(node.ref) && !node.after.some((ref) => waiting.has(ref)))
    const next = free.length > 0 ? free : left.filter((node) => waiting.has(node.ref))
    for (const { ref, place } of next) {
      ordered.push({ ref, place })
      waiting.delete(ref)
    }
  }
  return ordered
}
