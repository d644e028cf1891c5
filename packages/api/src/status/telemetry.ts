// Completeness of runs in both stores: asks for the rows, lets completeness.ts judge.

import type { Degradation, Telemetry } from '@runlight/contracts/execution-status'
import { isFinal } from '@runlight/contracts/execution-status'
import { taskRunId } from '@runlight/contracts/identifiers'
import { BoundedMap } from '../bounded-map.ts'
import type { SettledLoki } from '../dead-letters/settled.ts'
import { producerName, readAccountEvents, readKnownUpTo, readStoredRanges } from '../store/accounts.ts'
import type { RunEvents } from '../store/accounts.ts'
import type { Database } from '../store/database.ts'
import { readPositions } from '../store/positions.ts'
import { readRefusedLines } from '../store/refused-lines.ts'
import type { Standing } from '../store/runs.ts'
import { storeCompleteness, unclosedAttempts } from './completeness.ts'
import type { RunAccount, StoreView } from './completeness.ts'

export interface TelemetrySources {
  database: Database
  settledLoki: SettledLoki
  topics: { logs: string; events: string }
  settled: SettledTelemetry
}

/**
 * Verdicts that can't change any more, with the last event that they were given by: everything that was sent is there.
 * A list of runs then costs no more than its rows.
 */
export type SettledTelemetry = BoundedMap<string, { execution: number; lastSequence: bigint; telemetry: Telemetry }>

export function rememberSettled(): SettledTelemetry {
  return new BoundedMap(20_000)
}

/** How long after its end a run's producers may still close before one that has not is `unknown`, in seconds. */
export const GRACE_SECONDS = 15n

export interface TelemetryRead {
  byRun: Map<string, Telemetry>
  /** What makes the answers on those worse that nobody had settled before, and these runs. */
  degraded: Degradation[]
  unsettled: ReadonlySet<string>
}

/** The completeness of each of the runs, in both stores. `known`: account events that were read already. */
export async function readTelemetry(
  sources: TelemetrySources,
  runs: readonly Standing[],
  known?: ReadonlyMap<string, RunEvents>,
): Promise<TelemetryRead> {
  const byRun = new Map<string, Telemetry>()
  const open: Standing[] = []
  for (const run of runs) {
    const settled = sources.settled.get(run.runId)
    const current = settled?.lastSequence === run.lastSequence && settled.execution === run.execution
    if (settled && current) byRun.set(run.runId, settled.telemetry)
    else open.push(run)
  }
  const unsettled = new Set(open.map(({ runId }) => runId))
  if (open.length === 0) return { byRun, degraded: [], unsettled }
  const degraded = await judge(sources, open, known, byRun)
  for (const { runId, execution, lastSequence } of open) {
    const telemetry = byRun.get(runId)
    if (telemetry && isSettled(telemetry)) sources.settled.set(runId, { execution, lastSequence, telemetry })
  }
  return { byRun, degraded, unsettled }
}

/** Is everything that was sent there, in both stores? */
export function isSettled(telemetry: Telemetry): boolean {
  return Object.values(telemetry).every(({ state }) => state === 'complete' || state === 'dropped')
}

async function judge(
  sources: TelemetrySources,
  runs: readonly Standing[],
  known: ReadonlyMap<string, RunEvents> | undefined,
  byRun: Map<string, Telemetry>,
): Promise<Degradation[]> {
  const { database, settledLoki, topics } = sources
  const runIds = runs.map((run) => run.runId)
  // Positions before ranges: what they have passed is in the ranges then.
  const [events, positions, loki] = await Promise.all([
    known ?? database.read((sql) => readAccountEvents(sql, runIds)),
    database.read(readPositions),
    settledLoki(),
  ])
  const producers = runIds.flatMap((runId) =>
    (events.get(runId)?.closes ?? []).flatMap(({ data }) => [
      { topic: topics.logs, producerId: data.logs.producerId },
      { topic: topics.events, producerId: data.events.producerId },
    ]),
  )
  const [ranges, refused] = await Promise.all([
    database.read((sql) => readStoredRanges(sql, producers)),
    // After what is settled was asked for: what it has passed and refused is among the letters then.
    database.read((sql) => readRefusedLines(sql, { runIds, topic: topics.logs, lokiPassed: loki.replays })),
  ])
  const passed = new Map(positions.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]))
  const postgres: StoreView = {
    topics,
    passed: (topic, partition) => passed.get(`${topic}/${partition}`) ?? 0n,
    stored: (topic, producerId) => ranges.get(producerName(topic, producerId)) ?? [],
  }
  const lokiView: StoreView = {
    topics: { logs: topics.logs },
    passed: (_, partition) => loki.logs && (loki.logs.get(partition) ?? 0n),
    refused: (topic, producerId) => refused.get(producerName(topic, producerId)) ?? [],
  }
  for (const run of runs) {
    const account = await accountOf(sources, run, events.get(run.runId) ?? { closes: [], ends: [] })
    byRun.set(run.runId, {
      postgres: storeCompleteness(account, postgres),
      loki: storeCompleteness(account, lokiView),
    })
  }
  return loki.away === undefined
    ? []
    : [{ component: 'bus', reason: `${loki.away}; what has reached Loki since is not known` }]
}

async function accountOf(
  { database, topics }: TelemetrySources,
  run: Standing,
  events: RunEvents,
): Promise<RunAccount> {
  const now = BigInt(Date.now()) * 1_000_000n
  const account = {
    ended: isFinal(run.state),
    graceOver: now - (run.completedNs ?? run.updatedNs) > GRACE_SECONDS * 1_000_000_000n,
    execution: run.execution,
    ...events,
  }
  const unclosed = unclosedAttempts(events).map((key) => ({
    ...key,
    taskRunId: taskRunId({ ...key, runId: run.runId }),
  }))
  if (unclosed.length === 0) return { ...account, knownUpTo: new Map() }
  const knownUpTo = await database.read((sql) => readKnownUpTo(sql, run.runId, topics.logs, unclosed))
  return { ...account, knownUpTo }
}
