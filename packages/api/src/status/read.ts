// ExecutionStatus of a run, put together from all sources.

import type { Degradation, ExecutionStatus, Telemetry } from '@runlight/contracts/execution-status'
import { isFinal } from '@runlight/contracts/execution-status'
import { timeText } from '../store/log-lines.ts'
import { readRun } from '../store/runs.ts'
import type { Standing } from '../store/runs.ts'
import type { Answer } from './fresh.ts'
import { resolveStanding } from './resolve.ts'
import { readTelemetry } from './telemetry.ts'
import type { TelemetrySources } from './telemetry.ts'
import type { Engine, EngineRun } from './temporal.ts'

export interface StatusSources extends TelemetrySources {
  engine: Engine
  lokiHealth: () => Promise<Answer<true>>
}

export interface StandingRead {
  standing: Standing | undefined
  degraded: Degradation[]
}

/**
 * How a run stands. Temporal is asked while the row is not final, and for a run that has no row yet.
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readStanding({ database, engine }: StatusSources, runId: string): Promise<StandingRead> {
  const row = await database.read((sql) => readRun(sql, runId))
  if (row && isFinal(row.state)) return { standing: row, degraded: [] }
  const answer = await engine.describe(runId)
  const live: EngineRun | undefined = answer.ok ? answer.value : undefined
  return {
    standing: resolveStanding(runId, row, live),
    degraded: answer.ok ? [] : [{ component: 'temporal', reason: answer.reason }],
  }
}

/**
 * The whole status of a run; undefined when nobody knows it.
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readStatus(sources: StatusSources, runId: string): Promise<ExecutionStatus | undefined> {
  const { standing, degraded } = await readStanding(sources, runId)
  if (!standing) return undefined
  const [telemetry, loki] = await Promise.all([readTelemetry(sources, [standing]), sources.lokiHealth()])
  const all = [...degraded, ...telemetry.degraded, ...lokiDegradation(loki)]
  return executionStatus(standing, telemetry.byRun.get(runId) as Telemetry, all)
}

export function lokiDegradation(loki: Answer<true>): Degradation[] {
  return loki.ok ? [] : [{ component: 'loki', reason: loki.reason }]
}

/** The shape of the answer. */
export function executionStatus(
  run: Standing,
  telemetry: Telemetry,
  degraded: readonly Degradation[] = [],
): ExecutionStatus {
  return {
    runId: run.runId,
    orgId: run.orgId,
    ...(run.workflowId !== undefined && { workflowId: run.workflowId }),
    execution: run.execution,
    ...(run.parentRunId !== undefined && { parentRunId: run.parentRunId }),
    status: run.state,
    ...(run.startedNs !== undefined && { startedAt: timeText(run.startedNs) }),
    updatedAt: timeText(run.updatedNs),
    ...(run.completedNs !== undefined && { completedAt: timeText(run.completedNs) }),
    progress: { completedActions: run.completedActions, totalActions: run.totalActions },
    ...(run.failure && { failure: run.failure }),
    telemetry,
    ...(degraded.length > 0 && { degraded: [...degraded] }),
  }
}
