// Timelines, and the unified-logging addresses: views of the same events and lines.

import type { RunTimeline } from '@runlight/contracts/api-timeline'
import { RunTimeline as RunTimelineShape } from '@runlight/contracts/api-timeline'
import { StreamStatus, UnifiedLogPage } from '@runlight/contracts/api-unified'
import { shape } from '@runlight/contracts/schema'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  const { runId: _, nodeRef: __, attempt: ___, execution: ____, ...rest } = logEntry({ runId: '' })
  await store.storeLogs([{ ...rest, type: 'system', component: 'loki', message: 'hello' }])
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

const check = <T>(schema: TSchema, value: T): T => {
  expect(shape(schema).check(value)).toMatchObject({ ok: true })
  return value
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
  expect(messages(check(UnifiedLogPage, await api.get<UnifiedLogPage>('/api/v1/logs/system')))).toEqual(['hello'])
  check(StreamStatus, await api.get('/api/v1/logs/stream/status'))
  const refusals = [
    [`${path}?offset=10001`, 'offset'],
    [`${path}?cursor=x`, 'cursor'],
    ['/api/v1/logs/task-runs/run', 'id'],
  ] as const
  for (const [address, parameter] of refusals) {
    expect((await api.refused(address)).problem.parameter).toBe(parameter)
  }
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
