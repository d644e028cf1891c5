// The live stream on a real trace store: everything once, to the end.

import { request } from 'node:http'
import { StreamDone } from '@runlight/contracts/api-stream'
import type { StreamStatus } from '@runlight/contracts/api-unified'
import type { LogPage } from '@runlight/contracts/api'
import { StoredEvent, StoredLog } from '@runlight/contracts/api'
import { ExecutionStatus } from '@runlight/contracts/execution-status'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { METRICS } from '@runlight/contracts/metrics'
import { shape } from '@runlight/contracts/schema'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { readEvents } from '../test/event-stream.fixture.ts'
import { eventually, lineCount, linesOf, numbered, numbers, startLive } from '../test/live.fixture.ts'
import type { LiveFixture } from '../test/live.fixture.ts'
import { logEntry, traceEvent } from '../test/records.fixture.ts'

let live: LiveFixture

beforeAll(async () => {
  live = await startLive()
})

afterAll(() => live?.stop())

test('a run from its start to its end: history, what comes, and done', async () => {
  const runId = 'run / ä'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 2_500))
  const reader = await live.follow(runId)
  expect(reader.response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  })
  await eventually(() => lineCount(reader)).toBe(2_500)
  for (let from = 2_500; from < 3_000; from += 100) {
    await live.store.storeLogs(numbered(runId, from, 100), { partition: from % 3 })
  }
  await live.store.storeEvents([traceEvent({ runId, type: 'NODE_STARTED', nodeRef: 'build' })])
  await eventually(() => lineCount(reader)).toBe(3_000)
  await live.endRun(runId)
  await reader.ended
  expect(linesOf(reader.events).sort()).toEqual(numbers(3_000).sort())
  expect(linesOf(reader.events).slice(0, 2_500)).toEqual(numbers(2_500))
  const shapes: Record<string, TSchema> = {
    status: ExecutionStatus,
    trace: StoredEvent,
    log: StoredLog,
    done: StreamDone,
  }
  for (const { event, data } of reader.events) {
    expect(shape(shapes[event] as TSchema).check(JSON.parse(data))).toMatchObject({ ok: true })
  }
  const traced = reader.events.filter(({ event }) => event === 'trace')
  expect(traced.map(({ data }) => (JSON.parse(data) as StoredEvent).sequence)).toEqual([1, 2, 3])
  const last = reader.events.at(-1)
  expect(last?.event).toBe('done')
  expect(JSON.parse(last?.data ?? '')).toMatchObject({ verdict: 'complete', status: { status: 'COMPLETED' } })
  // A browser comes back by itself, and is told to stay away; whoever asks anew is given everything again.
  const again = await live.follow(runId, {}, { 'last-event-id': last?.id ?? '' })
  expect(again.response.statusCode).toBe(204)
  const finished = await live.follow(runId, { events: 'log' })
  await finished.ended
  expect(linesOf(finished.events).sort()).toEqual(numbers(3_000).sort())
  expect(finished.events.at(-1)?.event).toBe('done')
})

test('each cursor of a stream goes on right behind its own event, also in /logs', async () => {
  const runId = 'run-resumed'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 40))
  const reader = await live.follow(runId, { events: 'log' })
  await eventually(() => lineCount(reader)).toBe(40)
  await live.store.storeLogs(numbered(runId, 40, 20), { partition: 1 })
  await live.store.storeLogs(numbered(runId, 60, 20), { partition: 0 })
  await eventually(() => lineCount(reader)).toBe(80)
  reader.cut()
  for (const [index, { id = '' }] of reader.events.entries()) {
    if (index % 7 > 0) continue
    const expected = linesOf(reader.events.slice(index + 1))
    const resumed = await live.follow(runId, { events: 'log' }, { 'last-event-id': id })
    await eventually(() => lineCount(resumed)).toBe(expected.length)
    resumed.cut()
    expect(linesOf(resumed.events).sort()).toEqual(expected.sort())
    const page = await live.api.get<LogPage>(`/workflows/runs/${runId}/logs`, { cursor: id, limit: 1_000 })
    const rest = page.hasMore
      ? await live.api.get<LogPage>(`/workflows/runs/${runId}/logs`, { cursor: page.nextCursor, limit: 1_000 })
      : { logs: [] }
    const fetched = [...page.logs, ...rest.logs].map(({ message }) => message)
    expect(expected).toEqual(expect.arrayContaining(fetched))
  }
})

test('the last lines, only new ones, and filters', async () => {
  const runId = 'run-filtered'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 1_500))
  await live.store.storeLogs(numbered(runId, 1_500, 500, { level: 'error', nodeRef: 'deploy' }))
  const last = await live.follow(runId, { from: -100, events: 'log' })
  const few = await live.follow(runId, { from: -7, events: 'log', grep: '^1[0-9]*5$' })
  const now = await live.follow(runId, { from: 'end', level: 'error' })
  const node = await live.follow(runId, { from: 'start', nodeRef: 'deploy', grep: '99$' })
  await eventually(() => lineCount(last)).toBe(100)
  await eventually(() => lineCount(few)).toBe(7)
  await eventually(() => now.events.length).toBeGreaterThan(0)
  await live.store.storeLogs(numbered(runId, 2_000, 100, { level: 'error', nodeRef: 'deploy' }))
  await live.store.storeLogs(numbered(runId, 2_100, 100))
  await eventually(() => linesOf(last.events)).toEqual(numbers(300, 1_900))
  await eventually(() => linesOf(now.events)).toEqual(numbers(100, 2_000))
  await eventually(() => linesOf(few.events)).toEqual(['1935', '1945', '1955', '1965', '1975', '1985', '1995'])
  await eventually(() => linesOf(node.events)).toEqual(['1599', '1699', '1799', '1899', '1999', '2099'])
  for (const reader of [last, few, now, node]) reader.cut()
})

test('compressed, it comes as soon as it would otherwise, and whole', async () => {
  const runId = 'run-compressed'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 3_000))
  const reader = await live.follow(runId, {}, { 'accept-encoding': 'br, gzip;q=0.8' })
  expect(reader.response.headers['content-encoding']).toBe('gzip')
  await eventually(() => lineCount(reader)).toBe(3_000)
  for (let line = 3_000; line < 3_005; line++) {
    await live.store.storeLogs(numbered(runId, line, 1))
    await eventually(() => lineCount(reader)).toBe(line + 1)
  }
  await live.endRun(runId)
  await reader.ended
  expect(linesOf(reader.events)).toEqual(numbers(3_005))
  expect(reader.events.at(-1)?.event).toBe('done')
  const plain = await live.follow(runId, { events: 'log' }, { 'accept-encoding': 'gzip;q=0' })
  expect(plain.response.headers['content-encoding']).toBeUndefined()
  await plain.ended
})

test('a WebSocket gives the same', async () => {
  const runId = 'run-socket'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 200))
  const socket = new WebSocket(live.address(`/workflows/runs/${runId}/stream/ws`, { from: '-50' }))
  const messages: { event: string; id?: string; data: StoredLog }[] = []
  socket.on('message', (text) => messages.push(JSON.parse(String(text))))
  const lines = () => messages.filter(({ event }) => event === 'log').map(({ data }) => data.message)
  await eventually(() => lines().length).toBe(50)
  await live.store.storeLogs(numbered(runId, 200, 50))
  await eventually(() => lines().length).toBe(100)
  await live.endRun(runId)
  await eventually(() => messages.at(-1)?.event).toBe('done')
  await eventually(() => socket.readyState).toBe(WebSocket.CLOSED)
  expect(lines()).toEqual(numbers(100, 150))
  const refused = new WebSocket(live.address('/workflows/runs/nobody/stream/ws'))
  const status = await new Promise((resolve) => {
    refused.on('unexpected-response', (_, response) => resolve(response.statusCode))
    refused.on('error', () => undefined)
  })
  expect(status).toBe(404)
  const plain = await live.api.refused(`/workflows/runs/${runId}/stream/ws`)
  expect([plain.status, plain.problem.code]).toEqual([426, 'RL_UPGRADE_REQUIRED'])
})

test('a WebSocket reader of new lines that is cut off before the first one comes back to its place', async () => {
  const runId = 'run-socket-place'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 5))
  const read = (from: string) => {
    const socket = new WebSocket(live.address(`/workflows/runs/${runId}/stream/ws`, { from, events: 'log' }))
    const messages: { event: string; id?: string; data: StoredLog }[] = []
    socket.on('message', (text) => messages.push(JSON.parse(String(text))))
    return { socket, messages }
  }
  const cut = read('end')
  await eventually(() => cut.messages.length).toBeGreaterThan(0)
  cut.socket.terminate()
  // On a busy machine there may be signs of life behind it, which are places too.
  for (const { event, data } of cut.messages) expect([event, data]).toEqual(['place', {}])
  await live.store.storeLogs(numbered(runId, 5, 5))
  const back = read(cut.messages[0]?.id ?? '')
  const lines = () => back.messages.filter(({ event }) => event === 'log').map(({ data }) => data.message)
  await eventually(() => lines().length).toBe(5)
  await live.endRun(runId)
  await eventually(() => back.socket.readyState).toBe(WebSocket.CLOSED)
  expect(lines()).toEqual(numbers(5, 5))
})

test('a handshake that fails leaves no stream open', async () => {
  const runId = 'run-handshake'
  await live.startRun(runId)
  const counted = () => live.api.get<StreamStatus>('/api/v1/logs/stream/status')
  await eventually(async () => (await counted()).connections.ws).toBe(0)
  const asked = (path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket' }
      request(live.api.url, { path, headers, agent: false }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
  // Without a key; and at what is no address.
  expect(await asked(`/workflows/runs/${runId}/stream/ws`)).toBe(400)
  expect(await asked('//')).toBe(400)
  const { connections, buffers } = await counted()
  expect(connections.ws).toBe(0)
  expect(buffers.find((buffer) => buffer.job_run_id === runId)?.followers ?? 0).toBe(0)
})

test('a reader of the last lines that is cut off after an event has had them, or gets them', async () => {
  const runId = 'run-last'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 10))
  const reader = await live.follow(runId, { from: -5 })
  await eventually(() => lineCount(reader)).toBe(5)
  await eventually(() => reader.events.some(({ event }) => event === 'trace')).toBe(true)
  reader.cut()
  const cut = reader.events.findIndex(({ event }) => event === 'trace')
  const id = reader.events[cut]?.id ?? ''
  const resumed = await live.follow(runId, { from: -5 }, { 'last-event-id': id })
  await live.endRun(runId)
  await resumed.ended
  expect([...linesOf(reader.events.slice(0, cut)), ...linesOf(resumed.events)]).toEqual(numbers(5, 5))
})

test('components are followed too', async () => {
  const entry = (component: string, message: string): LogEntry => {
    const { runId: _, nodeRef: __, attempt: ___, execution: ____, ...rest } = logEntry({ runId: '' })
    return { ...rest, type: 'system', component, message }
  }
  await live.store.storeLogs([entry('loki', 'before'), entry('api', 'before')])
  const all = await readEvents(live.address('/components/logs/stream', { from: 'start' }))
  const one = await readEvents(live.address('/components/logs/stream', { component: 'loki' }))
  await eventually(() => linesOf(all.events)).toEqual(['before', 'before'])
  await eventually(() => one.events[0]?.event).toBe('status')
  await live.store.storeLogs([entry('loki', 'a'), entry('api', 'b'), logEntry({ runId: 'run-other' })])
  await eventually(() => linesOf(all.events)).toEqual(['before', 'before', 'a', 'b'])
  await eventually(() => linesOf(one.events)).toEqual(['a'])
  all.cut()
  one.cut()
})

test.each<[query: string, parameter: string]>([
  ['from=middle', 'from'],
  ['from=-0x1', 'from'],
  ['from=-99999', 'from'],
  ['from=', 'from'],
  ['events=log,all', 'events'],
  ['grep=(', 'grep'],
  ['level=fatal', 'level'],
  ['cursor=x', 'cursor'],
])('%s is refused by the name of the parameter', async (query, parameter) => {
  await live.startRun('run-refused')
  const { status, problem } = await live.api.refused(`/workflows/runs/run-refused/stream?${query}`)
  expect([status, problem.parameter]).toEqual([400, parameter])
})

test('an idle stream shows that it lives, with its cursor; latencies are counted', async () => {
  await live.startRun('run-idle')
  const url = live.address('/workflows/runs/run-idle/stream')
  const response = await fetch(url)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!/: still here\nid: [\w-]+\n\n/.test(text)) text += (await reader?.read())?.value ?? ''
  await reader?.cancel()
  const metrics = await (await fetch(new URL('/metrics', live.api.url))).text()
  const count = new RegExp(`^${METRICS.streamLatency.name}_count (\\d+)`, 'm').exec(metrics)?.[1]
  expect(Number(count)).toBeGreaterThan(100)
  await expect
    .poll(
      async () =>
        (await (await fetch(new URL('/metrics', live.api.url))).text()).match(
          /live_streams\{transport="sse"\} (\d+)/,
        )?.[1],
      { timeout: 60_000 },
    )
    .toBe('0')
})
