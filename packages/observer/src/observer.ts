// Finds runs through visibility and has each of them followed, as often as it moves and as the budget allows.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@runlight/service/log'
import type { ExecutionNumbers } from './executions.ts'
import type { Follower } from './follow.ts'
import type { ObservedRun } from './observed-run.ts'
import type { Pace } from './pace.ts'
import { isMissingRun } from './temporal.ts'
import type { RunAddress, TemporalAccess } from './temporal.ts'
import type { Tracked, Tracker } from './tracker.ts'

export interface ObserverSettings {
  temporal: Pick<TemporalAccess, 'list'>
  numbers: Pick<ExecutionNumbers, 'expect'>
  follower: Follower
  tracker: Tracker
  pace: Pace
  log: Log
  signal: AbortSignal
  onScan: (outcome: 'ok' | 'failed') => void
}

export interface Observer {
  /**
   * Observes until the signal aborts.
   * @param lookedThrough up to when an observer before this one had looked, in milliseconds since the epoch
   */
  observe: (lookedThrough: number | undefined) => Promise<void>
  /** Up to when everything has been told; undefined before the first look. */
  toldThrough: () => number | undefined
  /** Why Temporal can't be asked; undefined while it can. */
  trouble: () => string | undefined
  /** When it last began to look, in milliseconds of `performance.now()`; undefined before the first time. */
  lastLook: () => number | undefined
}

const LONGEST_RETRY_MS = 5000

export function createObserver(settings: ObserverSettings): Observer {
  const { temporal, numbers, follower, tracker, pace, log, signal, onScan } = settings
  const beginning = new Map<string, Promise<ObservedRun>>()
  let trouble: string | undefined = 'not asked yet'
  let lastLook: number | undefined
  let lookedAt: number | undefined
  let sweptAt: number | undefined
  let due: Tracked[] = []
  let following = 0

  const look = async (sweepFrom: number): Promise<void> => {
    const startedAt = Date.now()
    lastLook = performance.now()
    const sweeps = sweptAt === undefined || startedAt - sweptAt >= pace.sweep
    if (sweeps) {
      const open = await temporal.list('CloseTime IS NULL')
      const back = sweptAt === undefined ? sweepFrom : sweptAt - pace.sweepOverlap
      const closed = await temporal.list(`CloseTime >= '${rfc3339(back)}'`)
      expectNumbers(tracker.found([...open, ...closed]))
      tracker.listed(open)
      sweptAt = startedAt
    } else {
      const since = rfc3339((lookedAt ?? startedAt) - pace.overlap)
      expectNumbers(tracker.found(await temporal.list(`StartTime >= '${since}' OR CloseTime >= '${since}'`)))
    }
    lookedAt = startedAt
  }

  const expectNumbers = (runs: readonly RunAddress[]): void => numbers.expect(runs.map(({ runId }) => runId))

  const begin = (entry: Tracked): Promise<ObservedRun> => {
    if (entry.run) return Promise.resolve(entry.run)
    const begun =
      beginning.get(entry.temporalRunId) ??
      follower
        .begin(entry)
        .then((run) => (entry.run = run))
        .finally(() => beginning.delete(entry.temporalRunId))
    beginning.set(entry.temporalRunId, begun)
    return begun
  }

  /** For a run that takes over from another: it is begun here unless it is known already. */
  const begun = async (address: RunAddress): Promise<void> => {
    const entry = tracker.entry(address)
    if (!entry) return
    await begin(entry).catch((cause: unknown) => {
      // Its end is not told before it can be seen what goes on.
      if (!isMissingRun(cause)) throw cause
      return onFailure(entry, cause)
    })
  }

  const follow = async (entry: Tracked): Promise<void> => {
    const known = entry.run
    const run = await begin(entry)
    const seen = known ? await follower.advance(run) : { moved: false, deadline: undefined }
    if (run.closing) {
      await follower.finish(run, begun)
      tracker.settle(entry)
    } else {
      tracker.checked(entry, seen)
    }
  }

  /** A run that Temporal does not have any more is over; anything else is tried again. */
  const onFailure = async (entry: Tracked, cause: unknown): Promise<void> => {
    if (signal.aborted) return
    const { runId, temporalRunId } = entry
    if (!isMissingRun(cause)) {
      tracker.failed(entry)
      log.warn({ cause, runId, temporalRunId }, `A run could not be followed (${wordsOf(cause)}); trying again.`)
      return
    }
    log.warn({ runId, temporalRunId }, 'A run was deleted in Temporal while it was followed.')
    if (entry.run) await follower.abandon(entry.run)
    tracker.settle(entry)
  }

  const followSafely = async (entry: Tracked): Promise<void> => {
    entry.busy = true
    following += 1
    // What is thrown after that comes from stopping alone.
    await follow(entry)
      .catch((cause: unknown) => onFailure(entry, cause))
      .catch(() => undefined)
    entry.busy = false
    following -= 1
    dispatch()
  }

  const gather = (): void => {
    due = tracker.due()
    dispatch()
  }

  /** Starts as many of the due runs as may be followed side by side. */
  const dispatch = (): void => {
    while (!signal.aborted && following < pace.concurrency) {
      const next = due.shift()
      if (!next) return
      if (!next.busy) void followSafely(next)
    }
  }

  const observe: Observer['observe'] = async (lookedThrough) => {
    const now = Date.now()
    const sweepFrom = lookedThrough === undefined ? now - pace.resume : Math.min(now, lookedThrough) - pace.sweepOverlap
    const gathering = setInterval(gather, pace.dispatch)
    signal.addEventListener('abort', () => clearInterval(gathering))
    let wait = pace.tick
    while (!signal.aborted) {
      try {
        await look(sweepFrom)
        if (trouble !== undefined) log.info('Temporal answers.')
        trouble = undefined
        wait = pace.tick
        onScan('ok')
      } catch (cause) {
        if (signal.aborted) return
        const words = wordsOf(cause)
        if (trouble !== words) log.warn({ cause }, `Temporal cannot be asked for its runs (${words}); trying again.`)
        trouble = words
        wait = Math.min(LONGEST_RETRY_MS, wait * 2)
        onScan('failed')
      }
      gather()
      await sleep(trouble === undefined ? wait : Math.random() * wait, undefined, { signal }).catch(() => undefined)
    }
  }

  const toldThrough = (): number | undefined => (lookedAt === undefined ? undefined : tracker.toldThrough(lookedAt))
  return { observe, toldThrough, trouble: () => trouble, lastLook: () => lastLook }
}

function rfc3339(millis: number): string {
  return new Date(millis).toISOString()
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
