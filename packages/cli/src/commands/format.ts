// How runs and lines look in a terminal.

import type { CompletenessState, ExecutionStatus, RunState } from '@runlight/contracts/execution-status'
import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import type { Output, Style } from '../output.ts'

const STATE_STYLES: { readonly [S in RunState]: Style } = {
  QUEUED: 'gray',
  RUNNING: 'cyan',
  COMPLETED: 'green',
  FAILED: 'red',
  CANCELLED: 'yellow',
  TERMINATED: 'magenta',
  TIMED_OUT: 'red',
}

const COMPLETENESS_STYLES: { readonly [S in CompletenessState]: Style } = {
  complete: 'green',
  arriving: 'cyan',
  dropped: 'yellow',
  missing: 'red',
  unknown: 'red',
}

export function paintState({ paint }: Output, state: RunState): string {
  return paint(STATE_STYLES[state], state)
}

export function paintCompleteness({ paint }: Output, state: CompletenessState): string {
  return paint(COMPLETENESS_STYLES[state], state)
}

/** How far a run is, such as `3 of 13 nodes`; empty until its graph is known. */
export function runProgress({ progress }: Pick<ExecutionStatus, 'progress'>): string {
  const { completedActions, totalActions } = progress
  return totalActions > 0 ? `${completedActions} of ${totalActions} nodes` : ''
}

/** How long a run has taken so far, such as `1.25s` or `2m03s`; empty where it has not started. */
export function runDuration(run: ExecutionStatus): string {
  const start = run.startedAt && parseInstant(run.startedAt)
  const end = parseInstant(run.completedAt ?? run.updatedAt)
  if (!start || !end) return ''
  return formatMillis(Number((instantToNanos(end) - instantToNanos(start)) / 1_000_000n))
}

function formatMillis(millis: number): string {
  if (millis < 1_000) return `${Math.max(0, millis)}ms`
  if (millis < 60_000) return `${(millis / 1_000).toFixed(2)}s`
  const seconds = Math.floor(millis / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}h${two(minutes)}m` : `${minutes}m${two(seconds % 60)}s`
}
