// Identity of what the observer says. It is computed from the history alone, never counted, so that two observers,
// or one that was restarted, give one fact the same identity.

import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import type { TraceEventType } from '@runlight/contracts/trace-event'

const ATTEMPTS = 2 ** 20
const TYPES = 16
/** Highest event id whose sequence number is still a safe integer. */
const MAX_EVENT_ID = Math.floor(Number.MAX_SAFE_INTEGER / (ATTEMPTS * TYPES)) - 1
/** Highest attempt that has an identity; later ones are not reported one by one. */
export const MAX_ATTEMPT = ATTEMPTS - 1

/** Producer of everything that is said of one Temporal run. */
export function producerId(temporalRunId: string): string {
  return `temporal/${temporalRunId}`
}

/**
 * `(eventId * 2^20 + attempt) * 16 + type`, below 2^53. The parts are:
 *
 * - `eventId`: of a node, the history event that scheduled it (also where an attempt was seen among the pending
 *   activities, which have no event of their own); of the run, the event that started or ended it;
 * - `attempt`: of the node; 1 for the run; for NODE_SKIPPED, which has no event of its own, the place of the node in
 *   the declared graph, from 1, beside the event that ended the run; for the end of an attempt that never began, of
 *   which the history does not know the number, the highest possible;
 * - `type`: the place of the event's type in the contract's list.
 *
 * @throws RangeError when a part is outside what fits
 */
export function sequence(eventId: number, attempt: number, type: TraceEventType): number {
  if (!Number.isInteger(eventId) || eventId < 1 || eventId > MAX_EVENT_ID) {
    throw new RangeError(`Event id ${eventId} has no sequence number: it must be from 1 to ${MAX_EVENT_ID}.`)
  }
  if (!Number.isInteger(attempt) || attempt < 1 || attempt > MAX_ATTEMPT) {
    throw new RangeError(`Attempt ${attempt} has no sequence number: it must be from 1 to ${MAX_ATTEMPT}.`)
  }
  return (eventId * ATTEMPTS + attempt) * TYPES + TRACE_EVENT_TYPES.indexOf(type)
}
