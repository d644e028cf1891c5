// The API on a real trace store: shapes, pages, refusals, and an outage.

import { ExecutionStatus } from '@runlight/contracts/execution-status'
import { Health, LogPage, Problem, RunPage, TracePage } from '@runlight/contracts/api'
import { METRICS } from '@runlight/contracts/metrics'
import { shape } from '@runlight/contracts/schema'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApi } from './test/api.fixture.ts'
import type { TestApi } from './test/api.fixture.ts'
import { logEntry, time, traceEvent } from './test/records.fixture.ts'
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

function expectShape(schema: TSchema, value: unknown): void {
  expect(shape(schema).check(value)).toMatchObject({ ok: true })
}

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

  test('its end gives what arrives later', async () => {
    const page = await api.get<TracePage>(`/workflows/runs/${runId}/trace`, { limit: 1_000 })
    const cursor = page.nextCursor
    expect(await api.get(`/workflows/runs/${runId}/trace`, { cursor })).toMatchObject({ events: [], hasMore: false })
    await store.storeEvents([traceEvent({ runId, type: 'NODE_COMPLETED', nodeRef: 'build', message: 'done' })])
    const later = await api.get<TracePage>(`/workflows/runs/${runId}/trace`, { cursor })
    expect(later.events.map(({ id, type }) => [id, type])).toEqual([['231', 'NODE_COMPLETED']])
  })
})

describe('refusals', () => {
  const logs = '/workflows/runs/run-0/logs'
  test.each<[path: string, parameter: string]>([
    [`${logs}?limit=0`, 'limit'],
    [`${logs}?limit=1001`, 'limit'],
    [`${logs}?limit=ten`, 'limit'],
    [`${logs}?limit=1&limit=2`, 'limit'],
    [`${logs}?direction=up`, 'direction'],
    [`${logs}?level=fatal`, 'level'],
    [`${logs}?level=warn,`, 'level'],
    [`${logs}?stream=std%20out`, 'stream'],
    [`${logs}?attempt=0`, 'attempt'],
    [`${logs}?attempt=99999999999`, 'attempt'],
    [`${logs}?nodeRef=%00`, 'nodeRef'],
    [`${logs}?since=yesterday`, 'since'],
    [`${logs}?until=2026-02-30T00:00:00Z`, 'until'],
    [`${logs}?cursor=`, 'cursor'],
    [`${logs}?cursor=nonsense`, 'cursor'],
    [`${logs}?page=2`, 'page'],
    ['/workflows/runs?status=DONE', 'status'],
    ['/workflows/runs?workflow=', 'workflow'],
    ['/workflows/runs?since=yesterday', 'since'],
    ['/workflows/runs?until=2026-02-30T00:00:00Z', 'until'],
    ['/workflows/runs?cursor=AAAA', 'cursor'],
    ['/workflows/runs/run-0/trace?direction=sideways', 'direction'],
    ['/workflows/runs/run-0/trace?cursor=AAAA', 'cursor'],
    ['/workflows/runs/run-0/status?verbose=1', 'verbose'],
    ['/workflows/runs/a%00b/logs', 'runId'],
    ['/workflows/runs/%zz/logs', 'request'],
  ])('%s', (path, parameter) => expectRefused(path, parameter))

  test('values that are too long', async () => {
    const long = 'x'.repeat(257)
    await expectRefused(`${logs}?nodeRef=${long}`, 'nodeRef')
    await expectRefused(`${logs}?cursor=${'A'.repeat(12_000)}`, 'cursor')
    await expectRefused(`/workflows/runs/${long}/status`, 'runId')
  })

  async function expectRefused(path: string, parameter: string): Promise<void> {
    const { status, problem } = await api.refused(path)
    expectShape(Problem, problem)
    expect([status, problem.status, problem.parameter]).toEqual([400, 400, parameter])
    expect(problem.detail).toContain(parameter)
    expect(['RL_PARAMETER_INVALID', 'RL_CURSOR_INVALID']).toContain(problem.code)
  }

  test.each([
    ['/workflows/runs/run-none/status', 'RL_RUN_NOT_FOUND'],
    ['/workflows/runs/run-none/trace', 'RL_RUN_NOT_FOUND'],
    ['/workflows/runs/run-none/logs', 'RL_RUN_NOT_FOUND'],
    ['/workflows/runs/run-none/logs?level=error', 'RL_RUN_NOT_FOUND'],
    ['/workflows', 'RL_ROUTE_NOT_FOUND'],
  ])('%s is not found', async (path, code) => {
    const { status, problem } = await api.refused(path)
    expectShape(Problem, problem)
    expect([status, problem.code]).toEqual([404, code])
  })

  test('a cursor is taken only with the parameters that it was given for', async () => {
    const { nextCursor } = await api.get<LogPage>(logs, { limit: 1 })
    await api.get<LogPage>(logs, { limit: 2, cursor: nextCursor })
    for (const path of [
      `${logs}?level=info&cursor=${nextCursor}`,
      `${logs}?direction=backward&cursor=${nextCursor}`,
      `/workflows/runs/run-1/logs?cursor=${nextCursor}`,
      `/workflows/runs/run-0/trace?cursor=${nextCursor}`,
      `/workflows/runs?cursor=${nextCursor}`,
    ]) {
      expect((await api.refused(path)).problem.code).toBe('RL_CURSOR_INVALID')
    }
  })

  test('nothing that a request says makes the server fail', async () => {
    const hostile = [
      '..',
      '%2e%2e%2f',
      "';DROP TABLE logs;--",
      '%F0%9F%92%A9',
      '\\',
      '${7*7}',
      '%25',
      '-1',
      'NaN',
      '1e400',
    ]
    for (const text of hostile) {
      for (const path of [
        `/workflows/runs/${encodeURIComponent(text)}/logs`,
        `/workflows/runs?workflow=${encodeURIComponent(text)}`,
        `${logs}?nodeRef=${encodeURIComponent(text)}&since=${encodeURIComponent(text)}`,
        `${logs}?cursor=${encodeURIComponent(text)}`,
        `/${encodeURIComponent(text)}`,
      ]) {
        const { status } = await fetch(new URL(path, api.url))
        expect([200, 400, 404]).toContain(status)
      }
    }
  })
})

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

test('a server that has stopped in the middle of a query is given up, and goes on when it does', async () => {
  const patient = await startTestApi(store.postgres, { postgres: { statementTimeoutMs: 100, connections: 1 } })
  try {
    await patient.get('/workflows/runs')
    const [backend] = await store.sql<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE application_name = 'runlight-api' ORDER BY backend_start DESC LIMIT 1`
    if (!backend) throw new Error('The API has no connection')
    process.kill(backend.pid, 'SIGSTOP')
    const { status, problem } = await patient.refused('/workflows/runs')
    process.kill(backend.pid, 'SIGCONT')
    expect([status, problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
    await expect.poll(async () => (await fetch(`${patient.url}/readyz`)).status, { timeout: 60_000 }).toBe(200)
    await patient.get('/workflows/runs')
  } finally {
    await patient.stop()
  }
})

test('a query that takes too long is given up, and the reader can not write', async () => {
  const hasty = await startTestApi(store.postgres, { postgres: { statementTimeoutMs: 200 } })
  const blocker = store.postgres.connect()
  try {
    await blocker.begin(async (sql) => {
      await sql`LOCK TABLE runs IN ACCESS EXCLUSIVE MODE`
      const { status, problem } = await hasty.refused('/workflows/runs')
      expect([status, problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
    })
    await hasty.get('/workflows/runs')
  } finally {
    await blocker.end()
    await hasty.stop()
  }
  const reader = store.postgres.connect('runlight_reader')
  await expect(reader`DELETE FROM logs`).rejects.toMatchObject({ code: '42501' })
  await reader.end()
})
