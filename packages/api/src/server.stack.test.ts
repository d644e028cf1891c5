// The API on a real trace store: shapes, pages, refusals, and an outage.

import { ExecutionStatus } from '@runlight/contracts/execution-status'
import { Health, LogPage, Problem, RunPage, TracePage } from '@runlight/contracts/api'
import { METRICS } from '@runlight/contracts/metrics'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectShape, refusals } from './test/refusals.fixture.ts'
import { startTestApi } from './test/api.fixture.ts'
import type { TestApi } from './test/api.fixture.ts'
import { logEntry, time, traceEvent } from './test/records.fixture.ts'
import { timeText } from './store/log-lines.ts'
import { startTraceStore } from './test/trace-store.fixture.ts'
import type { TraceStore } from './test/trace-store.fixture.ts'

let store: TraceStore
let api: TestApi

const RUNS = 45

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  const appendedAt = Date.now() - 60_000
  for (let index = 0; index < RUNS; index++) {
    const run = { runId: `run-${index}`, workflowId: index % 2 ? 'odd' : 'even' }
    const events = [traceEvent({ ...run, type: 'RUN_STARTED' })]
    if (index % 5 === 0) events.push(traceEvent({ ...run, type: 'RUN_COMPLETED', data: { attempts: [] } }))
    // Three runs at each moment.
    await store.storeEvents(events, { appendedAt: appendedAt + Math.floor(index / 3) })
  }
  await store.storeLogs([logEntry({ runId: 'run-0' }), logEntry({ runId: 'run-0', type: 'job' })])
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

describe('answers have the shapes of the contracts', () => {
  test.each<[path: string, schema: TSchema]>([
    ['/workflows/runs', RunPage],
    ['/workflows/runs/run-0/status', ExecutionStatus],
    ['/workflows/runs/run-1/status', ExecutionStatus],
    ['/workflows/runs/run-0/trace', TracePage],
    ['/workflows/runs/run-0/logs', LogPage],
    ['/healthz', Health],
    ['/readyz', Health],
  ])('%s', async (path, schema) => {
    expectShape(schema, await api.get(path))
  })
})

describe('the list of runs', () => {
  async function listAll(query: Record<string, string | number>): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | undefined
    for (;;) {
      const page = await api.get<RunPage>('/workflows/runs', { ...query, cursor })
      ids.push(...page.runs.map((run) => run.runId))
      if (!page.hasMore) return ids
      cursor = page.nextCursor
    }
  }

  test('is newest first, and every page goes on where the one before ended', async () => {
    const whole = await listAll({ limit: 1_000 })
    expect(whole).toHaveLength(RUNS)
    for (const limit of [1, 2, 7]) expect(await listAll({ limit })).toEqual(whole)
    const moment = (id: string) => Math.floor(Number(id.slice(4)) / 3)
    expect(whole.every((id, index) => index === 0 || moment(id) <= moment(whole[index - 1] as string))).toBe(true)
  })

  test('is filtered by status and workflow', async () => {
    const number = (id: string) => Number(id.slice(4))
    const completed = await listAll({ status: 'COMPLETED', limit: 2 })
    expect(completed.map(number).sort((a, b) => a - b)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40])
    const both = await listAll({ status: 'RUNNING', workflow: 'even', limit: 3 })
    expect(both.every((id) => number(id) % 2 === 0 && number(id) % 5 > 0)).toBe(true)
    expect(both).toHaveLength(18)
    expect(await listAll({ workflow: 'nobody' })).toEqual([])
  })

  test('is bounded by time, also while one pages', async () => {
    const number = (id: string) => Number(id.slice(4))
    // Runs 0 to 44 came at three a millisecond, a minute before.
    const all = await store.sql<{ run_id: string; at: string }[]>`
      SELECT run_id, (extract(epoch FROM created_at) * 1000)::bigint AS at FROM runs WHERE run_id ~ '^run-[0-9]+$'`
    const at = new Map(all.map((row) => [row.run_id, Number(row.at)]))
    const [since, until] = [at.get('run-12') ?? 0, at.get('run-29') ?? 0]
    const bounds = { since: time(since), until: time(until) }
    const between = await listAll({ ...bounds, limit: 4 })
    expect(between.map(number).sort((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, index) => 12 + index))
    expect((await listAll({ ...bounds, workflow: 'odd', limit: 2 })).every((id) => number(id) % 2 === 1)).toBe(true)
    expect(await listAll({ since: '1d', until: '1h' })).toEqual([])
    expect((await listAll({ since: '1h', limit: 7 })).length).toBeGreaterThanOrEqual(RUNS)
  })
})

describe('the trace', () => {
  const runId = 'run-traced'

  beforeAll(async () => {
    const events = Array.from({ length: 230 }, (_, index) =>
      traceEvent({
        runId,
        type: 'NODE_PROGRESS',
        nodeRef: 'build',
        message: `step ${index}`,
        // Times go backwards; the order of arrival counts.
        timestamp: time(Date.now() - index * 1_000),
        data: { step: index },
        outputSummary: index,
        error: { message: 'none', type: 'None', retryable: false },
        causes: ['1/build/1/NODE_STARTED'],
      }),
    )
    await store.storeEvents(events)
  })

  test.each(['forward', 'backward'])('%s by sequence, whole', async (direction) => {
    const sequences: number[] = []
    let cursor: string | undefined
    for (let more = true; more;) {
      const page = await api.get<TracePage>(`/workflows/runs/${runId}/trace`, { direction, limit: 100, cursor })
      expectShape(TracePage, page)
      sequences.push(...page.events.map((event) => event.sequence))
      cursor = page.nextCursor
      more = page.hasMore
    }
    const expected = Array.from({ length: 230 }, (_, index) => index + 1)
    expect(sequences).toEqual(direction === 'forward' ? expected : expected.reverse())
  })

  test.each(['forward', 'backward'])('%s in pages of any length', async (direction) => {
    const long = `run-long-${direction}`
    const events = Array.from({ length: 2_050 }, () =>
      traceEvent({ runId: long, type: 'NODE_PROGRESS', nodeRef: 'build' }),
    )
    await store.storeEvents(events)
    for (const limit of [999, 1_025, 2_050, 10_000]) {
      const sequences: number[] = []
      let [cursor, pages] = [undefined as string | undefined, 0]
      for (let more = true; more; pages++) {
        const page = await api.get<TracePage>(`/workflows/runs/${long}/trace`, { direction, limit, cursor })
        sequences.push(...page.events.map((event) => event.sequence))
        ;[cursor, more] = [page.nextCursor, page.hasMore]
      }
      expect([limit, pages]).toEqual([limit, Math.ceil(2_050 / limit)])
      const expected = Array.from({ length: 2_050 }, (_, index) => index + 1)
      expect(sequences).toEqual(direction === 'forward' ? expected : expected.reverse())
    }
  })

  test('gives events as they were sent', async () => {
    const text = `"quoted" \\ a\tb\r\n \u0001\u001f\u007f\u2028 é 漢 \u{1f600} {} , ]`
    const now = BigInt(Date.now()) * 1_000_000n
    const odd = traceEvent({
      ...{ runId: 'run "odd" \\ é', type: 'NODE_FAILED', nodeRef: 'a "node" \\ \u{1f600}', attempt: 7, execution: 3 },
      ...{ orgId: 'acme', workflowId: 'a "workflow"', level: 'error', message: text, timestamp: timeText(now + 1n) },
      error: { message: text, type: text, retryable: true, stack: text },
      outputSummary: [text, 1.5, null, { nested: { deep: true } }],
      data: { [text]: text, empty: {}, none: null },
      causes: [`1/${text}/1/NODE_STARTED`, '', '{}', 'NULL', 'a,b'],
      producer: { id: 'a "producer" \\', seq: 9_007_199_254_740_991 },
    })
    const hourAgo = timeText(now - 3_600_000_000_000n)
    const plain = traceEvent({ runId: odd.runId, type: 'NODE_STARTED', nodeRef: 'a', message: '', timestamp: hourAgo })
    // A null stands for nothing.
    await store.storeEvents([odd, { ...plain, outputSummary: null }])
    const { events } = await api.get<TracePage>(`/workflows/runs/${encodeURIComponent(odd.runId)}/trace`)
    const [first, second] = events
    expect(first).toEqual({ ...odd, id: '1', sequence: 1, effectiveTs: odd.timestamp })
    expect(second).toEqual({ ...plain, id: '2', sequence: 2, effectiveTs: expect.stringMatching(/^20/) as string })
    expect(second?.effectiveTs).not.toBe(hourAgo)
  })

  test('its end gives what arrives later', async () => {
    const page = await api.get<TracePage>(`/workflows/runs/${runId}/trace`, { limit: 1_000 })
    const cursor = page.nextCursor
    expect(await api.get(`/workflows/runs/${runId}/trace`, { cursor })).toMatchObject({ events: [], hasMore: false })
    await store.storeEvents([traceEvent({ runId, type: 'NODE_COMPLETED', nodeRef: 'build', message: 'done' })])
    const later = await api.get<TracePage>(`/workflows/runs/${runId}/trace`, { cursor })
    expect(later.events.map(({ id, type }) => [id, type])).toEqual([['231', 'NODE_COMPLETED']])
  })
})

refusals(() => api)

test('requests are counted by route', async () => {
  await api.get('/workflows/runs/run-0/status')
  const text = await (await fetch(`${api.url}/metrics`)).text()
  const name = `${METRICS.apiRequestSeconds.name}_count`
  expect(text).toMatch(new RegExp(`${name}\\{method="GET",route="/workflows/runs/:runId/status",status="2xx"\\} [1-9]`))
})

test('while the trace store is away every answer is a 503, and the next one after its return is right again', async () => {
  const before = await api.get<RunPage>('/workflows/runs', { limit: 3 })
  const page = await api.get<LogPage>('/workflows/runs/run-0/logs', { limit: 1 })
  await store.postgres.kill()
  for (const path of [
    '/workflows/runs',
    '/workflows/runs/run-0/status',
    '/workflows/runs/run-0/trace',
    `/workflows/runs/run-0/logs?limit=1&cursor=${page.nextCursor}`,
  ]) {
    const { status, problem } = await api.refused(path)
    expectShape(Problem, problem)
    expect([path, status, problem.code]).toEqual([path, 503, 'RL_STORE_UNAVAILABLE'])
  }
  const ready = await fetch(`${api.url}/readyz`)
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ status: 'failing', checks: { postgres: { ok: false } } })
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200)

  await store.postgres.start()
  await expect.poll(async () => (await fetch(`${api.url}/readyz`)).status, { timeout: 60_000 }).toBe(200)
  expect((await api.get<RunPage>('/workflows/runs', { limit: 3 })).runs).toEqual(before.runs)
  const next = await api.get<LogPage>('/workflows/runs/run-0/logs', { limit: 1, cursor: page.nextCursor })
  expect(next.logs).toHaveLength(1)
})

/** What stands still exceeds any bound; what works must not exceed this one for long, however busy the machine is. */
const LIMIT_MS = 2_000

const untilListed = (limited: TestApi) =>
  expect
    .poll(() => limited.get<RunPage>('/workflows/runs').then(({ runs }) => runs.length), { timeout: 60_000 })
    .toBeGreaterThan(0)

test('a server that has stopped in the middle of a query is given up, and goes on when it does', async () => {
  const patient = await startTestApi(store.postgres, { postgres: { statementTimeoutMs: LIMIT_MS, connections: 1 } })
  try {
    await untilListed(patient)
    const [backend] = await store.sql<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE application_name = 'runlight-api' ORDER BY backend_start DESC LIMIT 1`
    if (!backend) throw new Error('The API has no connection')
    process.kill(backend.pid, 'SIGSTOP')
    const { status, problem } = await patient.refused('/workflows/runs')
    process.kill(backend.pid, 'SIGCONT')
    expect([status, problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
    await expect.poll(async () => (await fetch(`${patient.url}/readyz`)).status, { timeout: 60_000 }).toBe(200)
    await untilListed(patient)
  } finally {
    await patient.stop()
  }
})

test('a query that takes too long is given up, and the reader cannot write', async () => {
  const hasty = await startTestApi(store.postgres, { postgres: { statementTimeoutMs: LIMIT_MS } })
  const blocker = store.postgres.connect()
  try {
    await blocker.begin(async (sql) => {
      await sql`LOCK TABLE runs IN ACCESS EXCLUSIVE MODE`
      const { status, problem } = await hasty.refused('/workflows/runs')
      expect([status, problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
    })
    await untilListed(hasty)
  } finally {
    await blocker.end()
    await hasty.stop()
  }
  const reader = store.postgres.connect('runlight_reader')
  await expect(reader`DELETE FROM logs`).rejects.toMatchObject({ code: '42501' })
  await reader.end()
})
