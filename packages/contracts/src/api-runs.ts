// Starting a run and cancelling one: what the API is told and answers.

import Type from 'typebox'
import { AuditInputs } from './audit-inputs.ts'
import { AUDIT_WORKFLOW_ID } from './dependency-audit.ts'
import { RunState } from './execution-status.ts'
import { OrgId, RunId, WorkflowId } from './identifiers.ts'

export const StartRun = Type.Object(
  {
    workflowId: Type.Optional(
      Type.Enum([AUDIT_WORKFLOW_ID], { description: 'The workflow to run; this one if left out' }),
    ),
    runId: Type.Optional(RunId),
    orgId: Type.Optional(OrgId),
    inputs: Type.Optional(AuditInputs),
  },
  {
    additionalProperties: false,
    description:
      'With a `runId` of your own, of at most 1,000 bytes in UTF-8, it can be repeated: the same request gives the same run, another one with this id a 409',
  },
)
export type StartRun = Type.Static<typeof StartRun>

export const StartedRun = Type.Object({
  runId: RunId,
  workflowId: WorkflowId,
  temporalRunId: Type.String({ description: "Temporal's own id of this execution" }),
})
export type StartedRun = Type.Static<typeof StartedRun>

export const CancelledRun = Type.Object({
  runId: RunId,
  status: RunState,
})
export type CancelledRun = Type.Static<typeof CancelledRun>
