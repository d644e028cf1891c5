// The live stream while readers are slow or cut off, while a store is away, and when the server is stopped.

import { performance } from 'node:perf_hooks'
import type { LogPage, Problem, StoredLog } from '@runlight/contracts/api'
import { StreamGap } from '@runlight/contracts/api-stream'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { shape } from '@runlight/contracts/schema'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { startProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import { startTestApi } from '../test/api.fixture.ts'
import { readEvents } from '../test/event-stream.fixture.ts'
import type { ReceivedEvent } from '../test/event-stream.fixture.ts'
import { eventually, lineCount, linesOf, numbered, numbers, startLive } from '../test/live.fixture.ts'
import type { LiveFixture } from '../test/live.fixture.ts'
import { time, traceEvent } from '../test/records.fixture.ts'

let live: LiveFixture

beforeAll(async () => {
  live = await startLive()
})

afterAll(() => live?.stop())

test('a slow reader is told of a gap with the cursors around it, and holds up nobody', async () => {
  const runId = 'run-slow'
  await live.startRun(runId)
  const slow = await live.follow(runId, { events: 'log' })
  const quick = await live.follow(runId, { events: 'log' })
  await live.store.storeLogs(numbered(runId, 0, 10))
  await eventually(() => lineCount(slow)).toBe(10)
  slow.pause()
  const text = 'x'.repeat(1_000)
  const total = 12_000
  // What fits into the buffers of two connections and of the kernel is delivered late, but without a gap.
  for (let from = 10; from < total; from += 400) {
    const entries = numbered(runId, from, Math.min(400, total - from)).map((entry) => ({
      ...entry,
      metadata: { text },
    }))
    await live.store.storeLogs(entries)
    // No more than the buffer holds: however busy the machine is, a reader that reads on has no gap.
    await eventually(() => lineCount(quick)).toBe(from + entries.length)
  }
  expect(quick.events.some(({ event }) => event === 'gap')).toBe(false)
  slow.resume()
  await eventually(() => slow.events.some(({ event }) => event === 'gap')).toBe(true)
  const messages = new Set<string>()
  await live.store.storeLogs(numbered(runId, total, 1))
  await eventually(() => linesOf(slow.events.slice(-1)).at(-1)).toBe(String(total))
  for (const message of linesOf(slow.events)) {
    expect(messages.has(message)).toBe(false)
    messages.add(message)
  }
  for (const { data } of slow.events.filter(({ event }) => event === 'gap')) {
    const gap = JSON.parse(data) as StreamGap
    expect(shape(StreamGap).check(gap)).toMatchObject({ ok: true })
    let missed = 0
    for (let cursor: string | undefined = gap.from; cursor !== undefined && missed < gap.skipped;) {
      const page: LogPage = await live.api.get(`/workflows/runs/${runId}/logs`, { cursor, limit: 1_000 })
      for (const { message } of page.logs.slice(0, gap.skipped - missed)) {
        expect(messages.has(message)).toBe(false)
        messages.add(message)
        missed++
      }
      cursor = page.nextCursor
    }
  }
  expect(messages.size).toBe(total + 1)
  slow.cut()
  quick.cut()
})

test('100 readers that are cut off again and again get every line once', async () => {
  const runId = 'run-cut'
  await live.startRun(runId)
  const total = 25_000
  let stored = 0
  const writing = (async () => {
    for (; stored < total; stored += 250) {
      await live.store.storeLogs(numbered(runId, stored, 250), { partition: (stored / 250) % 4 })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  const seen: string[] = []
  let cuts = 0
  let id: string | undefined
  while (seen.length < total) {
    const reader = await live.follow(runId, { events: 'log' }, id === undefined ? {} : { 'last-event-id': id })
    let left = cuts < 100 ? 1 + ((cuts * 97) % 240) : total
    reader.onEvent = ({ event, id: next, data }) => {
      if (left <= 0) return
      expect(event).toBe('log')
      seen.push((JSON.parse(data) as StoredLog).message)
      id = next
      left--
      if (left === 0 || seen.length === total) reader.cut()
    }
    await reader.ended
    cuts++
  }
  await writing
  expect(cuts).toBeGreaterThan(100)
  expect(new Set(seen).size).toBe(total)
  expect(seen.length).toBe(total)
})

test('a server that is stopped says so, and that its readers may come back', async () => {
  const runId = 'run-stopped'
  await live.startRun(runId)
  const api = await startTestApi(live.store.postgres)
  const address = new URL(`/workflows/runs/${runId}/stream`, api.url)
  const reader = await readEvents(address)
  const socket = new WebSocket(`${address.href}/ws`)
  const messages: { event: string; data: Problem }[] = []
  socket.on('message', (text) => messages.push(JSON.parse(String(text))))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  const isTraced = (events: readonly { event: string }[]) => events.some(({ event }) => event === 'trace')
  await eventually(() => isTraced(reader.events) && isTraced(messages)).toBe(true)
  await api.stop()
  await reader.ended
  expect(await closed).toBe(1001)
  const last = reader.events.at(-1)
  const { status, code } = JSON.parse(last?.data ?? '{}') as Problem
  expect([last?.event, status, code]).toEqual(['problem', 503, 'RL_SHUTTING_DOWN'])
  expect(messages.at(-1)).toMatchObject({ event: 'problem', data: { status: 503, code: 'RL_SHUTTING_DOWN' } })
})

test('when announcements cannot be heard it polls, says so, and goes back', async () => {
  const runId = 'run-deaf'
  await live.startRun(runId)
  const reader = await live.follow(runId, { from: 'end' })
  const degraded = () =>
    reader.events.filter(({ event }) => event === 'status').map(({ data }) => JSON.parse(data) as ExecutionStatus)
  const names = () =>
    degraded()
      .at(-1)
      ?.degraded?.map(({ component }) => component) ?? []
  await eventually(() => degraded().length).toBeGreaterThan(0)
  expect(names()).not.toContain('live')
  const { port } = live.direct
  await live.direct.close()
  await eventually(names).toContain('live')
  await live.store.storeLogs(numbered(runId, 0, 100))
  await eventually(() => lineCount(reader)).toBe(100)
  live.direct = await startProxy(live.store.postgres.port, port)
  await eventually(names).not.toContain('live')
  // Its answers are lost without an end of the connection: announcements that never come are noticed too.
  live.direct.loseAnswers = true
  let line = 100
  await vi.waitFor(
    async () => {
      await live.store.storeLogs(numbered(runId, line++, 1))
      expect(names()).toContain('live')
    },
    { timeout: 30_000, interval: 250 },
  )
  await eventually(() => lineCount(reader)).toBe(line)
  live.direct.loseAnswers = false
  await eventually(names).not.toContain('live')
  reader.cut()
})

test('readers who come one after another while nothing is stored do not make it doubt the announcements', async () => {
  const ids = ['run-quiet-1', 'run-quiet-2', 'run-quiet-3']
  for (const runId of ids) await live.startRun(runId)
  const real = performance.now.bind(performance)
  let ahead = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + ahead)
  try {
    const readers = []
    for (const runId of ids) {
      const reader = await live.follow(runId)
      await eventually(() => reader.events.some(({ event }) => event === 'status')).toBe(true)
      readers.push(reader)
      ahead += 4_000
    }
    for (const runId of ids) await live.store.storeLogs(numbered(runId, 0, 1))
    for (const reader of readers) {
      await eventually(() => lineCount(reader)).toBe(1)
      expect(reader.events.filter(({ data }) => data.includes('"component":"live"'))).toEqual([])
      reader.cut()
    }
  } finally {
    clock.mockRestore()
  }
})

test('while Loki is away, the last lines are those of the trace store, and who begins at the start is told to wait', async () => {
  const runId = 'run-old'
  const appendedAt = Date.now() - 9 * 86_400_000
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 1), { partition: 5, appendedAt })
  await live.store.storeLogs(numbered(runId, 1, 10), { partition: 5 })
  await live.store.sql`SELECT runlight_drop_log_partition(${new Date(appendedAt).toISOString().slice(0, 10)}::date)`
  const last = await live.follow(runId, { from: -100 })
  await eventually(() => linesOf(last.events)).toEqual(numbers(10, 1))
  const whole = await live.follow(runId)
  const components = await readEvents(live.address('/components/logs/stream', { from: -100 }))
  const namesLoki = ({ event, data }: ReceivedEvent) => event === 'status' && data.includes('"component":"loki"')
  for (const { events } of [last, whole, components]) await eventually(() => events.some(namesLoki)).toBe(true)
  await live.store.storeLogs(numbered(runId, 11, 1), { partition: 5 })
  await live.store.storeEvents([traceEvent({ runId, type: 'NODE_STARTED', nodeRef: 'build' })])
  await eventually(() => linesOf(last.events)).toEqual(numbers(11, 1))
  await eventually(() => whole.events.filter(({ event }) => event === 'trace').length).toBe(2)
  expect(lineCount(whole)).toBe(0)
  for (const reader of [last, whole, components]) reader.cut()
})

test('who is cut off after an event, before the first line, is given the whole history in its order', async () => {
  const runId = 'run-early'
  await live.startRun(runId)
  const at = (ago: number) => ({ timestamp: time(Date.now() - ago) })
  await live.store.storeLogs(numbered(runId, 0, 5, at(60_000)), { partition: 1 })
  await live.store.storeLogs(numbered(runId, 5, 5, at(1_000)), { partition: 0 })
  const first = await live.follow(runId)
  await eventually(() => lineCount(first)).toBe(10)
  first.cut()
  const { id = '' } = first.events.find(({ event }) => event === 'trace') ?? {}
  const again = await live.follow(runId, {}, { 'last-event-id': id })
  await eventually(() => linesOf(again.events)).toEqual(numbers(10))
  again.cut()
})

test('a stream outlives the store, and goes on where it was', async () => {
  const runId = 'run-outage'
  await live.startRun(runId)
  await live.store.storeLogs(numbered(runId, 0, 10))
  const reader = await live.follow(runId)
  const isAway = () =>
    reader.events
      .filter(({ event }) => event === 'status')
      .at(-1)
      ?.data.includes('"component":"postgres"')
  await eventually(() => lineCount(reader)).toBe(10)
  await eventually(isAway).toBe(false)
  await live.store.postgres.kill()
  await eventually(isAway).toBe(true)
  const refused = await live.api.refused(`/workflows/runs/other/stream`)
  expect([refused.status, refused.problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
  await live.store.postgres.start()
  const isStored = () =>
    live.store.storeLogs(numbered(runId, 10, 10)).then(
      () => true,
      () => false,
    )
  await eventually(isStored).toBe(true)
  await eventually(() => linesOf(reader.events)).toEqual(numbers(20))
  await eventually(isAway).toBe(false)
  reader.cut()
})
