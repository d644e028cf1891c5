// Which execution a Temporal run is: its place, from 1, among the runs of its workflow id in the order of their start.

import { compareInstants } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import type { TemporalAccess, VisibleRun } from './temporal.ts'
import { instantOf } from './times.ts'

/**
 * Numbers of Temporal runs, remembered:
 *
 * - One more than the run that it follows directly (continue-as-new, retry), where that is numbered: it was the open
 *   run of its workflow id until this one took over, so none can lie between them.
 * - Otherwise its place in visibility, ordered by start time, then close time, then id. Later runs don't change it.
 * - But no less than what the workflow counted itself: a long chain outlives the retention of its first runs.
 *
 * A worker learns it in the same ways: the first and the last from its workflow's header (RunHeader), the second by
 * asking visibility.
 */
export interface ExecutionNumbers {
  /** Asks for the runs of these workflow ids in few requests, ahead of the questions for their numbers. */
  expect: (runIds: readonly string[]) => void
  /** @returns the number, or undefined while visibility does not list the run or its predecessor yet */
  numberOf: (run: NumberedRun) => Promise<number | undefined>
}

export interface NumberedRun {
  runId: string
  temporalRunId: string
  /** The run that this one continues, retries or was reset from. */
  predecessor: string | undefined
  /** It follows directly: continue-as-new, retry or cron, not a reset. */
  direct: boolean
  /** What the workflow itself counted, if it did. */
  counted: number | undefined
}

/** Runs remembered: well above what can be open or recently closed at a time. */
const REMEMBERED = 100_000
/** Workflow ids in one query. */
const BATCH = 50

export function executionNumbers(temporal: Pick<TemporalAccess, 'list'>): ExecutionNumbers {
  const known = new Map<string, number>()
  const expected = new Map<string, Promise<VisibleRun[]>>()

  const remember = (temporalRunId: string, number: number): number => {
    known.set(temporalRunId, number)
    if (known.size > REMEMBERED) known.delete(known.keys().next().value as string)
    return number
  }

  const runsOf = (runIds: readonly string[]): Promise<VisibleRun[]> =>
    temporal.list(`WorkflowId IN (${runIds.map(quote).join(', ')})`)

  const expect: ExecutionNumbers['expect'] = (runIds) => {
    const distinct = [...new Set(runIds)]
    for (let at = 0; at < distinct.length; at += BATCH) {
      const batch = distinct.slice(at, at + BATCH)
      const answer = runsOf(batch)
      // Whoever asks for the number meets the error; if nobody does, it does not matter.
      answer.catch(() => undefined)
      for (const runId of batch) expected.set(runId, answer)
    }
  }

  const numberOf: ExecutionNumbers['numberOf'] = async (run) => {
    const { runId, temporalRunId, predecessor, direct, counted = 1 } = run
    const answer = expected.get(runId)
    expected.delete(runId)
    const own = known.get(temporalRunId)
    if (own !== undefined) return own
    const before = direct && predecessor !== undefined ? known.get(predecessor) : undefined
    if (before !== undefined) return remember(temporalRunId, Math.max(counted, before + 1))
    const runs = (await (answer ?? runsOf([runId]))).filter((run) => run.runId === runId)
    const ordered = runs.sort(byStart).map((run) => run.temporalRunId)
    const place = ordered.indexOf(temporalRunId)
    if (place < 0 || (predecessor !== undefined && !ordered.includes(predecessor))) return undefined
    return remember(temporalRunId, Math.max(counted, place + 1))
  }

  return { expect, numberOf }
}

function byStart(a: VisibleRun, b: VisibleRun): number {
  return (
    compareTimes(instantOf(a.startTime), instantOf(b.startTime)) ||
    compareTimes(instantOf(a.closeTime), instantOf(b.closeTime)) ||
    (a.temporalRunId < b.temporalRunId ? -1 : 1)
  )
}

/** A time that is not set comes last. */
function compareTimes(a: Instant | undefined, b: Instant | undefined): number {
  if (!a || !b) return Number(a === undefined) - Number(b === undefined)
  return compareInstants(a, b)
}

/** A string in a visibility query. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
