// What a run's memo declares, and what is passed on from the workflow to its activities.
// Written by whoever starts a run; read by the observer (memo) and by workers (header).

import Type from 'typebox'
import { Execution, OrgId, WorkflowId } from './identifiers.ts'
import { MEMO_KEYS } from './memo-keys.ts'
import type { Refusal } from './schema.ts'
import { shape } from './schema.ts'
import { RunGraph } from './trace-event.ts'

/** The memo of a run. Other fields of the memo are the workflow's own. */
export const RunMemo = Type.Object({
  [MEMO_KEYS.graph]: Type.Optional(RunGraph),
  [MEMO_KEYS.workflowId]: Type.Optional(WorkflowId),
  [MEMO_KEYS.orgId]: Type.Optional(OrgId),
})
export type RunMemo = Type.Static<typeof RunMemo>

/**
 * What an activity is told of its run besides what its own info holds (workflow id = run id, activity id = node,
 * attempt). Its fields are optional, because a run may be started by somebody who knows nothing of Runlight.
 *
 * `execution` is the place, from 1, of the Temporal run among those of its workflow id, in the order of their start.
 * The workflow counts it where it can: one more for every continue-as-new and every retry. Where it can't (after a
 * reset) it leaves it out, and the worker asks Temporal's visibility, as the observer does.
 */
export const RunHeader = Type.Object({
  orgId: Type.Optional(OrgId),
  workflowId: Type.Optional(WorkflowId),
  execution: Type.Optional(Execution),
})
export type RunHeader = Type.Static<typeof RunHeader>

const fields = { graph: shape(RunGraph), workflowId: shape(WorkflowId), orgId: shape(OrgId) }

/**
 * Reads a memo as Temporal's client or `workflowInfo()` give it (decoded). A field that does not have its shape is
 * left out and named in `refusals`, so that a run with a faulty memo is still followed, under `unassigned` if need be.
 */
export function readRunMemo(memo: Readonly<Record<string, unknown>> | undefined): {
  memo: RunMemo
  refusals: Refusal[]
} {
  const read: RunMemo = {}
  const refusals: Refusal[] = []
  for (const key of Object.values(MEMO_KEYS)) {
    const value = memo?.[key]
    if (value === undefined || value === null) continue
    const checked = fields[key].check(value)
    if (checked.ok) Object.assign(read, { [key]: checked.value })
    else
      refusals.push({ field: [key, checked.refusal.field].filter(Boolean).join('.'), message: checked.refusal.message })
  }
  return { memo: read, refusals }
}
