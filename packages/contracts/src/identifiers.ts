// Names of runs, nodes and tasks.

import Type from 'typebox'
import { ORG_ID_PATTERN } from './organisation.ts'
import { RFC3339_PATTERN } from './time.ts'

// Control characters would break terminals, label values and NUL-less text columns.
const NAME_PATTERN = '^[^\\u0000-\\u001f\\u007f]+$'

const name = (description: string) => Type.String({ minLength: 1, maxLength: 256, pattern: NAME_PATTERN, description })

export const OrgId = Type.String({ pattern: ORG_ID_PATTERN, description: 'Organisation; missing means `unassigned`' })
export const WorkflowId = name('The workflow definition that the run is one of')
export const RunId = name('The run; also the Temporal workflow id')
export const NodeRef = name('The node of the graph; also the Temporal activity id')
export const Component = name('The component that speaks, for system entries')
export const Execution = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'Counts the Temporal runs of one workflow id: 1 unless reset, retried or continued',
})
export const Attempt = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Attempt of the node, from 1' })
export const Timestamp = Type.String({ pattern: RFC3339_PATTERN, description: 'RFC 3339, up to nanoseconds' })

/** Prefix of generated run ids; a setting. */
export const DEFAULT_RUN_PREFIX = 'shipsec-run-'

/** One attempt of one node of one execution of a run. */
export interface TaskRun {
  runId: string
  execution: number
  nodeRef: string
  attempt: number
}

/** `<runId>/<execution>/<nodeRef>/<attempt>`; `/` and `%` inside the names are percent-encoded, so it can be read back. */
export function taskRunId(task: TaskRun): string {
  return `${encodeName(task.runId)}/${task.execution}/${encodeName(task.nodeRef)}/${task.attempt}`
}

/** Reads a task run id back; undefined when the text is none. */
export function parseTaskRunId(text: string): TaskRun | undefined {
  const parts = /^([^/]+)\/([1-9]\d*)\/([^/]+)\/([1-9]\d*)$/.exec(text)
  if (!parts) return undefined
  const [, runId, execution, nodeRef, attempt] = parts as unknown as [string, string, string, string, string]
  return {
    runId: decodeName(runId),
    execution: Number(execution),
    nodeRef: decodeName(nodeRef),
    attempt: Number(attempt),
  }
}

function encodeName(text: string): string {
  return text.includes('%') || text.includes('/') ? text.replaceAll('%', '%25').replaceAll('/', '%2F') : text
}

function decodeName(text: string): string {
  return text.replaceAll('%2F', '/').replaceAll('%25', '%')
}
