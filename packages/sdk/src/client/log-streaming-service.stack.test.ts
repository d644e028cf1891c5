// The service against the real API, in Node and in a real browser.

import { fileURLToPath } from 'node:url'
import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import { eventually, numbered, numbers } from '@runlight/api/test/live.fixture'
import { logEntry, traceEvent } from '@runlight/api/test/records.fixture'
import { startTraceStore } from '@runlight/api/test/trace-store.fixture'
import type { TraceStore } from '@runlight/api/test/trace-store.fixture'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, openTab, startChromium } from '../../../../regression/fixtures/chromium.ts'
import { startProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import type { TcpProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import { ApiProblem } from './api-problem.ts'
import { LogStreamingService } from './log-streaming-service.ts'
import type { LogMessage, LogStreamer } from './log-streaming-service.ts'
import { startStreamProxy } from './stream-proxy.fixture.ts'
import type { StreamProxy } from './stream-proxy.fixture.ts'

let store: TraceStore
let api: TestApi
let wire: TcpProxy
let proxy: StreamProxy
const streamers: LogStreamer[] = []

const systemEntry = (message: string) => {
  const { runId: _, nodeRef: __, execution: ___, attempt: ____, ...entry } = logEntry({ runId: '', message })
  return { ...entry, type: 'system' as const, component: 'bus', stream: 'system' }
}
const jobEntry = (runId: string, message: string) => {
  const { nodeRef: _, attempt: __, ...entry } = logEntry({ runId, message })
  return { ...entry, type: 'job' as const }
}
const startRun = (runId: string) => store.storeEvents([traceEvent({ runId, type: 'RUN_STARTED' })])
const endRun = (runId: string) =>
  store.storeEvents([traceEvent({ runId, type: 'RUN_COMPLETED', data: { attempts: [] } })])

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  wire = await startProxy(Number(new URL(api.url).port))
  proxy = await startStreamProxy(api.url)
  await startRun('job-123')
  await store.storeLogs([
    jobEntry('job-123', 'begun'),
    ...numbered('job-123', 0, 5, { metadata: { status_code: 200 } }),
    systemEntry('started'),
  ])
})
afterAll(async () => {
  streamers.forEach((streamer) => streamer.close())
  await proxy?.close()
  await wire?.close()
  await api?.stop()
  await store?.stop()
})

test('lists of a run, a task, components and a type, with limit and offset', async () => {
  const service = new LogStreamingService({ baseUrl: api.url })
  const messages = (logs: readonly LogMessage[]) => logs.map(({ message }) => message)
  const logs = await service.getJobRunLogs('job-123')
  expect(messages(logs)).toEqual(['begun', ...numbers(5)])
  expect(logs[1]).toMatchObject({
    ...{ type: 'task', job_run_id: 'job-123', task_run_id: 'job-123/1/build/1', metadata: { status_code: 200 } },
    ...{ level: 'info', stream: 'stdout' },
  })
  expect(messages(await service.getJobRunLogs('job-123', 2, 1))).toEqual(['0', '1'])
  expect(messages(await service.getTaskRunLogs('job-123/1/build/1', 10, 3))).toEqual(['3', '4'])
  expect(messages(await service.getSystemLogs(50, 0))).toEqual(['started'])
  expect(messages(await service.getLogsByType('job', 100, 0))).toEqual(['begun'])
  expect(await service.getStreamStatus()).toMatchObject({ connections: { sse: 0, ws: 0 } })
  await expect(service.getJobRunLogs('none')).rejects.toBeInstanceOf(ApiProblem)
})

function collect(service: LogStreamingService) {
  const said: string[] = []
  const states: string[] = []
  const streamer = service.streamAllLogs({
    onMessage: (log) => void said.push(`${log.type} ${log.message}`),
    onState: (state) => void states.push(state),
  })
  streamers.push(streamer)
  return { said, states, streamer }
}

test('all lines as they come, whatever their type, also over a lost connection, until it is closed', async () => {
  const { said, states, streamer } = collect(new LogStreamingService({ baseUrl: `http://127.0.0.1:${wire.port}` }))
  await eventually(() => states).toEqual(['streaming'])
  await eventually(async () => (await api.get<{ buffers: object[] }>('/api/v1/logs/stream/status')).buffers).toEqual([
    expect.objectContaining({ kind: 'all', followers: 1 }),
  ])
  await store.storeLogs([systemEntry('one'), jobEntry('job-123', 'two'), ...numbered('job-123', 3, 1)])
  await eventually(() => said).toEqual(['system one', 'job two', 'task 3'])
  wire.cut()
  await store.storeLogs([systemEntry('four')])
  await eventually(() => said.at(-1)).toBe('system four')
  streamer.close()
  await streamer.ended
  expect(said).toHaveLength(4)
})

test('all lines by polling, where no stream is let through', async () => {
  proxy.streams = 'refuse'
  const { said, states } = collect(new LogStreamingService({ baseUrl: proxy.url }))
  await eventually(() => states).toEqual(['polling'])
  await store.storeLogs([systemEntry('five'), ...numbered('job-123', 6, 1_500)])
  await eventually(() => said.length).toBe(1_501)
  expect(said.filter((line) => line.startsWith('task'))).toEqual(numbers(1_500, 6).map((message) => `task ${message}`))
})

test('a run: lines, events, status and its end', async () => {
  const runId = 'run-streamed'
  await startRun(runId)
  await store.storeLogs(numbered(runId, 0, 3))
  const told: string[] = []
  const { ended } = new LogStreamingService({ baseUrl: api.url }).streamRun(runId, {
    onMessage: ({ message, job_run_id: job }) => void told.push(`${job} ${message}`),
    onEvent: ({ type }) => void told.push(type),
    onDone: ({ verdict }) => void told.push(verdict),
    onEnd: () => void told.push('end'),
  })
  await endRun(runId)
  await ended
  expect(told.sort()).toEqual(
    ['RUN_COMPLETED', 'RUN_STARTED', 'complete', 'end', ...numbers(3).map((message) => `${runId} ${message}`)].sort(),
  )
  const errors: Error[] = []
  await new LogStreamingService({ baseUrl: api.url }).streamRun('none', { onError: (error) => void errors.push(error) })
    .ended
  expect(errors).toEqual([expect.objectContaining({ problem: expect.objectContaining({ status: 404 }) })])
})

/** The service for a page. It cannot be made when anything of it is Node's. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('log-streaming-service.ts', import.meta.url))],
    ...{ bundle: true, write: false, minify: true, platform: 'browser', target: 'es2022' },
    ...{ format: 'iife', globalName: 'runlight' },
  })
  return outputFiles[0]?.text ?? ''
}

test('is made for browsers, and small', async () => {
  const text = await bundle()
  expect(text).not.toMatch(/\bnode:|\bBuffer\b/)
  expect(text.length).toBeLessThan(32_768)
})

const chromium = findChromium()

describe.runIf(chromium)('in Chromium', () => {
  test.each(['streamed', 'polled'])('a run, %s', async (how) => {
    proxy.streams = how === 'streamed' ? 'pass' : 'refuse'
    const runId = `run-browsed-${how}`
    await startRun(runId)
    await store.storeLogs(numbered(runId, 0, 1_200))
    const browser = await startChromium(chromium as string)
    try {
      const page = await openTab(browser)
      await page.goto(`${proxy.url}/openapi.json`)
      await page.evaluate(`${await bundle()}; globalThis.runlight = runlight`)
      await page.evaluate(`
        globalThis.told = { messages: [], states: [] };
        globalThis.reading = new runlight.LogStreamingService().streamRun(${JSON.stringify(runId)}, {
          onMessage: ({ message }) => void told.messages.push(message),
          onState: (state) => void told.states.push(state),
        }).ended;
        // The end is waited for later.
        undefined`)
      await expect.poll(() => page.evaluate('told.messages.length'), { timeout: 60_000 }).toBe(1_200)
      proxy.cut()
      await store.storeLogs(numbered(runId, 1_200, 100))
      await endRun(runId)
      await page.evaluate('reading')
      expect(await page.evaluate('told.messages')).toEqual(numbers(1_300))
      expect(await page.evaluate('told.states')).toContain(how === 'streamed' ? 'streaming' : 'polling')
    } finally {
      await browser.close()
    }
  })
})
