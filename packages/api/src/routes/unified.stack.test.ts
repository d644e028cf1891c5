// Timelines, and the unified-logging addresses: views of the same events and lines.

import type { RunTimeline } from '@runlight/contracts/api-timeline'
import { RunTimeline as RunTimelineShape } from '@runlight/contracts/api-timeline'
import { UnifiedLogPage } from '@runlight/contracts/api-unified'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { shape } from '@runlight/contracts/schema'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { logEntry, time, traceEvent } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

let store: TraceStore
let api: TestApi
const RUN = 'run/1'
const START = Date.now() - 60_000

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  const lines = Array.from({ length: 2_400 }, (_, index) =>
    logEntry({
      ...{ runId: RUN, message: String(index), timestamp: time(START, index) },
      ...(index % 2 ? { nodeRef: 'a/b', attempt: 2 } : { nodeRef: 'build' }),
      ...(index === 0 && { metadata: { some: 'thing' } }),
    }),
  )
  await store.storeLogs(lines)
  await store.storeLogs([system('loki', 'hello'), system('kafka', 'there')])
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

const check = <T>(schema: TSchema, value: T): T => {
  expect(shape(schema).check(value)).toMatchObject({ ok: true })
  return value
}
const system = (component: string, message: string): LogEntry => {
  const { runId: _, nodeRef: __, attempt: ___, execution: ____, ...rest } = logEntry({ runId: '' })
  return { ...rest, type: 'system', component, message }
}
const messages = (page: UnifiedLogPage) => page.logs.map(({ message }) => message)

test('lines by offset, and by cursor beyond', async () => {
  const path = `/api/v1/logs/job-runs/${encodeURIComponent(RUN)}`
  const first = check(UnifiedLogPage, await api.get<UnifiedLogPage>(path))
  expect(first).toMatchObject({ limit: 100, offset: 0, has_more: true })
  expect(first.logs[0]).toEqual({
    ...{ type: 'task', job_run_id: RUN, task_run_id: 'run%2F1/1/build/1', timestamp: time(START) },
    ...{ level: 'info', stream: 'stdout', message: '0', metadata: { some: 'thing' } },
  })
  const later = await api.get<UnifiedLogPage>(path, { limit: 3, offset: 1_234 })
  expect(messages(later)).toEqual(['1234', '1235', '1236'])
  expect(messages(await api.get(path, { limit: 2, cursor: later.next_cursor }))).toEqual(['1237', '1238'])
  expect(await api.get(path, { offset: 5_000 })).toMatchObject({ logs: [], has_more: false })
  const task = `/api/v1/logs/task-runs/${encodeURIComponent('run%2F1/1/a%2Fb/2')}`
  expect(messages(check(UnifiedLogPage, await api.get<UnifiedLogPage>(task, { limit: 2, offset: 1 })))).toEqual([
    '3',
    '5',
  ])
  expect(messages(check(UnifiedLogPage, await api.get<UnifiedLogPage>('/api/v1/logs/system')))).toEqual([
    'hello',
    'there',
  ])
  expect(messages(await api.get('/api/v1/logs/system', { component: 'kafka' }))).toEqual(['there'])
  const filtered = { node_ref: 'a/b', attempt: 2, direction: 'backward', grep: '7$', limit: 2 }
  expect(messages(await api.get(path, filtered))).toEqual(['2397', '2387'])
  expect(await api.get(path, { level: 'error' })).toMatchObject({ logs: [], has_more: false })
  const beyond = await api.refused(`${path}?offset=10001`)
  expect([beyond.status, beyond.problem.parameter, beyond.problem.code]).toEqual([
    400,
    'offset',
    'RL_PARAMETER_INVALID',
  ])
  expect(beyond.problem.detail).toContain('next_cursor')
  expect((await api.refused('/api/v1/logs/job-runs/nobody')).status).toBe(404)
  expect((await api.refused('/api/v1/logs/type/other')).problem.parameter).toBe('type')
  const refusals = [
    [`${path}?offset=1&cursor=${later.next_cursor}`, 'offset'],
    [`${path}?node_ref=x&cursor=${later.next_cursor}`, 'cursor'],
    [`${path}?cursor=x`, 'cursor'],
    ['/api/v1/logs/task-runs/run', 'id'],
  ] as const
  for (const [address, parameter] of refusals) {
    expect((await api.refused(address)).problem.parameter).toBe(parameter)
  }
})

describe('lines by type', () => {
  const TYPES = { task: 1_500, job: 400, system: 300 } as const

  beforeAll(async () => {
    // Several runs, organisations and partitions; many lines of one moment; times that go back, and some that are skewed.
    for (let round = 0; round < 10; round++) {
      const at = (index: number) => time(START - 120_000 + ((round * 7 + index * 3) % 40), index % 3)
      const of = (type: keyof typeof TYPES) =>
        Array.from({ length: TYPES[type] / 10 }, (_, index): LogEntry => {
          const fields = { message: `${type} ${round} ${index}`, timestamp: at(index) }
          const org = index % 3 === 0 ? { orgId: 'acme' } : index % 3 === 1 ? { orgId: 'zoo' } : {}
          if (type === 'system') return { ...system(`part-${index % 5}`, ''), ...fields, ...org }
          const { nodeRef: node, attempt, ...job } = logEntry({ runId: `typed-${index % 7}`, ...fields, ...org })
          return type === 'job' ? { ...job, type } : { ...job, nodeRef: node as string, attempt: attempt as number }
        })
      const skewed = logEntry({ runId: 'typed-0', message: `skewed ${round}`, timestamp: time(START - 1e10) })
      await store.storeLogs([...of('task'), skewed, ...of('job'), ...of('system')], { partition: round % 3 })
    }
  })

  const expected = async (type: string, org?: string) => {
    const rows = await store.sql<{ message: string }[]>`
      SELECT message FROM logs WHERE type = ${type} AND org_id = coalesce(${org ?? null}, org_id)
      ORDER BY effective_ns, kafka_partition, kafka_offset`
    return rows.map((row) => row.message)
  }
  const readAll = async (
    path: string,
    query: Readonly<Record<string, string | number>>,
    between: (page: number) => Promise<unknown> | undefined = () => undefined,
  ) => {
    const found: string[] = []
    let cursor: string | undefined
    for (let number = 1; ; number++) {
      const page: UnifiedLogPage = check(UnifiedLogPage, await api.get(path, { ...query, cursor }))
      found.push(...messages(page))
      if (!page.has_more) return found
      cursor = page.next_cursor
      await between(number)
    }
  }

  test.each(['task', 'job', 'system'])('%s: all of them in the order of time, from both ends', async (type) => {
    const path = `/api/v1/logs/type/${type}`
    const all = await expected(type)
    expect(all.length).toBeGreaterThan(200)
    expect(await readAll(path, { limit: 97 })).toEqual(all)
    expect(await readAll(path, { limit: 1_000, direction: 'backward' })).toEqual(all.toReversed())
    expect(messages(await api.get(path, { offset: all.length - 5, limit: 3 }))).toEqual(all.slice(-5, -2))
    const acme = await expected(type, 'acme')
    expect(await readAll(path, { limit: 50, org_id: 'acme' })).toEqual(acme)
    expect(await readAll(path, { limit: 50, org_id: 'nobody' })).toEqual([])
    expect(await readAll(path, { grep: ' 7$' })).toEqual(all.filter((message) => message.endsWith(' 7')))
  })

  test('lines with older times that arrive while one pages come at the end, once', async () => {
    const all = await expected('task')
    const late = { runId: 'typed-9', timestamp: time(START - 110_000) }
    const found = await readAll('/api/v1/logs/type/task', { limit: 500 }, (page) => {
      if (page > 5) return undefined
      const job = { ...logEntry({ ...late, message: 'late job' }), type: 'job' as const }
      return store.storeLogs([logEntry({ ...late, message: `late ${page}` }), job], { partition: page % 4 })
    })
    expect(found.slice(0, all.length)).toEqual(all)
    expect(found.slice(all.length).sort()).toEqual([1, 2, 3, 4, 5].map((page) => `late ${page}`))
  })

  test('lines of a life of the topic that was given up are in the list too', async () => {
    await store.sql`
      INSERT INTO logs (type, org_id, job_run_id, "timestamp", timestamp_ns, effective_ns, skewed, level, stream, message,
        producer_id, producer_seq, created_at, kafka_partition, kafka_offset)
      SELECT 'job', 'old', 'run-old', now(), at + n, at + n, false, 'info', 'stdout', 'x', 'p', n, now(), 900, n
      FROM generate_series(1, 50) AS n, LATERAL (SELECT (extract(epoch FROM now()) * 1e9)::bigint AS at) AS moment`
    expect(await readAll('/api/v1/logs/type/job', { org_id: 'old', limit: 20 })).toHaveLength(50)
  })
})

test('a timeline', async () => {
  const runId = 'run-timed'
  const at = (seconds: number) => time(START + seconds * 1_000)
  const node = { runId, nodeRef: 'build' }
  await store.storeEvents([
    traceEvent({ runId, type: 'RUN_STARTED', timestamp: at(0) }),
    traceEvent({ ...node, type: 'NODE_COMPLETED', timestamp: at(3), outputSummary: { size: 1 } }),
    traceEvent({ ...node, type: 'NODE_SCHEDULED', timestamp: at(1) }),
    traceEvent({ ...node, type: 'NODE_STARTED', timestamp: at(2) }),
    traceEvent({ runId, type: 'RUN_COMPLETED', timestamp: at(4), data: { attempts: [] } }),
  ])
  const timeline = check(RunTimelineShape, await api.get<RunTimeline>(`/workflows/runs/${runId}/timeline`))
  expect(timeline).toMatchObject({ runId, events: 5, hasMore: false })
  const [execution] = timeline.executions
  expect(execution).toMatchObject({ state: 'COMPLETED', durationMs: 4_000 })
  expect(execution?.nodes).toMatchObject([
    {
      ...{ nodeRef: 'build', state: 'COMPLETED', startedAt: at(2), endedAt: at(3), durationMs: 1_000, queueMs: 1_000 },
      attempts: [{ attempt: 1, state: 'COMPLETED', outputSummary: { size: 1 } }],
    },
  ])
  expect((await api.refused('/workflows/runs/nobody/timeline')).status).toBe(404)
})
