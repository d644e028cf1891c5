// What a run of the demo workflow can be told, and what Temporal is given to start one.

import Type from 'typebox'
import { AUDIT_WORKFLOW_ID, AUDIT_WORKFLOW_TYPE, auditGraph } from './dependency-audit.ts'
import type { RunMemo } from './memo.ts'

/** What a node is made to do besides its work, to see how a run goes then. */
export const Fault = Type.Object(
  {
    fail: Type.Optional(Type.Boolean({ description: 'Fails for good: no attempt can help' })),
    failTimes: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000, description: 'Fails in so many attempts, then works' }),
    ),
    hang: Type.Optional(Type.Boolean({ description: 'Waits until it is cancelled, or its time is over' })),
    lines: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Logs so many lines before its work' }),
    ),
  },
  { additionalProperties: false },
)
export type Fault = Type.Static<typeof Fault>

/** Inputs of a run as whoever starts it gives them. */
export const AuditInputs = Type.Object(
  {
    shards: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 50, description: 'Parts that the packages are divided into; 3 if left out' }),
    ),
    attempts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: 'Attempts that each node has; 3 if left out' }),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: 86_400_000,
        description: 'Time that one attempt has, in milliseconds; 300,000 if left out',
      }),
    ),
    faults: Type.Optional(
      Type.Record(Type.String(), Fault, {
        description: 'By the name of a node (`read-lock`, `licences-1`, …): what it is made to do besides its work',
      }),
    ),
  },
  { additionalProperties: false },
)
export type AuditInputs = Type.Static<typeof AuditInputs>

/** What the workflow is given. Paths are the worker's own where none is named. */
export interface AuditInput extends Required<AuditInputs> {
  /** Path of a package-lock.json as the worker sees it; the installed packages lie beside it. */
  lockFile?: string
  /** Folder, as the worker sees it, in which the report gets a folder of its own, named after the run. */
  outputFolder?: string
}

export interface AuditStart {
  workflowType: string
  args: [AuditInput]
  memo: RunMemo
}

/** What Temporal is told to start a run: three shards, three attempts a node, five minutes each, unless said otherwise. */
export function auditStart(
  inputs: AuditInputs & Pick<AuditInput, 'lockFile' | 'outputFolder'>,
  orgId: string | undefined,
): AuditStart {
  const input: AuditInput = { shards: 3, attempts: 3, timeoutMs: 300_000, faults: {}, ...inputs }
  return {
    workflowType: AUDIT_WORKFLOW_TYPE,
    args: [input],
    memo: {
      graph: auditGraph(input.shards),
      workflowId: AUDIT_WORKFLOW_ID,
      ...(orgId !== undefined && { orgId }),
    },
  }
}
