// Follows one Temporal run: from its history and its pending activities to events on the bus.

import { setTimeout as sleep } from 'node:timers/promises'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import type { Log } from '@runlight/service/log'
import { endDeletedRun, endRun } from './end-run.ts'
import { successorOf, wasReset } from './ending.ts'
import type { ExecutionNumbers } from './executions.ts'
import { takeHistory } from './history.ts'
import type { HistoryEvent, ObservedRun } from './observed-run.ts'
import { countedExecution, openRun, predecessorOf } from './open-run.ts'
import { nextDeadline, takePending } from './pending.ts'
import type { RunAddress, RunNow, TemporalAccess } from './temporal.ts'

export interface Follower {
  /** Reads a run for the first time and publishes what its history tells, save its end. */
  begin: (run: RunAddress) => Promise<ObservedRun>
  /** Publishes what is new since then. */
  advance: (run: ObservedRun) => Promise<Advance>
  /** Publishes the end of a run that is closed. `begun` makes sure that a run which takes over is seen to have begun. */
  finish: (run: ObservedRun, begun: (successor: RunAddress) => Promise<unknown>) => Promise<void>
  /** Publishes what is left to tell of a run that Temporal does not have any more. */
  abandon: (run: ObservedRun) => Promise<void>
}

export interface Advance {
  /** There was something new. */
  moved: boolean
  /** When the server itself will act on the run next; see `nextDeadline`. */
  deadline: number | undefined
}

export interface FollowerSettings {
  temporal: TemporalAccess
  numbers: ExecutionNumbers
  publish: (events: readonly TraceEvent[]) => Promise<void>
  log: Log
  signal: AbortSignal
}

/** How long visibility may take to list a run, or the one before it; what is not there then was removed by retention. */
const VISIBILITY_PATIENCE_MS = 10_000
const VISIBILITY_RETRY_MS = 200

export function createFollower({ temporal, numbers, publish, log, signal }: FollowerSettings): Follower {
  const numberOf = async (address: RunAddress, events: readonly HistoryEvent[]): Promise<number> => {
    const { predecessor, direct } = predecessorOf(address.temporalRunId, events)
    const counted = countedExecution(address.temporalRunId, events)
    const giveUpAt = performance.now() + VISIBILITY_PATIENCE_MS
    for (;;) {
      const number = await numbers.numberOf({ ...address, predecessor, direct, counted })
      if (number !== undefined) return number
      if (performance.now() > giveUpAt) break
      await sleep(VISIBILITY_RETRY_MS, undefined, { signal })
    }
    const alone = await numbers.numberOf({ ...address, predecessor: undefined, direct: false, counted })
    if (alone !== undefined) return alone
    throw new Error(`Visibility does not list ${address.runId} (${address.temporalRunId})`)
  }

  const begin = async (address: RunAddress): Promise<ObservedRun> => {
    const events = await temporal.history(address)
    const execution = await numberOf(address, events)
    const { run, refusals } = openRun({ ...address, execution }, events)
    for (const { field, message } of refusals) {
      log.warn({ ...address }, `The memo of a run has a field that cannot be used: ${field} ${message}.`)
    }
    await publish(takeHistory(run, events))
    return run
  }

  const advance = async (run: ObservedRun): Promise<Advance> => {
    const now = await temporal.describe(run)
    const events = now.historyLength > run.lastEventId ? await newEvents(run, now) : []
    const told = [...takeHistory(run, events), ...(now.open ? takePending(run, now.pending) : [])]
    await publish(told)
    return { moved: events.length > 0 || told.length > 0, deadline: nextDeadline(now.pending) }
  }

  const newEvents = (run: ObservedRun, now: RunNow): Promise<HistoryEvent[]> =>
    temporal.historyAfter(run, run.lastEventId, now.historyLength)

  const finish: Follower['finish'] = async (run, begun) => {
    const reset = wasReset(run)
    const { pending, resetTo } = run.open.size > 0 || reset ? await temporal.describe(run) : NOTHING_OPEN
    const successor = successorOf(run) ?? (reset ? resetTo : undefined)
    // Published first, so that no reader takes the run for over in between.
    if (successor !== undefined) await begun({ runId: run.runId, temporalRunId: successor })
    await publish(endRun(run, { pending, resetTo }))
  }

  const abandon: Follower['abandon'] = (run) => publish(run.closing ? endRun(run, NOTHING_OPEN) : endDeletedRun(run))

  return { begin, advance, finish, abandon }
}

const NOTHING_OPEN: Pick<RunNow, 'pending' | 'resetTo'> = { pending: [], resetTo: undefined }
