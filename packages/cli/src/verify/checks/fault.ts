// Is a fault in a node seen: in the status of the run, and in its timeline?

import type { RunTimeline } from '@runlight/contracts/api-timeline'
import type { RunGraph } from '@runlight/contracts/trace-event'
import { askJson } from '../ask.ts'
import { failed, ok, skipped } from '../check.ts'
import type { Finding, Tools } from '../check.ts'
import { followRun, standing } from '../follow-run.ts'
import type { Scene } from '../scene.ts'
import { startRun } from '../start-run.ts'

export async function checkFault({ environment, graph }: Scene, tools: Tools): Promise<Finding> {
  const node = graph && midway(graph)
  if (node === undefined) return skipped('Not tried: no run has told its graph, so no node can be chosen to fail.')
  tools.say(`Starting a run whose node ${node} fails.`)
  const runId = await startRun(environment, { failingNode: node }, tools.signal)
  const { done } = await followRun(environment.apiUrl, runId, tools)
  const { status, failure } = done.status
  const next = `See \`runlight status ${runId}\` and \`runlight trace ${runId}\`.`
  if (status !== 'FAILED' || failure?.nodeRef !== node || !failure.reason) {
    const told = failure ? `${failure.nodeRef ?? 'no node'}: ${failure.reason}: ${failure.message}` : 'no failure'
    return failed(
      `${node} of ${runId} was made to fail. Its status: ${standing(done.status)}; it tells of ${told}.`,
      next,
    )
  }
  const address = `${environment.apiUrl}/workflows/runs/${encodeURIComponent(runId)}/timeline`
  const faults = faultsOfTimeline(await askJson<RunTimeline>(address, tools.signal), node, graph)
  if (faults.length > 0)
    return failed(`${node} of ${runId} was made to fail, and its timeline ${faults.join('; ')}.`, next)
  return ok(`${runId} is FAILED by ${node} (${failure.reason}: ${failure.message}), and its timeline shows where.`)
}

/** A node that comes after others and that others wait for, if there is one. */
function midway({ nodes }: RunGraph): string | undefined {
  const awaited = new Set(nodes.flatMap(({ after }) => after))
  return (nodes.find(({ ref, after }) => after.length > 0 && awaited.has(ref)) ?? nodes[0])?.ref
}

/** What the timeline gets wrong. */
function faultsOfTimeline({ executions }: RunTimeline, node: string, graph: RunGraph | undefined): string[] {
  const execution = executions.at(-1)
  const states = new Map(execution?.nodes.map(({ nodeRef, state }) => [nodeRef, state]))
  const span = execution?.nodes.find(({ nodeRef }) => nodeRef === node)
  const waiting = graph?.nodes.filter(({ after }) => after.includes(node)) ?? []
  const faults: string[] = []
  if (execution?.state !== 'FAILED') faults.push(`shows the run as ${execution?.state ?? 'nothing'}`)
  if (span?.state !== 'FAILED') faults.push(`shows ${node} as ${span?.state ?? 'nothing'}`)
  else if (!span.error && !span.attempts.some(({ error }) => error)) faults.push(`gives no reason for ${node}`)
  for (const { ref } of waiting) {
    if (states.get(ref) === 'COMPLETED') faults.push(`shows ${ref}, which comes after it, as COMPLETED`)
  }
  return faults
}
