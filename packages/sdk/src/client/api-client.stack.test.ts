// The client against the real API.

import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import { logEntry, traceEvent } from '@runlight/api/test/records.fixture'
import { startTraceStore } from '@runlight/api/test/trace-store.fixture'
import type { TraceStore } from '@runlight/api/test/trace-store.fixture'
import { freePorts } from '../../../../regression/fixtures/server-process.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiClient } from './api-client.ts'
import type { ApiClient } from './api-client.ts'
import { ApiProblem, ApiUnreachable } from './api-problem.ts'

// What the path of an address could take for its own.
const RUN = 'run/ä?#%2F 1'

let store: TraceStore
let api: TestApi
let client: ApiClient

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  client = createApiClient({ baseUrl: api.url })
  await store.storeEvents([
    traceEvent({ runId: RUN, type: 'RUN_STARTED', workflowId: 'audit' }),
    ...Array.from({ length: 2_500 }, () => traceEvent({ runId: RUN, type: 'NODE_PROGRESS', nodeRef: 'build' })),
    traceEvent({ runId: 'run-2', type: 'RUN_STARTED' }),
  ])
  await store.storeLogs(
    Array.from({ length: 2_500 }, (_, index) =>
      logEntry({ runId: RUN, message: String(index), level: index % 2 ? 'warn' : 'error', nodeRef: 'a b' }),
    ),
  )
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('a run, its status, events and lines', async () => {
  expect((await client.runs({ workflow: 'audit' })).runs.map((run) => run.runId)).toEqual([RUN])
  expect(await client.status(RUN)).toMatchObject({ runId: RUN, status: 'RUNNING' })
  expect((await client.trace(RUN, { limit: 1, direction: 'backward' })).events).toMatchObject([{ sequence: 2_501 }])
  const lines = await client.logs(RUN, { level: ['error'], nodeRef: 'a b', limit: 3 })
  expect(lines.logs.map((log) => log.message)).toEqual(['0', '2', '4'])
})

test('whole lists, page by page', async () => {
  const numbers = (await collect(client.allLogs(RUN))).map((log) => Number(log.message))
  expect(numbers).toEqual(Array.from({ length: 2_500 }, (_, index) => index))
  expect(await collect(client.allLogs(RUN, { level: ['warn', 'error'], limit: 999 }))).toHaveLength(2_500)
  expect((await collect(client.allEvents(RUN))).map((event) => event.sequence).at(-1)).toBe(2_501)
  expect((await collect(client.allRuns({ limit: 1 }))).map((run) => run.runId).sort()).toEqual([RUN, 'run-2'].sort())
})

test('a refusal comes as the API gave it', async () => {
  await expect(client.status('run-none')).rejects.toMatchObject({ problem: { code: 'RL_RUN_NOT_FOUND', status: 404 } })
  await expect(client.logs(RUN, { limit: 5_000 })).rejects.toBeInstanceOf(ApiProblem)
})

test('an API that is not there is named with the reason', async () => {
  const [port] = await freePorts(1)
  const nobody = createApiClient({ baseUrl: `http://127.0.0.1:${port}` })
  await expect(nobody.runs()).rejects.toThrow(new RegExp(`http://127\\.0\\.0\\.1:${port} .*ECONNREFUSED`))
  await expect(nobody.runs()).rejects.toBeInstanceOf(ApiUnreachable)
  const stranger = createApiClient({
    baseUrl: api.url,
    fetch: async () => new Response('{"hello":1}', { status: 502 }),
  })
  await expect(stranger.runs()).rejects.toThrow(/answered 502/)
})

test('an aborted client ends with the reason of its abort', async () => {
  const controller = new AbortController()
  const aborted = createApiClient({ baseUrl: api.url, signal: controller.signal })
  const lines: string[] = []
  const reading = (async () => {
    for await (const log of aborted.allLogs(RUN, { limit: 100 })) {
      lines.push(log.message)
      if (lines.length === 150) controller.abort(new Error('enough'))
    }
  })()
  await expect(reading).rejects.toThrow('enough')
  expect(lines).toHaveLength(200)
})
