// When the end of a run may be told to those who follow it.

import type { StreamDone } from '@runlight/contracts/api-stream'
import { isFinal } from '@runlight/contracts/execution-status'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import { GRACE_SECONDS, isSettled } from '../status/telemetry.ts'

/** Is everything there, or has the time for what is missing run out? Undefined while more may come. */
export function verdictOf(status: ExecutionStatus, nowMs = Date.now()): StreamDone['verdict'] | undefined {
  if (!isFinal(status.status)) return undefined
  if (isSettled(status.telemetry)) return 'complete'
  const ended = parseInstant(status.completedAt ?? status.updatedAt)
  if (!ended) return undefined
  const since = BigInt(nowMs) * 1_000_000n - instantToNanos(ended)
  return since > GRACE_SECONDS * 1_000_000_000n ? 'grace' : undefined
}
