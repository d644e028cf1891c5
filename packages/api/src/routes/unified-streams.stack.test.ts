// The live stream of all lines, on a real trace store: every line once, whoever is cut off and whoever is slow.

import type { StreamGap } from '@runlight/contracts/api-stream'
import { StreamStatus, UnifiedLog } from '@runlight/contracts/api-unified'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { shape } from '@runlight/contracts/schema'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { readEvents } from '../test/event-stream.fixture.ts'
import type { ReceivedEvent } from '../test/event-stream.fixture.ts'
import { eventually, lineCount, numbers, startLive } from '../test/live.fixture.ts'
import type { LiveFixture } from '../test/live.fixture.ts'
import { logEntry } from '../test/records.fixture.ts'

let live: LiveFixture

beforeAll(async () => {
  live = await startLive()
})
afterAll(() => live?.stop())

const SSE = '/api/v1/logs/stream/sse'
type Query = Readonly<Record<string, string | number>>
const follow = (query: Query = {}, headers: Readonly<Record<string, string>> = {}) =>
  readEvents(live.address(SSE, query), headers)
const linesOf = (events: readonly ReceivedEvent[]) =>
  events.filter(({ event }) => event === 'log').map(({ data }) => JSON.parse(data) as UnifiedLog)
const messagesOf = (events: readonly ReceivedEvent[]) => linesOf(events).map(({ message }) => message)

/** Every third line is one of a component, of a job, of a task of one of five runs. */
function mixed(from: number, count: number): LogEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index
    const message = String(number)
    const task = logEntry({ runId: `mixed-${number % 5}`, message, level: number % 4 === 0 ? 'error' : 'info' })
    const { nodeRef: node, attempt: _attempt, ...job } = task
    if (number % 3 === 1) return { ...job, type: 'job' }
    if (number % 3 === 2) return task
    const { runId: _run, execution: _execution, ...rest } = job
    return { ...rest, type: 'system', component: number % 2 ? 'kafka' : `not-${node}` }
  })
}

test('readers that are cut off again and again get every line of everybody once, in the shape of the lists', async () => {
  const total = 8_000
  await live.store.storeLogs(mixed(0, 2_000))
  let stored = 2_000
  const seen: string[] = []
  const writing = (async () => {
    for (; stored < total; stored += 200) {
      await live.store.storeLogs(mixed(stored, 200), { partition: (stored / 200) % 4 })
      // Not much faster than it is read, so that lines come while readers are cut off.
      await eventually(() => seen.length).toBeGreaterThan(stored - 1_000)
    }
  })()
  let [cuts, id] = [0, '']
  while (seen.length < total) {
    const reader = await follow({ from: 'start' }, id ? { 'last-event-id': id } : {})
    let left = cuts < 40 ? 1 + ((cuts * 97) % 400) : total
    reader.onEvent = ({ event, id: next, data }) => {
      if (left <= 0 || event !== 'log') return
      if (seen.length % 500 === 0) expect(shape(UnifiedLog).check(JSON.parse(data))).toMatchObject({ ok: true })
      seen.push((JSON.parse(data) as UnifiedLog).message)
      id = next as string
      left--
      if (left === 0 || seen.length === total) reader.cut()
    }
    await reader.ended
    cuts++
  }
  await writing
  expect(cuts).toBeGreaterThan(40)
  expect(seen.length).toBe(total)
  expect(new Set(seen)).toEqual(new Set(numbers(total)))
})

test('by type, run, node, component and level: only what is asked for', async () => {
  const asked: [Query, (line: UnifiedLog) => boolean][] = [
    [{ type: 'job' }, ({ type }) => type === 'job'],
    [{ type: 'system' }, ({ type }) => type === 'system'],
    [{ job_run_id: 'mixed-3' }, ({ job_run_id: run }) => run === 'mixed-3'],
    [
      { job_run_id: 'mixed-3', type: 'task', node_ref: 'build' },
      (line) => line.job_run_id === 'mixed-3' && line.type === 'task',
    ],
    [{ component: 'kafka' }, ({ component }) => component === 'kafka'],
    [{ level: 'error', grep: '0$' }, ({ level, message }) => level === 'error' && message.endsWith('0')],
    [{ org_id: 'nobody' }, () => false],
  ]
  const all = await follow({ from: 'start' })
  const readers = await Promise.all(asked.map(([query]) => follow({ from: 'start', ...query })))
  const count = async () => (await live.store.sql`SELECT count(*)::int AS lines FROM logs`)[0]?.['lines'] as number
  const before = await count()
  await eventually(() => lineCount(all)).toBe(before)
  await live.store.storeLogs(mixed(20_000, 600), { partition: 1 })
  await live.store.storeLogs(mixed(20_600, 600), { partition: 2 })
  await eventually(() => lineCount(all)).toBe(before + 1_200)
  const given = linesOf(all.events)
  for (const [index, [, wants]] of asked.entries()) {
    const reader = readers[index] as (typeof readers)[number]
    const expected = given.filter(wants).map(({ message }) => message)
    await eventually(() => messagesOf(reader.events).sort()).toEqual(expected.sort())
  }
  const last = await follow({ from: -50, type: 'task' })
  await eventually(() => lineCount(last)).toBe(50)
  for (const reader of [all, last, ...readers]) reader.cut()
})

test('a WebSocket gives the same, from a place as well', async () => {
  const messages: { event: string; id?: string; data: UnifiedLog }[] = []
  const open = (query: Query) => {
    const socket = new WebSocket(live.address('/api/v1/logs/stream/ws', query))
    socket.on('message', (text) => messages.push(JSON.parse(String(text))))
    return socket
  }
  const logs = () => messages.filter(({ event }) => event === 'log')
  const first = open({ from: -10, component: 'kafka' })
  await eventually(() => logs().length).toBe(10)
  first.terminate()
  await live.store.storeLogs(mixed(30_000, 60))
  const expected = mixed(30_000, 60).filter(({ component }) => component === 'kafka')
  const second = open({ from: logs().at(-1)?.id ?? '', component: 'kafka' })
  await eventually(() =>
    logs()
      .slice(10)
      .map(({ data }) => data.message),
  ).toEqual(expected.map(({ message }) => message))
  second.terminate()
  const { status, problem } = await live.api.refused('/api/v1/logs/stream/ws')
  expect([status, problem.code]).toEqual([426, 'RL_UPGRADE_REQUIRED'])
})

test('a slow reader is told what it missed, and the status counts it', async () => {
  const before = await live.api.get<StreamStatus>('/api/v1/logs/stream/status')
  expect(shape(StreamStatus).check(before)).toMatchObject({ ok: true })
  const slow = await follow({ type: 'task' })
  const quick = await follow({ type: 'task' })
  for (const reader of [slow, quick]) await eventually(() => reader.events.length).toBeGreaterThan(0)
  slow.pause()
  const long = 'x'.repeat(1_000)
  const total = 12_000
  for (let from = 0; from < total; from += 400) {
    const entries = Array.from({ length: 400 }, (_, index) =>
      logEntry({ runId: 'run-long', message: `long ${from + index}`, metadata: { long } }),
    )
    await live.store.storeLogs(entries)
    // No more than the buffer holds: however busy the machine is, a reader that reads on has no gap.
    await eventually(() => lineCount(quick)).toBe(from + entries.length)
  }
  // Those that were cut off before are noticed in a moment.
  await eventually(async () => (await live.api.get<StreamStatus>('/api/v1/logs/stream/status')).connections).toEqual({
    sse: 2,
    ws: 0,
  })
  const during = await live.api.get<StreamStatus>('/api/v1/logs/stream/status')
  const buffer = during.buffers.find(({ kind }) => kind === 'all')
  expect(buffer?.followers).toBe(2)
  expect(buffer?.bytes).toBeLessThanOrEqual(buffer?.max_bytes ?? 0)
  expect(buffer?.dropped).toBeGreaterThan(0)
  slow.resume()
  await eventually(() => slow.events.some(({ event }) => event === 'gap')).toBe(true)
  await live.store.storeLogs([logEntry({ runId: 'run-long', message: 'the last' })])
  await eventually(() => messagesOf(slow.events).at(-1)).toBe('the last')
  const gaps = slow.events.filter(({ event }) => event === 'gap').map(({ data }) => JSON.parse(data) as StreamGap)
  const after = await live.api.get<StreamStatus>('/api/v1/logs/stream/status')
  expect(after.gaps - before.gaps).toBe(gaps.length)
  expect(after.skipped - before.skipped).toBe(gaps.reduce((sum, { skipped }) => sum + skipped, 0))
  const missed = new Set(messagesOf(slow.events))
  for (const { from, skipped } of gaps) {
    const rest = await follow({ type: 'task', from })
    await eventually(() => lineCount(rest)).toBeGreaterThanOrEqual(skipped)
    for (const message of messagesOf(rest.events).slice(0, skipped)) missed.add(message)
    rest.cut()
  }
  expect(missed.size).toBe(total + 1)
  slow.cut()
  quick.cut()
})

test('an idle stream shows that it lives', async () => {
  const response = await fetch(live.address(SSE, { type: 'job' }))
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while ((text.match(/: still here\nid: [\w-]+\n\n/g) ?? []).length < 2) text += (await reader?.read())?.value ?? ''
  await reader?.cancel()
})

test.each<[query: string, status: number, parameter: string | undefined]>([
  ['type=other', 400, 'type'],
  ['from=x', 400, 'from'],
  ['job_run_id=mixed-1&component=kafka', 400, 'component'],
  ['job_run_id=mixed-1&type=system', 400, 'type'],
  ['component=kafka&type=task', 400, 'type'],
  ['component=kafka&org_id=acme', 400, 'org_id'],
  ['org_id=a%20b', 400, 'org_id'],
  ['cursor=x', 400, 'cursor'],
  ['job_run_id=nobody', 404, undefined],
])('%s is refused with %d', async (query, status, parameter) => {
  const refused = await live.api.refused(`${SSE}?${query}`)
  expect([refused.status, refused.problem.parameter]).toEqual([status, parameter])
})

test('a refusal of from says what it can be', async () => {
  const { problem } = await live.api.refused(`${SSE}?from=beginning`)
  expect([problem.code, problem.detail]).toEqual(['RL_CURSOR_INVALID', expect.stringContaining('`start`, `end`')])
})
