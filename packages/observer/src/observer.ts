// Finds runs through visibility and has each of them followed, as often as it moves and as the budget allows.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@runlight/service/log'
import type { ExecutionNumbers } from './executions.ts'
import type { Follower } from './follow.ts'
import type { ObservedRun } from './observed-run.ts'
import type { RunAddress, TemporalAccess, VisibleRun } from './temporal.ts'

/** How often and how far the observer looks. All times in milliseconds. */
export interface Pace {
  /** Between two looks for runs that have just started or closed. */
  tick: number
  /** How far such a look goes back beyond the last one: for what visibility lists late, and for clocks that differ. */
  overlap: number
  /** Between two complete lists of the open runs, which find what a look has missed. */
  sweep: number
  /** How far a sweep goes back for closed runs, beyond the last one. */
  sweepOverlap: number
  /** How far the first sweep goes back for closed runs. */
  resume: number
  /** Between two looks at a run that moves, and at one that does not: it grows from the one to the other. */
  soonest: number
  latest: number
  /** Runs looked at side by side. */
  concurrency: number
}

export const DEFAULT_PACE: Omit<Pace, 'resume'> = {
  tick: 500,
  overlap: 20_000,
  sweep: 60_000,
  sweepOverlap: 600_000,
  soonest: 1000,
  latest: 20_000,
  concurrency: 16,
}

interface Tracked extends RunAddress {
  open: boolean
  run?: ObservedRun
  /** Reading it for the first time; kept while it goes on, so that it is done once. */
  beginning?: Promise<ObservedRun>
  busy: boolean
  interval: number
  dueAt: number
}

export interface ObserverSettings {
  temporal: Pick<TemporalAccess, 'list'>
  numbers: Pick<ExecutionNumbers, 'expect'>
  follower: Follower
  pace: Pace
  log: Log
  signal: AbortSignal
  onScan: (outcome: 'ok' | 'failed') => void
}

export interface Observer {
  /** Observes until the signal aborts. */
  observe: () => Promise<void>
  openRuns: () => number
  /** Why Temporal can't be asked; undefined while it can. */
  trouble: () => string | undefined
}

/** Runs remembered as told to the end, so that an overlap does not repeat them. */
const REMEMBERED = 200_000
const LONGEST_RETRY_MS = 5000
/** gRPC status: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const NOT_FOUND = 5

export function createObserver({ temporal, numbers, follower, pace, log, signal, onScan }: ObserverSettings): Observer {
  const tracked = new Map<string, Tracked>()
  const finished = new Set<string>()
  let trouble: string | undefined = 'not asked yet'
  let lookedAt: number | undefined
  let sweptAt: number | undefined
  let due: Tracked[] = []
  let following = 0

  const track = (address: RunAddress, open: boolean): Tracked => {
    const { runId, temporalRunId } = address
    const entry: Tracked = { runId, temporalRunId, open, busy: false, interval: pace.soonest, dueAt: 0 }
    tracked.set(temporalRunId, entry)
    return entry
  }

  const found = (runs: readonly VisibleRun[]): void => {
    const unknown = runs.filter(({ temporalRunId }) => !finished.has(temporalRunId) && !tracked.has(temporalRunId))
    numbers.expect(unknown.map(({ runId }) => runId))
    for (const run of unknown) track(run, run.open)
    for (const { temporalRunId, open } of runs) {
      const entry = tracked.get(temporalRunId)
      if (!entry?.open || open) continue
      entry.open = false
      entry.dueAt = 0
    }
  }

  const settle = (entry: Tracked): void => {
    tracked.delete(entry.temporalRunId)
    finished.add(entry.temporalRunId)
    if (finished.size > REMEMBERED) finished.delete(finished.values().next().value as string)
  }

  const look = async (): Promise<void> => {
    const startedAt = Date.now()
    if (sweptAt === undefined || startedAt - sweptAt >= pace.sweep) {
      const back = sweptAt === undefined ? startedAt - pace.resume : sweptAt - pace.sweepOverlap
      const open = await temporal.list(`ExecutionStatus = 'Running'`)
      found([...open, ...(await temporal.list(`CloseTime >= '${rfc3339(back)}'`))])
      const listed = new Set(open.map((run) => run.temporalRunId))
      // Neither open nor closed of late, as far as visibility says: the run itself is asked.
      for (const entry of tracked.values()) if (entry.open && !listed.has(entry.temporalRunId)) entry.dueAt = 0
      sweptAt = startedAt
    } else {
      const since = rfc3339((lookedAt ?? sweptAt) - pace.overlap)
      found(await temporal.list(`StartTime >= '${since}' OR CloseTime >= '${since}'`))
    }
    lookedAt = startedAt
  }

  const beginOnce = (entry: Tracked): Promise<ObservedRun> => {
    if (entry.run) return Promise.resolve(entry.run)
    entry.beginning ??= follower
      .begin(entry)
      .then((run) => (entry.run = run))
      .finally(() => delete entry.beginning)
    return entry.beginning
  }

  /** For a run that takes over from another: it is begun here unless it is known already. */
  const begun = async (address: RunAddress): Promise<void> => {
    if (finished.has(address.temporalRunId)) return
    const entry = tracked.get(address.temporalRunId) ?? track(address, true)
    await beginOnce(entry).catch((cause: unknown) => {
      if (statusOf(cause) !== NOT_FOUND) throw cause
      settle(entry)
    })
  }

  const follow = async (entry: Tracked): Promise<void> => {
    const before = entry.run
    const run = await beginOnce(entry)
    const moved = before ? await follower.advance(run) : true
    if (run.closing) {
      await follower.finish(run, begun)
      settle(entry)
      return
    }
    entry.interval = moved ? pace.soonest : Math.min(pace.latest, entry.interval * 1.5)
    entry.dueAt = Date.now() + entry.interval
  }

  const followSafely = async (entry: Tracked): Promise<void> => {
    entry.busy = true
    following += 1
    try {
      await follow(entry)
    } catch (cause) {
      if (signal.aborted) return
      const { runId, temporalRunId } = entry
      if (statusOf(cause) === NOT_FOUND) {
        log.warn({ runId, temporalRunId }, 'A run was deleted in Temporal while it was followed; its end is not known.')
        settle(entry)
        return
      }
      entry.interval = Math.min(LONGEST_RETRY_MS, entry.interval * 2)
      entry.dueAt = Date.now() + Math.random() * entry.interval
      log.warn({ cause, runId, temporalRunId }, `A run could not be followed (${wordsOf(cause)}); trying again.`)
    } finally {
      entry.busy = false
      following -= 1
    }
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

  /** Due runs, the longest due first; new ones and closed ones before all others. */
  const gather = (): void => {
    const now = Date.now()
    due = [...tracked.values()].filter((entry) => !entry.busy && entry.dueAt <= now)
    due.sort((a, b) => a.dueAt - b.dueAt)
    dispatch()
  }

  const observe = async (): Promise<void> => {
    let wait = pace.tick
    while (!signal.aborted) {
      try {
        await look()
        if (trouble !== undefined) log.info('Temporal answers.')
        trouble = undefined
        wait = pace.tick
        onScan('ok')
      } catch (cause) {
        if (signal.aborted) return
        const words = wordsOf(cause)
        if (trouble !== words) log.warn({ cause }, `Temporal can not be asked for its runs (${words}); trying again.`)
        trouble = words
        wait = Math.min(LONGEST_RETRY_MS, wait * 2)
        onScan('failed')
      }
      gather()
      await sleep(trouble === undefined ? wait : Math.random() * wait, undefined, { signal }).catch(() => undefined)
    }
  }

  const openRuns = (): number => [...tracked.values()].filter((entry) => entry.open).length
  return { observe, openRuns, trouble: () => trouble }
}

function rfc3339(millis: number): string {
  return new Date(millis).toISOString()
}

function statusOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
