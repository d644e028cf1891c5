import type { CompletenessState, ExecutionStatus, RunState } from '@runlight/contracts/execution-status'
import { expect, test } from 'vitest'
import { verdictOf } from './verdict.ts'

const END = Date.parse('2025-01-01T12:00:00Z')

function standing(status: RunState, postgres: CompletenessState, loki: CompletenessState): ExecutionStatus {
  const store = (state: CompletenessState) => ({ state, dropped: 0, missing: [], unclosed: [] })
  return {
    ...{ runId: 'run-1', orgId: 'acme', execution: 1, status },
    ...{ updatedAt: '2025-01-01T11:00:00Z', completedAt: '2025-01-01T12:00:00Z' },
    progress: { completedActions: 0, totalActions: 0 },
    telemetry: { postgres: store(postgres), loki: store(loki) },
  }
}

test.each<[RunState, CompletenessState, CompletenessState, number, ReturnType<typeof verdictOf>]>([
  ['COMPLETED', 'complete', 'complete', 0, 'complete'],
  ['FAILED', 'dropped', 'complete', 0, 'complete'],
  ['COMPLETED', 'complete', 'arriving', 15, undefined],
  ['COMPLETED', 'complete', 'arriving', 16, 'grace'],
  ['CANCELLED', 'unknown', 'complete', 15, undefined],
  ['CANCELLED', 'unknown', 'complete', 16, 'grace'],
  ['TERMINATED', 'missing', 'missing', 16, 'grace'],
  ['RUNNING', 'complete', 'complete', 1_000, undefined],
  ['QUEUED', 'arriving', 'arriving', 1_000, undefined],
])('%s, %s in Postgres and %s in Loki, %i seconds after its end: %s', (status, postgres, loki, seconds, verdict) => {
  expect(verdictOf(standing(status, postgres, loki), END + seconds * 1_000)).toBe(verdict)
})
