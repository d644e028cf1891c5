// Starts a run of the audit.

import { DEFAULT_RUN_PREFIX } from '@runlight/contracts/identifiers'
import type { RunMemo } from '@runlight/contracts/memo'
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client'
import { WORKFLOW_ID, auditGraph } from './audit.ts'
import type { AuditInput } from './audit.ts'
import type { dependencyAudit } from './workflow.ts'

export interface AuditOptions extends Partial<Omit<AuditInput, 'lockFile' | 'outputFolder'>> {
  taskQueue: string
  /** Path of a package-lock.json, as the worker sees it. */
  lockFile: string
  /** Folder for the report, as the worker sees it. */
  outputFolder: string
  orgId?: string
  /** Prefix of the run id. Default `shipsec-run-`. */
  runPrefix?: string
}

export type AuditRun = WorkflowHandleWithFirstExecutionRunId<typeof dependencyAudit>

/**
 * Starts a run with a fresh id (the handle's `workflowId`): three shards, three attempts for each node and five minutes
 * for each attempt, unless the options say otherwise.
 * @throws what Temporal's client throws when it can't be started
 */
export async function startAudit(client: Client, options: AuditOptions): Promise<AuditRun> {
  const { taskQueue, lockFile, outputFolder, orgId, runPrefix = DEFAULT_RUN_PREFIX } = options
  const { shards = 3, attempts = 3, timeoutMs = 300_000, faults = {} } = options
  const input: AuditInput = { lockFile, outputFolder, shards, attempts, timeoutMs, faults }
  const memo: RunMemo = { graph: auditGraph(shards), workflowId: WORKFLOW_ID, ...(orgId !== undefined && { orgId }) }
  return client.workflow.start<typeof dependencyAudit>('dependencyAudit', {
    workflowId: `${runPrefix}${crypto.randomUUID()}`,
    taskQueue,
    args: [input],
    memo,
  })
}
