// `since` and `until`: a moment as a reader writes it.

import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import { ParameterError } from '../http/problem.ts'

/** The earliest moment that both stores can hold (contracts, parseInstant): whoever asks for more means everything. */
const EARLIEST_NS = -9_223_372_036n * 1_000_000_000n
const UNIT_SECONDS = { s: 1n, m: 60n, h: 3_600n, d: 86_400n } as const

/**
 * A moment in nanoseconds since the epoch: RFC 3339 (`2026-01-31T10:00:00.5Z`), or a length of time before now (`90s`,
 * `15m`, `2h`, `7d`).
 * @throws ParameterError
 */
export function resolveMoment(parameter: string, text: string | undefined, nowMs = Date.now()): bigint | undefined {
  if (text === undefined) return undefined
  const ago = /^(\d{1,6})([smhd])$/.exec(text)
  if (ago) {
    const unit = UNIT_SECONDS[ago[2] as keyof typeof UNIT_SECONDS]
    const moment = BigInt(nowMs) * 1_000_000n - BigInt(ago[1] as string) * unit * 1_000_000_000n
    return moment < EARLIEST_NS ? EARLIEST_NS : moment
  }
  const instant = parseInstant(text)
  if (instant) return instantToNanos(instant)
  throw new ParameterError(
    parameter,
    `The parameter ${parameter} must be an RFC 3339 time or a length of time such as 15m.`,
  )
}
