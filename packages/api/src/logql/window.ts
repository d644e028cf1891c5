// When a query looks: its window, and the steps of a metric query in it.

import { resolveMoment } from '../logs/moment.ts'
import { ParameterError } from '../http/problem.ts'
import { AFTER_APPEND_NS } from '../store/seam.ts'

const MS_NS = 1_000_000n
const SECOND_NS = 1_000_000_000n
/** Loki takes no query over a longer time where nothing else is set (`max_query_length`, 721 hours). */
const MAX_WINDOW_NS = 30n * 86_400n * SECOND_NS
/** Most values of one series, and how many there are about where no step is given. */
const MAX_STEPS = 2_000n
const DEFAULT_STEPS = 250n

const UNIT_MS: Readonly<Record<string, bigint>> = { ms: 1n, s: 1_000n, m: 60_000n, h: 3_600_000n, d: 86_400_000n }

export interface Window {
  /** Nanoseconds since the epoch; inclusive, and exclusive. */
  start: bigint
  end: bigint
}

/**
 * The window of `since` and `until`: the run's whole time where they are not given, as far back as Loki may be asked.
 * @param begin when the run's lines begin, nanoseconds since the epoch
 * @throws ParameterError
 */
export function resolveWindow(
  given: { since: string | undefined; until: string | undefined },
  begin: bigint,
  nowMs: number,
): Window {
  const since = resolveMoment('since', given.since, nowMs)
  const until = resolveMoment('until', given.until, nowMs)
  // Loki's second end is exclusive, and in its timestamps digits below the millisecond may be filled in.
  const end = until === undefined ? BigInt(nowMs) * 1_000_000n + AFTER_APPEND_NS : wholeMs(until) + MS_NS
  const earliest = end - MAX_WINDOW_NS
  const start =
    since === undefined ? (begin > earliest ? (begin < end ? begin : end - SECOND_NS) : earliest) : wholeMs(since)
  if (start >= end) throw new ParameterError('since', 'The parameter since must be earlier than until.')
  if (start < earliest) {
    throw new ParameterError('since', 'The parameter since must lie within 30 days of until: give a later one.')
  }
  if (start < 0n) throw new ParameterError('since', 'The parameter since must lie after 1970.')
  return { start, end }
}

function wholeMs(nanos: bigint): bigint {
  return nanos - (((nanos % MS_NS) + MS_NS) % MS_NS)
}

/** The step of a metric query in milliseconds: `15s`, `500ms`, or seconds without a unit. @throws ParameterError */
export function resolveStep(given: string | undefined, { start, end }: Window): bigint {
  const windowMs = (end - start) / 1_000_000n + 1n
  if (given === undefined) {
    const seconds = windowMs / DEFAULT_STEPS / 1_000n + 1n
    return seconds * 1_000n
  }
  const parts = /^(\d{1,7})(ms|s|m|h|d)?$/.exec(given)
  const stepMs = parts ? BigInt(parts[1] as string) * (UNIT_MS[parts[2] ?? 's'] as bigint) : 0n
  if (stepMs === 0n) throw new ParameterError('step', 'The parameter step must be a length of time such as 15s.')
  if (windowMs / stepMs > MAX_STEPS) {
    throw new ParameterError(
      'step',
      `The parameter step must be longer: the window has more than ${MAX_STEPS} steps of ${given}.`,
    )
  }
  return stepMs
}
