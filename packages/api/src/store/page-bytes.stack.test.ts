// Bounds of pages count what is sent: metadata and data that the store holds compressed are large once they are text.

import type { LogPage, TracePage } from '@runlight/contracts/api'
import type { RunTimeline } from '@runlight/contracts/api-timeline'
import type { UnifiedLogPage } from '@runlight/contracts/api-unified'
import { ROLES } from '@runlight/contracts/tables'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { logEntry, time, traceEvent } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { DEFAULT_POOL, openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { readEventsAfter, readWindows } from './live-read.ts'

const RUN = 'run-compressible'
const PAD = 200_000
/** More than 20 pages of lines, and than a timeline takes of events. */
const LINES = 450
const EVENTS = 180
const PAGE = 4 * 1024 * 1024

let store: TraceStore
let api: TestApi
let database: Database

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  database = openDatabase({ url: store.postgres.url(ROLES.reader), password: 'reader', ...DEFAULT_POOL })
  const pad = 'x'.repeat(PAD)
  const begun = Date.now()
  for (let from = 0; from < LINES; from += 30) {
    const lines = Array.from({ length: 30 }, (_, index) =>
      logEntry({ runId: RUN, timestamp: time(begun, from + index), message: String(from + index), metadata: { pad } }),
    )
    await store.storeLogs(lines)
  }
  for (let from = 0; from < EVENTS; from += 30) {
    const event = traceEvent({ runId: RUN, type: 'NODE_PROGRESS', nodeRef: 'build', data: { pad } })
    await store.storeEvents(Array.from({ length: 30 }, () => event))
  }
})
afterAll(async () => {
  await database?.close()
  await api?.stop()
  await store?.stop()
})

/** As many of them as pass the bound, the last one over it. */
const FITTING = Math.ceil(PAGE / PAD)

test('a page of lines, and of events', async () => {
  for (const direction of ['forward', 'backward']) {
    const { logs, hasMore } = await api.get<LogPage>(`/workflows/runs/${RUN}/logs`, { limit: 1_000, direction })
    expect([logs.length, hasMore]).toEqual([FITTING, true])
    const trace = await api.get<TracePage>(`/workflows/runs/${RUN}/trace`, { limit: 1_000, direction })
    expect([trace.events.length, trace.hasMore]).toEqual([FITTING, true])
  }
})

test('events end at the bound wherever it lies among those that are read at a time', async () => {
  const runId = 'run-mixed'
  const event = (data: Record<string, unknown>) => traceEvent({ runId, type: 'NODE_PROGRESS', nodeRef: 'build', data })
  const small = Array.from({ length: 1_300 }, () => event({}))
  // The bound lies in the second thousand, and so many behind it are large that no page takes all of them.
  const large = Array.from({ length: FITTING + 5 }, () => event({ pad: 'x'.repeat(PAD) }))
  for (let from = 0; from < large.length; from += 13) await store.storeEvents(large.slice(from, from + 13))
  await store.storeEvents(small)
  for (let from = 0; from < large.length; from += 13) await store.storeEvents(large.slice(from, from + 13))
  for (const direction of ['forward', 'backward']) {
    const sequences: number[] = []
    const path = `/workflows/runs/${runId}/trace`
    for (let [cursor, more] = [undefined as string | undefined, true]; more;) {
      const page = await api.get<TracePage>(path, { direction, limit: 10_000, cursor })
      expect(JSON.stringify(page.events).length).toBeLessThan(PAGE + 2 * PAD)
      sequences.push(...page.events.map(({ sequence }) => sequence))
      ;[cursor, more] = [page.nextCursor, page.hasMore]
    }
    const all = Array.from({ length: small.length + 2 * large.length }, (_, index) => index + 1)
    expect(sequences).toEqual(direction === 'forward' ? all : all.reverse())
  }
})

test('what the live stream reads', async () => {
  const scope = { kind: 'run', runId: RUN } as const
  const window = { scope, partition: 0, from: 0n, until: BigInt(LINES), sinceMs: 0, lines: 1_000 }
  const [found] = await database.read((sql) => readWindows(sql, [window], PAGE))
  expect([found?.lines.length, found?.truncated]).toEqual([FITTING, true])
  const read = (after: bigint) =>
    database.read((sql) => readEventsAfter(sql, [{ runId: RUN, after }], { events: 1_000, bytes: PAGE }))
  const first = (await read(0n)).get(RUN)
  expect([first?.events.length, first?.truncated]).toEqual([FITTING, true])
  const last = (await read(BigInt(EVENTS - 5))).get(RUN)
  expect([last?.events.length, last?.truncated]).toEqual([5, false])
})

test('a timeline folds no more than it can hold, and says so', async () => {
  const { events, hasMore } = await api.get<RunTimeline>(`/workflows/runs/${RUN}/timeline`)
  expect(hasMore).toBe(true)
  expect(events * PAD).toBeGreaterThan(32 * 1024 * 1024 - PAGE)
  expect(events * PAD).toBeLessThan(32 * 1024 * 1024 + 2 * PAGE)
})

test('an offset leaves out lines of any size', async () => {
  const path = `/api/v1/logs/job-runs/${RUN}`
  const query = { offset: LINES - 3, limit: 2, level: 'info' }
  const page = await api.get<UnifiedLogPage>(path, query)
  expect(page.logs.map(({ message }) => message)).toEqual([String(LINES - 3), String(LINES - 2)])
  const rest = await api.get<UnifiedLogPage>(path, { limit: 2, level: 'info', cursor: page.next_cursor })
  expect(rest.logs.map(({ message }) => message)).toEqual([String(LINES - 1)])
})
