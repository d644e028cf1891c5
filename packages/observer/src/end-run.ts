// The end of a run: nodes that were never scheduled, and the run's own last event with the roster of attempts.

import type { TraceEvent } from '@runlight/contracts/trace-event'
import { causesOfEnd, causesOfScheduling, neverScheduled } from './causes.ts'
import { endingOf, wasReset } from './ending.ts'
import type { Ending } from './ending.ts'
import { enrol } from './node-life.ts'
import type { Fact, ObservedRun } from './observed-run.ts'
import { keyOf, toEvent } from './observed-run.ts'
import type { PendingActivity } from './pending.ts'
import { hasBegun, matched, takePending } from './pending.ts'
import { instantOf } from './times.ts'

/** What the server says of a closed run besides its history. */
export interface AtClose {
  /** The activities that were open when it closed; without them, open nodes count as never begun. */
  pending: readonly PendingActivity[]
  /** The run that it was reset to. */
  resetTo?: string | undefined
}

/**
 * What is told when `run.closing` is set.
 * @throws Error when the run is not closed
 */
export function endRun(run: ObservedRun, { pending, resetTo }: AtClose): TraceEvent[] {
  const { closing } = run
  const ending = closing && endingOf(closing)
  if (!closing || !ending) throw new Error(`The run ${run.runId} (${run.temporalRunId}) is not closed`)
  const told = takePending(run, pending)
  for (const { activity, node } of matched(run, pending)) {
    const left = node.cancelRequested ? 'cancelled' : 'abandoned'
    enrol(run, node, hasBegun(activity) ? left : undefined)
  }
  const at = instantOf(closing.eventTime) ?? run.lastEventAt
  const continuedBy = ending.continuedBy || (wasReset(run) ? resetTo : undefined)
  return [...told, ...tellEnd(run, { ...ending, continuedBy }, { at, eventId: Number(closing.eventId) })]
}

/**
 * What is told of an open run that Temporal does not have any more: somebody deleted it, and what became of it is not
 * known. It counts as terminated, after the last event that was read.
 */
export function endDeletedRun(run: ObservedRun): TraceEvent[] {
  for (const node of run.open.values()) enrol(run, node, 'abandoned')
  const error = { type: 'Deleted', message: 'Temporal does not have the run any more', retryable: false }
  const ending: Ending = { type: 'RUN_TERMINATED', message: 'The run was deleted in Temporal', error }
  return tellEnd(run, ending, { at: run.lastEventAt, eventId: run.lastEventId + 1 })
}

type Place = Pick<Fact, 'at' | 'eventId'>

function tellEnd(run: ObservedRun, ending: Ending, place: Place): TraceEvent[] {
  const { type, message, error, nodeRef, continuedBy, handsOver } = ending
  const facts = handsOver ? [] : skipped(run, place)
  const data = {
    attempts: run.roster,
    ...(nodeRef === undefined ? {} : { nodeRef }),
    ...(continuedBy ? { continuedBy } : {}),
  }
  facts.push({ ...place, type, message, error, data, causes: causesOfEnd(run) })
  return facts.map((fact) => toEvent(run, fact))
}

function skipped(run: ObservedRun, place: Place): Fact[] {
  return neverScheduled(run).map(({ ref: nodeRef, place: slot }) => {
    const causes = causesOfScheduling(run, nodeRef)
    run.endedBy.set(nodeRef, keyOf(run, 'NODE_SKIPPED', nodeRef))
    return { ...place, type: 'NODE_SKIPPED', slot, nodeRef, message: `${nodeRef} was skipped`, causes }
  })
}
