// Folds the events of one attempt into its span.

import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import type { RunEndedData } from '@runlight/contracts/trace-event'
import type { EventSet, RunEvent } from './event-set.ts'
import type { AttemptSpan, AttemptState, ProgressMessage } from './spans.ts'

type Outcome = RunEndedData['attempts'][number]['outcome']

/** What the end of the run says of one of its attempts. */
export interface Verdict {
  /** The run has ended. */
  over: boolean
  /** From the roster; missing when the run goes on, or when no worker took the attempt. */
  outcome: Outcome | undefined
}

const STATES: { readonly [O in Outcome]: AttemptState } = {
  completed: 'COMPLETED',
  failed: 'FAILED',
  timed_out: 'TIMED_OUT',
  cancelled: 'CANCELLED',
  abandoned: 'ABANDONED',
}

const ERROR_STATES: Readonly<Record<string, AttemptState>> = {
  TimeoutError: 'TIMED_OUT',
  CancelledFailure: 'CANCELLED',
}

/** The span of an attempt. What the history says of its outcome counts for more than what its worker said. */
export function foldAttempt(set: EventSet, nodeRef: string, attempt: number, verdict: Verdict): AttemptSpan {
  const opened = attempt === 1 ? set.find('NODE_SCHEDULED', nodeRef) : set.find('NODE_RETRYING', nodeRef, attempt)
  const started = set.find('NODE_STARTED', nodeRef, attempt)
  const completed = set.find('NODE_COMPLETED', nodeRef, attempt)
  const failed = set.find('NODE_FAILED', nodeRef, attempt)
  const retried = set.find('NODE_RETRYING', nodeRef, attempt + 1)

  const state = stateOf({ started, completed, failed, retried }, verdict)
  const ended = state === 'COMPLETED' ? (completed ?? failed) : (failed ?? completed)
  const error = state === 'COMPLETED' ? undefined : (failed?.error ?? retried?.error)
  const ready = opened && readyAt(opened)
  const start = started && timeOf(started)
  const end = state === 'ABANDONED' ? undefined : ended && timeOf(ended)
  return {
    attempt,
    state,
    ...(ready === undefined ? {} : { ready }),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...between('duration', start, end),
    ...between('queueTime', ready, start),
    ...(error === undefined ? {} : { error }),
    ...(completed?.outputSummary === undefined ? {} : { outputSummary: completed.outputSummary }),
    progress: progressOf(set, nodeRef, attempt),
  }
}

type Known = Record<'started' | 'completed' | 'failed' | 'retried', RunEvent | undefined>

function stateOf({ started, completed, failed, retried }: Known, { over, outcome }: Verdict): AttemptState {
  if (outcome !== undefined) return STATES[outcome]
  // Retried, so it did not complete, whatever its worker came to say of it later.
  if (completed && !retried) return 'COMPLETED'
  const error = failed?.error ?? retried?.error
  if (failed || retried) return ERROR_STATES[error?.type ?? ''] ?? 'FAILED'
  if (over) return 'ABANDONED'
  return started ? 'RUNNING' : 'SCHEDULED'
}

/** A retry waits until the time that the retry policy gives, if that is known. */
function readyAt(opened: RunEvent): bigint | undefined {
  const notBefore = opened.data?.['notBefore']
  const at = typeof notBefore === 'string' ? parseInstant(notBefore) : undefined
  return at ? instantToNanos(at) : timeOf(opened)
}

function progressOf(set: EventSet, nodeRef: string, attempt: number): ProgressMessage[] {
  return set
    .ofNode(nodeRef)
    .filter((event) => event.type === 'NODE_PROGRESS' && event.attempt === attempt)
    .sort((a, b) => (a.producer?.id === b.producer?.id ? (a.producer?.seq ?? 0) - (b.producer?.seq ?? 0) : 0))
    .map(({ level, message, data, timestamp }) => ({
      at: nanosOf(timestamp) ?? 0n,
      level,
      message,
      ...(data === undefined ? {} : { data }),
    }))
}

/** A length of time, never negative: two clocks may differ. */
export function between<K extends string>(
  name: K,
  from: bigint | undefined,
  to: bigint | undefined,
): Partial<Record<K, bigint>> {
  if (from === undefined || to === undefined) return {}
  return { [name]: to > from ? to - from : 0n } as Record<K, bigint>
}

/** A record's own time; the schema admits days that no month has, which have none. */
export function timeOf({ timestamp }: RunEvent): bigint | undefined {
  return nanosOf(timestamp)
}

function nanosOf(timestamp: string): bigint | undefined {
  const instant = parseInstant(timestamp)
  return instant && instantToNanos(instant)
}
