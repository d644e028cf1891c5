// Temporal's protobuf times, without loss.

import { compareInstants, formatInstant, instantFromNanos, instantToNanos } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import type { google } from '@temporalio/proto'

type Timestamp = google.protobuf.ITimestamp | Instant | null | undefined
type Duration = google.protobuf.IDuration | null | undefined

/** The moment of a protobuf time; undefined where the server has set none. */
export function instantOf(time: Timestamp): Instant | undefined {
  return time ? { seconds: Number(time.seconds ?? 0), nanos: time.nanos ?? 0 } : undefined
}

/** The same as RFC 3339 with all its digits. */
export function textOf(time: Timestamp): string | undefined {
  const instant = instantOf(time)
  return instant && formatInstant(instant)
}

export function nanosOf(duration: Duration): bigint {
  return duration ? BigInt(Number(duration.seconds ?? 0)) * 1_000_000_000n + BigInt(duration.nanos ?? 0) : 0n
}

export function minusNanos(instant: Instant, nanos: bigint): Instant {
  return instantFromNanos(instantToNanos(instant) - nanos)
}

export function later(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (!a || !b) return a ?? b
  return compareInstants(a, b) < 0 ? b : a
}

/** For waits, not for records: rounded down to milliseconds. */
export function toMillis({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.floor(nanos / 1_000_000)
}
