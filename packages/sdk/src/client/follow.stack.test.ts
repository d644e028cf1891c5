// Following by the client, against the real API: cut off, too slow, and where no stream is let through.

import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import { eventually, numbered, numbers } from '@runlight/api/test/live.fixture'
import { traceEvent } from '@runlight/api/test/records.fixture'
import { startTraceStore } from '@runlight/api/test/trace-store.fixture'
import type { TraceStore } from '@runlight/api/test/trace-store.fixture'
import type { StreamStatus } from '@runlight/contracts/api-unified'
import { startProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import type { TcpProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createApiClient } from './api-client.ts'
import type { FollowRunQuery, RunEvent } from './follow.ts'
import { startStreamProxy } from './stream-proxy.fixture.ts'
import type { StreamProxy } from './stream-proxy.fixture.ts'

let store: TraceStore
let api: TestApi
let wire: TcpProxy
let proxy: StreamProxy
let ended = new AbortController()

beforeAll(async () => {
  store = await startTraceStore()
  // Nothing here waits for a sign of life.
  api = await startTestApi(store.postgres, { live: { bufferBytes: 1024 * 1024, heartbeatMs: 3_600_000 } })
  wire = await startProxy(Number(new URL(api.url).port))
  proxy = await startStreamProxy(api.url)
})
afterEach(() => {
  ended.abort(new Error('The test is over'))
  ended = new AbortController()
})
afterAll(async () => {
  await proxy?.close()
  await wire?.close()
  await api?.stop()
  await store?.stop()
})

const overWire = () => createApiClient({ baseUrl: `http://127.0.0.1:${wire.port}` })
const overProxy = (settings: { streamTimeoutMs?: number } = {}) => createApiClient({ baseUrl: proxy.url, ...settings })
const startRun = (runId: string) => store.storeEvents([traceEvent({ runId, type: 'RUN_STARTED' })])
const endRun = (runId: string) =>
  store.storeEvents([traceEvent({ runId, type: 'RUN_COMPLETED', data: { attempts: [] } })])

interface Followed {
  messages: string[]
  sequences: number[]
  states: string[]
  /** Held back: nothing is taken as long as this is not resolved. */
  held: Promise<void>
  /** The event at which it ended. */
  end: Promise<RunEvent['event'] | undefined>
}

function follow(client: ReturnType<typeof overWire>, runId: string, query: FollowRunQuery = {}): Followed {
  const followed: Omit<Followed, 'end'> = { messages: [], sequences: [], states: [], held: Promise.resolve() }
  const read = async () => {
    let last: RunEvent['event'] | undefined
    const onState = (state: string) => followed.states.push(state)
    for await (const { event, data } of client.followRun(runId, { ...query, onState, signal: ended.signal })) {
      last = event
      if (event === 'log') followed.messages.push(data.message)
      if (event === 'trace') followed.sequences.push(data.sequence)
      await followed.held
    }
    return last
  }
  const end = read()
  end.catch(() => undefined)
  return Object.assign(followed, { end })
}

test('over 100 forced disconnects while lines flow nothing is lost and nothing comes twice', async () => {
  const runId = 'run-cut'
  await startRun(runId)
  const followed = follow(overWire(), runId)
  let written = 0
  let flowing = true
  const over = ended.signal
  const writing = (async () => {
    while (flowing && !over.aborted) {
      await store.storeLogs(numbered(runId, written, 50))
      await store.storeEvents([traceEvent({ runId, type: 'NODE_PROGRESS', nodeRef: 'build' })])
      written += 50
    }
  })()
  for (let cut = 0; cut < 100; cut++) {
    const before = followed.messages.length
    await eventually(() => followed.messages.length).toBeGreaterThan(before)
    wire.cut()
  }
  flowing = false
  await writing
  await endRun(runId)
  expect(await followed.end).toBe('done')
  expect(followed.messages).toEqual(numbers(written))
  expect(followed.sequences).toEqual(followed.sequences.map((_, index) => index + 1))
})

test('what a slow reader was not sent is read from the store', async () => {
  const runId = 'run-slow'
  await startRun(runId)
  const status = () => api.get<StreamStatus>('/api/v1/logs/stream/status')
  const gapsBefore = (await status()).gaps
  const followed = follow(createApiClient({ baseUrl: api.url }), runId)
  await eventually(() => followed.sequences).toHaveLength(1)
  let goOn = (): void => undefined
  followed.held = new Promise((resolve) => (goOn = resolve))
  // More than the connection and the API keep for a reader.
  const pad = 'x'.repeat(8_000)
  for (let written = 0; written < 4_000; written += 500) {
    await store.storeLogs(numbered(runId, written, 500).map((entry) => ({ ...entry, metadata: { pad } })))
  }
  await endRun(runId)
  // All of them have gone through the ring, which keeps the last: the reader's own are among those that it has dropped.
  const passed = async () => (await status()).buffers.find((buffer) => buffer.job_run_id === runId)?.dropped
  await eventually(passed).toBeGreaterThan(3_800)
  goOn()
  expect(await followed.end).toBe('done')
  expect((await status()).gaps).toBeGreaterThan(gapsBefore)
  expect(followed.messages).toEqual(numbers(4_000))
})

test('a reader that begins at the end and is cut off before the first line misses none', async () => {
  const runId = 'run-end'
  await startRun(runId)
  await store.storeLogs(numbered(runId, 0, 10))
  let placed = false
  const client = createApiClient({
    baseUrl: `http://127.0.0.1:${wire.port}`,
    fetch: async (...request) => {
      const { body, ...response } = await fetch(...request).then((given) => ({
        ...{ status: given.status, headers: given.headers, body: given.body },
      }))
      let text = ''
      const watched = body?.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (bytes, out) => {
            text += Buffer.from(bytes).toString()
            out.enqueue(bytes)
            placed ||= /^id: .+\n\n/m.test(text)
          },
        }),
      )
      return new Response(watched ?? null, response)
    },
  })
  const followed = follow(client, runId, { from: 'end', events: ['log'] })
  await eventually(() => placed).toBe(true)
  wire.cut()
  await store.storeLogs(numbered(runId, 10, 1))
  await eventually(() => followed.messages).toEqual(['10'])
})

test.each(['refuse', 'buffer'] as const)('streams that a proxy would %s are polled', async (streams) => {
  const runId = `run-${streams}`
  proxy.streams = streams
  await startRun(runId)
  await store.storeLogs(numbered(runId, 0, 2_500))
  // Only here: where streams are let through, one that comes late on a busy machine is to be waited for.
  const client = overProxy({ streamTimeoutMs: 500 })
  const whole = follow(client, runId)
  const last = follow(client, runId, { from: '-3', events: 'log' })
  const coming = follow(client, runId, { from: 'end', events: 'log' })
  await eventually(() => whole.messages.length).toBe(2_500)
  await eventually(() => last.messages).toEqual(['2497', '2498', '2499'])
  await eventually(() => coming.states).toEqual(['polling'])
  await eventually(() => proxy.asked).toBeGreaterThan(2)
  await store.storeLogs(numbered(runId, 2_500, 1_000))
  await eventually(() => whole.messages.length).toBe(3_500)
  await endRun(runId)
  expect(await Promise.all([whole.end, last.end, coming.end])).toEqual(['done', 'done', 'done'])
  expect(whole.messages).toEqual(numbers(3_500))
  expect(whole.sequences).toEqual([1, 2])
  expect(whole.states).toEqual(['polling'])
  expect(last.messages).toEqual(numbers(1_003, 2_497))
  expect(coming.messages).toEqual(numbers(coming.messages.length, 3_500 - coming.messages.length))
})

test('lines with older times that arrive while it is polled come too, each once', async () => {
  const runId = 'run-late'
  proxy.streams = 'refuse'
  await startRun(runId)
  await store.storeLogs(numbered(runId, 0, 10))
  const nodes = { nodeRef: ['build', 'no, none'] }
  const last = follow(overProxy(), runId, { ...nodes, from: '-3', events: 'log' })
  const coming = follow(overProxy(), runId, { ...nodes, from: 'end', events: 'log' })
  await eventually(() => [last.states, coming.states]).toEqual([['polling'], ['polling']])
  const old = new Date(Date.now() - 600_000).toISOString()
  await store.storeLogs(numbered(runId, 10, 5, { timestamp: old }))
  await store.storeLogs(numbered(runId, 15, 5, { nodeRef: 'other' }))
  await store.storeLogs(numbered(runId, 20, 5))
  await endRun(runId)
  expect(await Promise.all([last.end, coming.end])).toEqual(['done', 'done'])
  const since = [...numbers(5, 10), ...numbers(5, 20)]
  expect(last.messages).toEqual(['7', '8', '9', ...since])
  expect(coming.messages).toEqual(since)
})

test('over a restart of the API it streams again, also when one that is being stopped is asked', async () => {
  const runId = 'run-restart'
  await startRun(runId)
  await store.storeLogs(numbered(runId, 0, 10))
  let current = await startTestApi(store.postgres)
  let stopping = false
  const refusal = { type: '', title: '', detail: '', instance: '', status: 503, code: 'RL_SHUTTING_DOWN' }
  const client = createApiClient({
    baseUrl: 'http://api',
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (!stopping) return fetch(request.url.replace('http://api', current.url), request)
      stopping = false
      return new Response(JSON.stringify(refusal), { status: 503 })
    },
  })
  const followed = follow(client, runId)
  await eventually(() => followed.messages.length).toBe(10)
  const stopped = current
  current = await startTestApi(store.postgres)
  stopping = true
  await stopped.stop()
  await store.storeLogs(numbered(runId, 10, 10))
  await endRun(runId)
  expect(await followed.end).toBe('done')
  await current.stop()
  expect(stopping).toBe(false)
  expect(followed.messages).toEqual(numbers(20))
  expect(new Set(followed.states)).toEqual(new Set(['streaming']))
})

test('polling goes on where the stream was broken off', async () => {
  const runId = 'run-both'
  proxy.streams = 'pass'
  await startRun(runId)
  await store.storeLogs(numbered(runId, 0, 100))
  const followed = follow(overProxy(), runId)
  await eventually(() => followed.messages.length).toBe(100)
  proxy.streams = 'refuse'
  proxy.cut()
  await store.storeLogs(numbered(runId, 100, 100))
  await eventually(() => followed.messages.length).toBe(200)
  await endRun(runId)
  expect(await followed.end).toBe('done')
  expect(followed.messages).toEqual(numbers(200))
  expect(followed.sequences).toEqual([1, 2])
  expect(followed.states).toEqual(['streaming', 'polling'])
})
