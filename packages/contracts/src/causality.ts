// Who causes what within one execution of a run. Workers and the observer name causes by the same rules, each from
// what it knows for certain, so that the partial order of a run does not depend on arrival.
//
//   RUN_STARTED                  (nothing)
//   NODE_SCHEDULED  attempt 1    what ended each node that the graph puts before it (NODE_COMPLETED, NODE_FAILED,
//                                NODE_SKIPPED of the attempt that the history names); RUN_STARTED where it is first
//   NODE_RETRYING   attempt n>1  NODE_FAILED of attempt n-1
//   NODE_STARTED    attempt n    NODE_SCHEDULED (n = 1) or NODE_RETRYING (n > 1) of its own attempt
//   NODE_PROGRESS   attempt n    NODE_STARTED of its own attempt
//   NODE_COMPLETED, NODE_FAILED  NODE_STARTED of its own attempt; where that never began, what opened it
//   NODE_SKIPPED                 as NODE_SCHEDULED
//   PRODUCER_CLOSED              the event by which its attempt ended
//   RUN_COMPLETED, RUN_FAILED, … what ended each node that no other node comes after
//
// A worker knows its own attempt only; the edges between nodes come from the observer, which reads the history.

import { causeKey } from './trace-event.ts'
import type { TraceEvent } from './trace-event.ts'

type Task = Required<Pick<TraceEvent, 'execution' | 'nodeRef' | 'attempt'>>

/** Key of the event that opens an attempt: NODE_SCHEDULED for the first, NODE_RETRYING for every other. */
export function attemptOpenedBy(task: Task): string {
  return causeKey({ ...task, type: task.attempt === 1 ? 'NODE_SCHEDULED' : 'NODE_RETRYING' })
}

/** Key of the event by which a worker says that it has begun an attempt. */
export function attemptStartedBy(task: Task): string {
  return causeKey({ ...task, type: 'NODE_STARTED' })
}
