// Every list is read from an index in the index's own order, also where the planner knows nothing of the table.

import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PositionVector } from '../cursor/cursors.ts'
import { account, closed, logEntry, time, traceEvent } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { readAccountEvents, readKnownUpTo, readStoredRanges } from './accounts.ts'
import { findArrivals, readArrivals } from './arrivals.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { readEvents } from './events.ts'
import { readHistory, readHistoryEnd } from './history.ts'
import type { HistoryRange } from './history.ts'
import { readWindows } from './live-read.ts'
import { hasLines } from './log-lines.ts'
import { readVector } from './positions.ts'
import { readRun, readRuns } from './runs.ts'
import type { LogScope } from './scope.ts'

const LINES = 20_000
const RUN = 'run-planned'
const SCOPE: LogScope = { kind: 'run', runId: RUN }

let store: TraceStore
let database: Database

beforeAll(async () => {
  store = await startTraceStore()
  const start = Date.now() - 60_000
  for (const runId of [RUN, 'run-other']) {
    const entries = Array.from({ length: LINES }, (_, index) => logEntry({ runId, timestamp: time(start, index) }))
    await store.storeLogs(entries)
    const events = Array.from({ length: 5_000 }, () => traceEvent({ runId, type: 'NODE_PROGRESS', nodeRef: 'build' }))
    const data = { logs: account({ producerId: runId }), events: account({ producerId: runId }) }
    await store.storeEvents([...events, closed(runId, data)])
  }
  await store.sql`
    INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
    SELECT 'run-' || n, 'unassigned', 1, 'RUNNING', 0, now() - n * interval '1 second' FROM generate_series(1, 5000) AS n`
  await store.sql`UPDATE runs SET status = 'FAILED', workflow_id = 'rare' WHERE run_id ~ '^run-[0-9]+00$'`
  await store.sql`ANALYZE runs`
  database = openDatabase({
    ...{ url: store.postgres.url(ROLES.reader), password: '', connections: 1 },
    ...{ statementTimeoutMs: 30_000, queries: 10 },
  })
})

afterAll(async () => {
  await database?.close()
  await store?.stop()
})

interface Plan {
  'Node Type': string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

type Rows = Promise<unknown[]>
type Statement = (strings: readonly string[], ...values: unknown[]) => Rows

/** Runs `work` with every statement explained before it is run, and gives all nodes of the plans. */
async function scansOf(work: (sql: Sql) => Promise<unknown>): Promise<Plan[]> {
  const plans: Plan[] = []
  await database.read(async (sql) => {
    const run = sql as unknown as Statement
    const explained = async (strings: TemplateStringsArray, values: unknown[]) => {
      const text = strings.map((part, index) => (index === 0 ? `EXPLAIN (ANALYZE, FORMAT JSON) ${part}` : part))
      const rows = (await run(Object.assign(text, { raw: text }), ...values)) as { 'QUERY PLAN': [{ Plan: Plan }] }[]
      for (const row of rows) plans.push(row['QUERY PLAN'][0].Plan)
      return run(strings, ...values)
    }
    await work(
      new Proxy(sql, {
        // A fragment is no statement: it goes into the one around it.
        apply: (_, __, [strings, ...values]: [TemplateStringsArray, ...unknown[]]) =>
          /^\s*SELECT\s/.test(strings[0] ?? '') ? withEach(explained(strings, values)) : run(strings, ...values),
      }),
    )
  })
  const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)]
  expect(plans.length).toBeGreaterThan(0)
  return plans.flatMap(flat)
}

/** As the driver's own result of a statement. */
function withEach(rows: Rows) {
  return Object.assign(rows, { forEach: async (take: (row: unknown) => void) => (await rows).forEach(take) })
}

/** Rows that the plan took from tables, whether it kept them or not. */
function rowsRead(nodes: readonly Plan[]): number {
  return nodes
    .filter((node) => node['Node Type'].includes('Scan') && node['Node Type'] !== 'Subquery Scan')
    .reduce(
      (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      0,
    )
}

const limits = { lines: 100, bytes: 1_000_000, scan: 1_000 }
const none = { nodeRefs: undefined, attempt: undefined, levels: undefined, streams: undefined }
const bounds = { since: undefined, until: undefined }

async function range(fields: Partial<HistoryRange> = {}): Promise<HistoryRange> {
  const vector = await database.read((sql) => readVector(sql, TOPICS.logs, SCOPE))
  return { ...{ scope: SCOPE, bounds, vector, direction: 'forward', after: undefined, end: undefined }, ...fields }
}

async function middle() {
  const [row] = await store.sql<{ effective_ns: string; kafka_offset: string }[]>`
    SELECT effective_ns, kafka_offset FROM logs WHERE job_run_id = ${RUN} ORDER BY effective_ns OFFSET ${LINES / 2} LIMIT 1`
  return { effectiveNs: BigInt(row?.effective_ns ?? 0), partition: 0, offset: BigInt(row?.kafka_offset ?? 0) }
}

test.each(['forward', 'backward'] as const)('a page of history, %s, in the middle of the run', async (direction) => {
  const at = await range({ direction, after: await middle() })
  const nodes = await scansOf((sql) => readHistory(sql, at, none, limits))
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort')
  expect(rowsRead(nodes)).toBeLessThanOrEqual(limits.lines + 1)
})

test.each([
  ['forward', 'unassigned', 1],
  ['backward', 'unassigned', 1],
  ['forward', undefined, 2],
] as const)('a page of all tasks, %s, of the organisation %s, in the middle', async (direction, orgId, orgs) => {
  const scope: LogScope = { kind: 'all', orgId, type: 'task' }
  const at = await range({ scope, direction, after: await middle() })
  const nodes = await scansOf((sql) => readHistory(sql, at, none, limits))
  // What is read of an organisation is in order; the lines of several are merged.
  expect(rowsRead(nodes)).toBeLessThanOrEqual(orgs * (limits.lines + 10))
})

test('all lines of all types, and the end of them', async () => {
  const scope: LogScope = { kind: 'all', orgId: undefined, type: undefined }
  const at = await range({ scope, after: await middle() })
  expect(rowsRead(await scansOf((sql) => readHistory(sql, at, none, limits)))).toBeLessThanOrEqual(
    6 * (limits.lines + 10),
  )
  expect(rowsRead(await scansOf((sql) => readHistoryEnd(sql, at)))).toBeLessThanOrEqual(6 * 10)
})

test('what has arrived since of all lines, and their vector', async () => {
  const scope: LogScope = { kind: 'all', orgId: undefined, type: 'task' }
  const { vector } = await range({ scope })
  expect(rowsRead(await scansOf((sql) => readVector(sql, TOPICS.logs, scope)))).toBeLessThanOrEqual(8)
  const from = { nextOffset: BigInt(LINES), sinceMs: 0 }
  const since = { ...vector, partitions: [from] }
  expect(rowsRead(await scansOf((sql) => findArrivals(sql, TOPICS.logs, scope, since)))).toBeLessThanOrEqual(4)
  const until = { nextOffset: BigInt(2 * LINES), sinceMs: 0 }
  const window = { scope, partition: 0, from, until, bounds }
  const nodes = await scansOf((sql) => readArrivals(sql, window, none, limits))
  expect(rowsRead(nodes)).toBeLessThanOrEqual(2 * limits.scan)
})

test.each<[string, LogScope]>([
  ['of a run', SCOPE],
  ['of components', { kind: 'components', names: undefined }],
  ['of everybody', { kind: 'all', orgId: undefined, type: undefined }],
])('what the live stream reads %s', async (_, scope) => {
  const window = { scope, partition: 0, from: BigInt(LINES / 2), until: BigInt(2 * LINES), sinceMs: 0, lines: 100 }
  expect(rowsRead(await scansOf((sql) => readWindows(sql, [window], 1_000_000)))).toBeLessThanOrEqual(105)
})

test('the end of a history', async () => {
  const at = await range()
  expect(rowsRead(await scansOf((sql) => readHistoryEnd(sql, at)))).toBe(1)
})

test('the places of lines that are left out', async () => {
  const at = await range({ after: await middle() })
  const nodes = await scansOf((sql) => readHistory(sql, at, none, { ...limits, placesOnly: true }))
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort')
  expect(rowsRead(nodes)).toBeLessThanOrEqual(limits.lines + 1)
})

test('a filter looks at no more lines than it may', async () => {
  const at = await range()
  const nodes = await scansOf((sql) => readHistory(sql, at, { ...none, levels: ['error'] }, limits))
  // Once for the lines, once for the place where the scan ended.
  expect(rowsRead(nodes)).toBeLessThanOrEqual(2 * limits.scan)
})

test('what has arrived since, in a run that is long already', async () => {
  const { vector } = await range()
  const until = { ...vector, partitions: [{ nextOffset: BigInt(2 * LINES), sinceMs: 0 }] }
  const from: PositionVector = { ...vector, partitions: [{ nextOffset: BigInt(LINES - 50), sinceMs: 0 }] }
  const [first, last] = [from.partitions[0], until.partitions[0]]
  if (!first || !last) throw new Error('The partition is not stored')
  expect(rowsRead(await scansOf((sql) => findArrivals(sql, TOPICS.logs, SCOPE, from)))).toBeLessThanOrEqual(4)
  const window = { scope: SCOPE, partition: 0, from: first, until: last, bounds }
  const nodes = await scansOf((sql) => readArrivals(sql, window, none, limits))
  expect(rowsRead(nodes)).toBeLessThanOrEqual(limits.lines + 1)
})

test('the vector, and whether a run has lines', async () => {
  expect(rowsRead(await scansOf((sql) => readVector(sql, TOPICS.logs, SCOPE)))).toBeLessThanOrEqual(8)
  expect(rowsRead(await scansOf((sql) => hasLines(sql, RUN)))).toBe(1)
})

test.each(['forward', 'backward'] as const)('a page of events, %s', async (direction) => {
  const query = { runId: RUN, direction, after: 2_500n, limit: 100, bytes: 1_000_000 }
  const nodes = await scansOf((sql) => readEvents(sql, query, () => undefined))
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort')
  expect(rowsRead(nodes)).toBeLessThanOrEqual(101)
})

test('a run, and a page of runs', async () => {
  expect(rowsRead(await scansOf((sql) => readRun(sql, RUN)))).toBe(1)
  const query = { status: undefined, workflowId: undefined, ...bounds, limit: 100, scan: 1_000 }
  const after = { createdMicros: BigInt(Date.now() - 1_000_000) * 1_000n, runId: 'run-1' }
  for (const place of [undefined, after]) {
    const nodes = await scansOf((sql) => readRuns(sql, { ...query, after: place }))
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort')
    expect(rowsRead(nodes)).toBeLessThanOrEqual(101 + 1_000)
  }
})

test.each([
  ['of one workflow', { workflowId: 'rare' }, 'runs_workflow_created'],
  ['in one state', { status: 'FAILED' as const }, 'runs_status_created'],
  ['of one workflow in one state', { workflowId: 'rare', status: 'FAILED' as const }, 'runs_workflow_created'],
  ['since', { since: BigInt(Date.now() - 600_000) * 1_000_000n }, 'runs_created'],
  ['until', { until: BigInt(Date.now() - 4_000_000) * 1_000_000n }, 'runs_created'],
])('a page of runs %s reads those from an index', async (_, filter, index) => {
  const query = { status: undefined, workflowId: undefined, ...bounds, after: undefined, limit: 20, scan: 1_000 }
  const nodes = await scansOf((sql) => readRuns(sql, { ...query, ...filter }))
  const types = nodes.map((node) => node['Node Type'])
  for (const bad of ['Sort', 'Seq Scan']) expect(types).not.toContain(bad)
  expect(nodes.flatMap((node) => node['Index Name'] ?? [])).toContain(index)
  // The page and, where it is the last, a look for the place where a scan would have ended.
  expect(rowsRead(nodes)).toBeLessThanOrEqual(21 + 1_000)
  const { runs } = await database.read((sql) => readRuns(sql, { ...query, ...filter }))
  expect(runs.length).toBeGreaterThan(0)
})

test('what completeness is judged by', async () => {
  expect(rowsRead(await scansOf((sql) => readAccountEvents(sql, [RUN, 'run-1'])))).toBeLessThanOrEqual(2)
  const producers = [{ topic: TOPICS.logs, producerId: RUN }]
  expect(rowsRead(await scansOf((sql) => readStoredRanges(sql, producers)))).toBeLessThanOrEqual(3)
  const attempt = { execution: 1, nodeRef: 'build', attempt: 1, taskRunId: `${RUN}/1/build/1` }
  expect(rowsRead(await scansOf((sql) => readKnownUpTo(sql, RUN, TOPICS.logs, [attempt])))).toBeLessThanOrEqual(4)
})
