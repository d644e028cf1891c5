// How a run stands, put together from all sources.

import type { Degradation, ExecutionStatus, Telemetry } from '@runlight/contracts/execution-status'
import { isFinal } from '@runlight/contracts/execution-status'
import type { PastSource } from '../past/past-lines.ts'
import { readAccountEvents } from '../store/accounts.ts'
import { hasLines, timeText } from '../store/log-lines.ts'
import { readRun, readRunsOf } from '../store/runs.ts'
import type { Standing } from '../store/runs.ts'
import type { Answer } from './fresh.ts'
import { resolveStanding } from './resolve.ts'
import type { Bus } from './bus.ts'
import type { AskedPage } from './pages.ts'
import { readTelemetry } from './telemetry.ts'
import type { TelemetrySources } from './telemetry.ts'
import type { Engine } from './temporal.ts'

/** What the status of a run is put together from. */
export interface StandingSources extends TelemetrySources {
  engine: Engine
  lokiHealth: () => Promise<Answer<true>>
}

export interface StatusSources extends StandingSources {
  bus: Bus
  lokiVersion: () => Promise<Answer<string>>
  /** Components with a readiness page of their own. */
  pages: () => Promise<AskedPage[]>
  /** Where lines of the past come from. */
  past: PastSource
  /** Version of the API itself. */
  version: string
}

/**
 * Does anybody know the run? Temporal is asked for one that the trace store does not know (yet).
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function runIsKnown({ database, engine }: StatusSources, runId: string): Promise<boolean> {
  const stored = await database.read(async (sql) => (await readRun(sql, runId)) ?? (await hasLines(sql, runId)))
  if (stored) return true
  const answer = await engine.describe(runId)
  return answer.ok && answer.value !== undefined
}

/**
 * The whole status of a run; undefined when nobody knows it.
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readStatus(sources: StandingSources, runId: string): Promise<ExecutionStatus | undefined> {
  return (await readStatuses(sources, [runId])).get(runId)
}

/**
 * The whole status of each of the runs that anybody knows. The stores are asked once for all of them. Temporal is asked
 * for each whose row is not final, that has no row yet, and where another execution goes on in the place of the one that
 * has ended.
 * @throws RunlightError RL_STORE_UNAVAILABLE
 */
export async function readStatuses(
  sources: StandingSources,
  runIds: readonly string[],
): Promise<Map<string, ExecutionStatus>> {
  const { database, engine, lokiHealth } = sources
  // Rows before events: what is settled is remembered by the row's last event, and that one is among the events then.
  const rows = await database.read((sql) => readRunsOf(sql, runIds))
  const events = await database.read((sql) => readAccountEvents(sql, runIds))
  const runs = await Promise.all(
    runIds.map(async (runId) => {
      const row = rows.get(runId)
      const ends = events.get(runId)?.ends ?? []
      const handedOver = ends.some((end) => end.execution === row?.execution && end.continuedBy !== undefined)
      const settled = row && isFinal(row.state) && !handedOver
      const answer = settled ? undefined : await engine.describe(runId)
      const standing = resolveStanding(runId, row, answer?.ok ? answer.value : undefined, handedOver)
      return standing ? [{ standing, temporal: degradation('temporal', answer) }] : []
    }),
  )
  const known = runs.flat()
  if (known.length === 0) return new Map()
  const standings = known.map(({ standing }) => standing)
  const [telemetry, loki] = await Promise.all([readTelemetry(sources, standings, events), lokiHealth()])
  return new Map(
    known.map(({ standing, temporal }) => {
      const { runId } = standing
      const bus = telemetry.unsettled.has(runId) ? telemetry.degraded : []
      const degraded = [...temporal, ...bus, ...degradation('loki', loki)]
      return [runId, executionStatus(standing, telemetry.byRun.get(runId) as Telemetry, degraded)]
    }),
  )
}

/** A component that could not be asked, as answers name it. */
export function degradation(component: string, answer: Answer<unknown> | undefined): Degradation[] {
  return !answer || answer.ok ? [] : [{ component, reason: answer.reason }]
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
