// Starts a run of the audit past the API: for who has the worker and Temporal, and nothing else.

import { auditStart } from '@runlight/contracts/audit-inputs'
import type { AuditInput } from '@runlight/contracts/audit-inputs'
import { DEFAULT_RUN_PREFIX } from '@runlight/contracts/identifiers'
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client'
import type { dependencyAudit } from './workflow.ts'

export interface AuditOptions extends Partial<AuditInput> {
  taskQueue: string
  orgId?: string
}

export type AuditRun = WorkflowHandleWithFirstExecutionRunId<typeof dependencyAudit>

/**
 * Starts a run with a fresh id (the handle's `workflowId`), by the inputs' own defaults.
 * @throws what Temporal's client throws when it can't be started
 */
export async function startAudit(client: Client, options: AuditOptions): Promise<AuditRun> {
  const { taskQueue, orgId, ...inputs } = options
  const { workflowType, args, memo } = auditStart(inputs, orgId)
  return client.workflow.start<typeof dependencyAudit>(workflowType, {
    workflowId: `${DEFAULT_RUN_PREFIX}${crypto.randomUUID()}`,
    ...{ taskQueue, args, memo },
  })
}
