// Whom a whole program speaks for, by options or by its environment: an attempt of a node, a run, or a component.

import { readEnvironment } from '@runlight/contracts/environment'
import type { ComponentLog } from './component-log.ts'
import type { ExecutionContext } from './execution-context.ts'
import type { Telemetry } from './telemetry.ts'

export interface Speaker {
  component?: string | undefined
  runId?: string | undefined
  nodeRef?: string | undefined
  attempt?: number | undefined
  execution?: number | undefined
  workflowId?: string | undefined
  orgId?: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

/**
 * What is named, completed by RUNLIGHT_RUN_ID, RUNLIGHT_NODE and so on. A component that is named, and no run, is not
 * overruled by a run of the environment.
 * @throws RunlightError RL_CONFIG_INVALID
 */
export function completeSpeaker(named: Speaker, env: Env = process.env): Speaker {
  const read = readEnvironment(['runId', 'nodeRef', 'attempt', 'execution', 'workflowId', 'orgId', 'component'], env)
  const orgId = named.orgId ?? (read.orgId || undefined)
  if (named.component !== undefined && named.runId === undefined) return { component: named.component, orgId }
  const runId = named.runId ?? (read.runId || undefined)
  if (runId === undefined) return { component: read.component || undefined, orgId }
  // What the environment says of its own run does not hold for another one.
  const own = runId === read.runId
  const { nodeRef, attempt, execution, workflowId } = named
  return {
    runId,
    nodeRef: nodeRef ?? ((own && read.nodeRef) || undefined),
    attempt: attempt ?? (own && nodeRef === undefined ? read.attempt : 1),
    execution: execution ?? (own ? read.execution : 1),
    workflowId: workflowId ?? ((own && read.workflowId) || undefined),
    orgId,
  }
}

/** Opens the log of a speaker; one that names nobody speaks for the component `otherwise`. */
export function openSpeaker(
  telemetry: Telemetry,
  named: Speaker,
  otherwise: string,
  env: Env = process.env,
): ComponentLog | ExecutionContext {
  const { component, runId, nodeRef, attempt = 1, execution = 1, workflowId, orgId } = completeSpeaker(named, env)
  if (runId === undefined) {
    return telemetry.component(component ?? otherwise, { ...(orgId !== undefined && { orgId }) })
  }
  return telemetry.context({ runId, workflowId, orgId, execution, attempt, ...(nodeRef !== undefined && { nodeRef }) })
}
