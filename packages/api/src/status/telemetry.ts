// Completeness of runs in both stores: asks for the rows, lets completeness.ts judge.

import type { Degradation, Telemetry } from '@runlight/contracts/execution-status'
import { isFinal } from '@runlight/contracts/execution-status'
import { taskRunId } from '@runlight/contracts/identifiers'
import { producerName, readAccountEvents, readKnownUpTo, readStoredRanges } from '../store/accounts.ts'
import type { RunEvents } from '../store/accounts.ts'
import type { Database } from '../store/database.ts'
import { readPositions } from '../store/positions.ts'
import type { Standing } from '../store/runs.ts'
import type { Bus } from './bus.ts'
import { storeCompleteness, unclosedAttempts } from './completeness.ts'
import type { RunAccount, StoreView } from './completeness.ts'

export interface TelemetrySources {
  database: Database
  bus: Bus
  topics: { logs: string; events: string }
}

/** How long after its end a run's producers may still close before one that has not is `unknown`, in seconds. */
const GRACE_SECONDS = 15n

export interface TelemetryRead {
  byRun: Map<string, Telemetry>
  degraded: Degradation[]
}

/** The completeness of each of the runs, in both stores. */
export async function readTelemetry(sources: TelemetrySources, runs: readonly Standing[]): Promise<TelemetryRead> {
  const { database, bus, topics } = sources
  const [events, positions, loki] = await Promise.all([
    database.read((sql) =>
      readAccountEvents(
        sql,
        runs.map((run) => run.runId),
      ),
    ),
    database.read(readPositions),
    bus.lokiOffsets(),
  ])
  const producers = [...events.values()].flatMap(({ closes }) =>
    closes.flatMap(({ data }) => [
      { topic: topics.logs, producerId: data.logs.producerId },
      { topic: topics.events, producerId: data.events.producerId },
    ]),
  )
  const ranges = await database.read((sql) => readStoredRanges(sql, producers))
  const stored = new Map(positions.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]))
  const postgresView: StoreView = {
    topics,
    passed: (topic, partition) => stored.get(`${topic}/${partition}`) ?? 0n,
    stored: (topic, producerId) => ranges.get(producerName(topic, producerId)) ?? [],
  }
  const lokiView: StoreView = {
    topics: { logs: topics.logs },
    passed: (_, partition) => (loki.ok ? (loki.value.get(partition) ?? 0n) : undefined),
  }
  const byRun = new Map<string, Telemetry>()
  for (const run of runs) {
    const account = await accountOf(sources, run, events.get(run.runId) ?? { closes: [], ends: [] })
    byRun.set(run.runId, {
      postgres: storeCompleteness(account, postgresView),
      loki: storeCompleteness(account, lokiView),
    })
  }
  return {
    byRun,
    degraded: loki.ok ? [] : [{ component: 'bus', reason: `${loki.reason}; completeness in Loki is not known` }],
  }
}

async function accountOf(
  { database, topics }: TelemetrySources,
  run: Standing,
  events: RunEvents,
): Promise<RunAccount> {
  const ended = isFinal(run.state)
  const now = BigInt(Date.now()) * 1_000_000n
  const account = {
    ended,
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
