// One history from two stores: days leave the hot store, also while somebody pages, and nobody notices.

import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { LogPage, StoredLog } from '@runlight/contracts/api'
import type { UnifiedLogPage } from '@runlight/contracts/api-unified'
import type { LabelMode } from '@runlight/contracts/labels'
import { LABEL_MODES } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestLoki } from '../../../../regression/fixtures/loki.ts'
import { startTestApi } from '../test/api.fixture.ts'
import { startBothStores } from '../test/both-stores.fixture.ts'
import type { BothStores } from '../test/both-stores.fixture.ts'
import { readEvents } from '../test/event-stream.fixture.ts'
import { eventually, lineCount } from '../test/live.fixture.ts'
import { logEntry, time } from '../test/records.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

const DAY_MS = 86_400_000
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS

const RUNS = ['run-perRun', 'run-other', 'run-bounded']

let stores: BothStores | undefined
let loki: TestLoki
let store: TraceStore
let api: BothStores['api']

beforeAll(async () => {
  // Loki works on each hour of a query with a filter by itself, unless it is told otherwise.
  stores = await startBothStores({ limits: { split_queries_by_interval: '24h', tsdb_max_query_parallelism: 4 } })
  ;({ loki, store, api } = stores)
  const begun = new Date(TODAY - 4 * DAY_MS).toISOString()
  await store.sql`INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
    SELECT name, 'unassigned', 1, 'RUNNING', 0, ${begun}::timestamptz FROM unnest(${[...RUNS]}::text[]) AS name`
  await storeDays(...RUNS)
})

afterAll(() => stores?.stop())

const dropDay = (daysAgo: number) =>
  store.sql`SELECT runlight_drop_log_partition(${new Date(TODAY - daysAgo * DAY_MS).toISOString().slice(0, 10)}::date)`

/** Days before today that hold lines. The last one stays, so that at any hour of the day there is much that Loki need not give. */
const DAYS = 4

/**
 * Lines of those days and of today of each run, many of them around midnight, at equal moments, with times of every precision and too
 * far off. All runs at once, for they may share streams in Loki, which must be fed in order.
 */
async function storeDays(...runIds: string[]): Promise<void> {
  let number = 0
  for (let daysAgo = DAYS; daysAgo >= 0; daysAgo--) {
    for (const minutes of [0, 2, 6, 24, 26, 600, 1_433, 1_437, 1_439.9]) {
      const appendedAt = Math.min(TODAY - daysAgo * DAY_MS + minutes * 60_000, Date.now())
      for (const partition of [0, 1, 2]) {
        number += 12
        const entries = runIds.flatMap((runId) =>
          OFFSETS_MS.map((offset, index) => lineAt(runId, appendedAt + offset, index, number + index, partition)),
        )
        await store.storeLogs(entries, { partition, appendedAt })
      }
    }
  }
}

const LINES = (DAYS + 1) * 9 * 3 * 12

const OFFSETS_MS = [-1_400_000, -60_000, -1, 0, 0, 0, 0, 1, 200_000, -86_400_000, 7_200_000, 3]

function lineAt(runId: string, own: number, index: number, number: number, partition: number): LogEntry {
  const second = Math.floor(own / 1_000) * 1_000
  const times = [time(own, 123_456), time(own, 1_000), time(own), time(second), time(own, index)]
  return logEntry({
    ...{ runId, message: String(number), timestamp: times[index % 5] as string },
    ...{ nodeRef: `node ${index % 3}`, attempt: 1 + (index % 2) },
    ...{ level: index % 4 === 0 ? 'error' : 'info', stream: index % 2 ? 'stdout' : 'stderr' },
    ...(index === 3 && { metadata: { big: 1.5, nested: [{ a: null }] } }),
    ...(index !== 5 && { producer: { id: `producer-${runId}-${partition}`, seq: number } }),
  })
}

async function readAll(
  mode: LabelMode,
  runId: string,
  query: Readonly<Record<string, string | number | readonly string[]>> = {},
  between: (page: number) => Promise<unknown> | undefined = () => undefined,
): Promise<StoredLog[]> {
  const logs: StoredLog[] = []
  let cursor: string | undefined
  for (let pages = 1; ; pages++) {
    const page = await api(mode).get<LogPage>(`/workflows/runs/${runId}/logs`, { limit: 1_000, ...query, cursor })
    logs.push(...page.logs)
    if (!page.hasMore) return logs
    cursor = page.nextCursor
    await between(pages)
  }
}

/** The first line that differs says more than a thousand that do not. */
function same(lines: readonly StoredLog[], expected: readonly StoredLog[] | undefined): void {
  for (const [index, line] of lines.entries()) expect(line).toEqual(expected?.[index])
  expect(lines).toHaveLength(expected?.length ?? 0)
}

const QUERIES = [
  {},
  { direction: 'backward' },
  { limit: 170 },
  { limit: 190, direction: 'backward' },
  { level: 'error', stream: 'stderr', limit: 50 },
  { nodeRef: 'node 1', attempt: 2 },
  { nodeRef: ['node 2', 'node 0'], level: 'error' },
  { grep: '7$', limit: 40 },
  { since: time(TODAY - 3 * DAY_MS), until: time(TODAY - 2 * DAY_MS), limit: 100 },
] as const

describe.each(LABEL_MODES)('with the labels %s', (mode) => {
  const runId = `run-${mode}`

  test('days that are dropped, before and in the middle of paging, change nothing', async () => {
    const before = await Promise.all(QUERIES.map((query) => readAll(mode, runId, query)))
    expect(before[0]).toHaveLength(LINES)
    // The first day goes before anybody reads, in the second round the next one in the middle of every list.
    if (mode === 'perRun') await dropDay(4)
    for (const [index, query] of QUERIES.entries()) same(await readAll(mode, runId, query), before[index])
    const late = time(TODAY - 3 * DAY_MS - 600_000)
    let dropped = false
    const during = QUERIES.map((query) =>
      readAll(mode, runId, query, (page) => {
        if (page !== 2 || dropped) return undefined
        dropped = true
        return dropDay(mode === 'perRun' ? 3 : 2)
      }),
    )
    for (const [index, lines] of (await Promise.all(during)).entries()) same(lines, before[index])
    expect(dropped).toBe(true)
    for (const [index, query] of QUERIES.entries()) same(await readAll(mode, runId, query), before[index])
    // A line with an old time that arrives now is skewed to now in both stores, and comes once, at the end.
    const paging = readAll(mode, runId, { limit: 400 }, (page) =>
      page === 1 ? store.storeLogs([logEntry({ runId, message: 'late', timestamp: late })]) : undefined,
    )
    expect((await paging).map(({ message }) => message)).toEqual([
      ...(before[0] ?? []).map(({ message }) => message),
      'late',
    ])
  })

  test('a stream begins in the past', async () => {
    const reader = await readEvents(new URL(`/workflows/runs/${runId}/stream?from=start&events=log`, api(mode).url))
    const last = await readEvents(new URL(`/workflows/runs/${runId}/stream?from=-900&events=log`, api(mode).url))
    await eventually(() => lineCount(reader)).toBe(LINES + 1)
    await eventually(() => lineCount(last)).toBe(900)
    expect(last.events.map(({ data }) => data)).toEqual(reader.events.slice(-900).map(({ data }) => data))
    reader.cut()
    last.cut()
  })
})

test('a cursor whose arrivals have left the hot store is refused, a quiet one is not', async () => {
  const path = (runId: string) => `/workflows/runs/${runId}/logs`
  await store.sql`INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
    SELECT name, 'unassigned', 1, 'RUNNING', 0, ${new Date(TODAY - 9 * DAY_MS).toISOString()}::timestamptz
    FROM unnest(ARRAY['run-old', 'run-quiet']) AS name`
  const at = (daysAgo: number) => ({
    partition: 5,
    appendedAt: Math.min(TODAY - daysAgo * DAY_MS + 3_600_000, Date.now()),
  })
  const line = (runId: string, daysAgo: number) => logEntry({ runId, timestamp: time(at(daysAgo).appendedAt) })
  await store.storeLogs([line('run-old', 9), line('run-quiet', 9)], at(9))
  const { nextCursor: old } = await api('perRun').get<LogPage>(path('run-old'))
  const { nextCursor: quiet } = await api('perRun').get<LogPage>(path('run-quiet'))
  await store.storeLogs([line('run-old', 8)], at(8))
  await store.storeLogs([line('run-old', 0), line('run-quiet', 0)], at(0))
  await dropDay(8)
  const { problem } = await api('perRun').refused(`${path('run-old')}?cursor=${old}`)
  expect(problem.code).toBe('RL_CURSOR_INVALID')
  expect((await api('perRun').get<LogPage>(path('run-quiet'), { cursor: quiet })).logs).toHaveLength(1)
})

test('a cursor is good for what has arrived since and is still there, also with a time in a day that is not', async () => {
  const path = '/workflows/runs/run-night/logs'
  const [first, second] = [TODAY - 12 * DAY_MS, TODAY - 11 * DAY_MS]
  const place = (appendedAt: number) => ({ partition: 6, appendedAt })
  const line = (own: number) => logEntry({ runId: 'run-night', timestamp: time(own), message: time(own) })
  await store.storeLogs([line(first + DAY_MS / 2)], place(first + DAY_MS / 2))
  const { nextCursor } = await api('perRun').get<LogPage>(path)
  await store.storeLogs([line(second - 600_000)], place(second + 300_000))
  await dropDay(12)
  const { logs } = await api('perRun').get<LogPage>(path, { cursor: nextCursor })
  expect(logs.map(({ message }) => message)).toEqual([time(second - 600_000)])
  await dropDay(11)
  const { problem } = await api('perRun').refused(`${path}?cursor=${nextCursor}`)
  expect(problem.code).toBe('RL_CURSOR_INVALID')
})

test('a run that has left the hot store, and never had an event, is known all the same', async () => {
  const runId = 'run-of-lines'
  const path = `/workflows/runs/${runId}/logs`
  const appendedAt = TODAY - 6 * DAY_MS + 3_600_000
  await store.storeLogs([logEntry({ runId, timestamp: time(appendedAt) })], { partition: 7, appendedAt })
  await dropDay(6)
  const own = api('perRun')
  expect((await own.get<LogPage>(path)).logs).toHaveLength(1)
  expect(await own.get(path, { level: 'error' })).toMatchObject({ logs: [] })
  const reader = await readEvents(new URL(`/workflows/runs/${runId}/stream?events=log`, own.url))
  await eventually(() => lineCount(reader)).toBe(1)
  reader.cut()
})

test('lists of more organisations than Loki is asked for at a time are one list, in order', async () => {
  const [orgs, rounds] = [40, 6]
  const appendedAt = TODAY - 7 * DAY_MS + 3_600_000
  const lines = Array.from({ length: orgs * rounds }, (_, index): LogEntry => {
    const {
      nodeRef: _node,
      attempt: _attempt,
      ...job
    } = logEntry({
      ...{ runId: 'run-shared', orgId: `org-${index % orgs}`, message: String(index) },
      // Many at one millisecond, and at the next ones: more than a small page takes.
      timestamp: time(appendedAt + Math.floor(index / 70), index),
    })
    return { ...job, type: 'job' }
  })
  await store.storeLogs(lines, { partition: 9, appendedAt })
  await dropDay(7)
  const messages = lines.map(({ message }) => message)
  for (const mode of LABEL_MODES) {
    for (const limit of [1_000, 45]) {
      for (const direction of ['forward', 'backward']) {
        const found: string[] = []
        for (let cursor: string | undefined, hasMore = true, pages = 0; hasMore && pages < 100; pages++) {
          const query = { limit, direction, since: time(appendedAt), until: time(appendedAt + 10_000), cursor }
          const page = await api(mode).get<UnifiedLogPage>('/api/v1/logs/type/job', query)
          found.push(...page.logs.map(({ message }) => message))
          hasMore = page.has_more
          cursor = page.next_cursor
        }
        expect(found).toEqual(direction === 'forward' ? messages : messages.toReversed())
      }
    }
  }
})

test('a proxy that closes connections before a Loki that is away makes no answer too large', async () => {
  const proxy = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  const behind = await startTestApi(store.postgres, { lokiUrl: new URL(`http://127.0.0.1:${port}`) })
  for (const path of ['loki', 'logs?limit=1']) {
    const { status, problem } = await behind.refused(`/workflows/runs/run-perRun/${path}`)
    expect([path, status, problem.code]).toEqual([path, 503, 'RL_STORE_UNAVAILABLE'])
  }
  await behind.stop()
  await new Promise((resolve) => proxy.close(resolve))
})

test('without Loki recent lines go on, marked degraded; those that it holds are refused for now', async () => {
  const path = '/workflows/runs/run-perRun/logs'
  const since = time(TODAY - DAY_MS / 2)
  const recent = await readAll('perRun', 'run-perRun', { since })
  await loki.kill()
  const backward = await api('perRun').get<LogPage>(path, { direction: 'backward', limit: 20 })
  expect(backward.logs).toHaveLength(20)
  await eventually(
    async () => (await api('perRun').get<LogPage>(path, { direction: 'backward', limit: 1 })).degraded?.[0],
  ).toMatchObject({ component: 'loki' })
  expect(recent.length).toBeGreaterThan(100)
  same(await readAll('perRun', 'run-perRun', { since }), recent)
  const { status, problem } = await api('perRun').refused(`${path}?limit=1`)
  expect([status, problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
  await loki.start()
  await eventually(() => readAll('perRun', 'run-perRun').then((lines) => lines.length)).toBe(LINES + 1)
})
