// The runs that are followed, and when each of them is due to be looked at.

import type { Advance } from './follow.ts'
import type { ObservedRun } from './observed-run.ts'
import type { Pace } from './pace.ts'
import type { RunAddress, VisibleRun } from './temporal.ts'
import { toMillis } from './times.ts'

export interface Tracked extends RunAddress {
  /** As visibility says. */
  open: boolean
  /** What is known of its history, once it has been read. */
  run: ObservedRun | undefined
  /** It is being looked at. */
  busy: boolean
  /** Somebody said that it moves while it was looked at. */
  woken: boolean
  interval: number
  checkedAt: number
  dueAt: number
  /** When it was first seen to be closed. */
  closedAt: number
}

export interface Tracker {
  /** Takes what visibility lists; returns the runs that were not known. */
  found: (runs: readonly VisibleRun[]) => VisibleRun[]
  /** The entry of a run, new if need be; undefined when it has been told to its end. */
  entry: (address: RunAddress) => Tracked | undefined
  /** A run may have moved. */
  moved: (runId: string) => void
  /** Of the runs that should be open, those that a complete list of them lacks are asked themselves. */
  listed: (open: readonly VisibleRun[]) => void
  /** Due runs, the longest due first; new and closed ones before all others. */
  due: () => Tracked[]
  /** It has been looked at; plans the next look. */
  checked: (entry: Tracked, seen: Advance) => void
  /** It could not be looked at; plans the next try. */
  failed: (entry: Tracked) => void
  /** It has been told to its end. */
  settle: (entry: Tracked) => void
  openRuns: () => number
  /** Everything up to this time has been told; no later than the given one. */
  toldThrough: (lookedAt: number) => number
}

/** Runs remembered as told to the end, so that an overlap does not repeat them. */
const REMEMBERED = 200_000
const LONGEST_RETRY_MS = 5000

export function createTracker(pace: Pace, now: () => number = Date.now): Tracker {
  const tracked = new Map<string, Tracked>()
  const byRunId = new Map<string, Set<Tracked>>()
  const settled = new Set<string>()

  const track = ({ runId, temporalRunId }: RunAddress, open: boolean): Tracked => {
    const entry: Tracked = {
      runId,
      temporalRunId,
      open,
      run: undefined,
      busy: false,
      woken: false,
      interval: pace.soonest,
      checkedAt: 0,
      dueAt: 0,
      closedAt: open ? Infinity : now(),
    }
    tracked.set(temporalRunId, entry)
    byRunId.set(runId, (byRunId.get(runId) ?? new Set()).add(entry))
    return entry
  }

  const found: Tracker['found'] = (runs) => {
    const unknown = runs.filter(({ temporalRunId }) => !settled.has(temporalRunId) && !tracked.has(temporalRunId))
    for (const run of unknown) if (!tracked.has(run.temporalRunId)) track(run, run.open)
    for (const { temporalRunId, open } of runs) {
      const entry = tracked.get(temporalRunId)
      if (!entry?.open || open) continue
      Object.assign(entry, { open: false, closedAt: now(), dueAt: 0 })
    }
    return unknown
  }

  const entry: Tracker['entry'] = (address) =>
    settled.has(address.temporalRunId) ? undefined : (tracked.get(address.temporalRunId) ?? track(address, true))

  const moved: Tracker['moved'] = (runId) => {
    for (const one of byRunId.get(runId) ?? []) {
      one.interval = pace.soonest
      if (one.busy) one.woken = true
      else one.dueAt = Math.min(one.dueAt, Math.max(now() + pace.hint, one.checkedAt + 2 * pace.hint))
    }
  }

  const listed: Tracker['listed'] = (open) => {
    const ids = new Set(open.map((run) => run.temporalRunId))
    for (const one of tracked.values()) if (one.open && !ids.has(one.temporalRunId)) one.dueAt = 0
  }

  const due = (): Tracked[] => {
    const at = now()
    return [...tracked.values()].filter((one) => !one.busy && one.dueAt <= at).sort((a, b) => a.dueAt - b.dueAt)
  }

  const checked: Tracker['checked'] = (one, { moved: hasMoved, deadline }) => {
    const at = now()
    const latest = one.run?.declared ? pace.latest : pace.latestUndeclared
    // A run that is read for the first time may have been still for long.
    const still = one.checkedAt === 0 && one.run ? (at - toMillis(one.run.lastEventAt)) / 2 : one.interval * 1.5
    one.interval = hasMoved || one.woken ? pace.soonest : Math.min(latest, Math.max(pace.soonest, still))
    const { woken } = one
    one.woken = false
    one.checkedAt = at
    one.dueAt = one.open ? at + (woken ? 2 * pace.hint : one.interval) : 0
    // A deadline in the past tells only that the clocks differ.
    if (deadline !== undefined && deadline > at) {
      one.dueAt = Math.min(one.dueAt, Math.max(at + pace.soonest, deadline + pace.grace))
    }
  }

  const failed: Tracker['failed'] = (one) => {
    one.interval = Math.min(LONGEST_RETRY_MS, one.interval * 2)
    one.dueAt = now() + Math.random() * one.interval
  }

  const settle: Tracker['settle'] = (one) => {
    tracked.delete(one.temporalRunId)
    const others = byRunId.get(one.runId)
    others?.delete(one)
    if (others?.size === 0) byRunId.delete(one.runId)
    settled.add(one.temporalRunId)
    if (settled.size > REMEMBERED) settled.delete(settled.values().next().value as string)
  }

  const openRuns = (): number => [...tracked.values()].filter((one) => one.open).length
  const toldThrough = (lookedAt: number): number =>
    [...tracked.values()].reduce((least, { closedAt }) => Math.min(least, closedAt), lookedAt)

  return { found, entry, moved, listed, due, checked, failed, settle, openRuns, toldThrough }
}
