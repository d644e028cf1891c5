// Components: their lines merged by time, and what is known of them while stores are away.

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { ComponentList, ComponentLogPage, StoredLog } from '@runlight/contracts/api'
import { ComponentList as ComponentListShape, ComponentLogPage as ComponentLogPageShape } from '@runlight/contracts/api'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { shape } from '@runlight/contracts/schema'
import { serveEndpoints } from '@runlight/service/endpoints'
import { createMetrics } from '@runlight/service/metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../../../regression/fixtures/server-process.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { logEntry, time } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

let store: TraceStore
let api: TestApi

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

function systemEntry(component: string, fields: Partial<LogEntry> = {}): LogEntry {
  const { runId: _, nodeRef: __, attempt: ___, execution: ____, ...entry } = logEntry({ runId: '' })
  return { ...entry, type: 'system', component, ...fields }
}

type Query = Readonly<Record<string, string | number | undefined>>

async function readAll(query: Query, between: (page: ComponentLogPage) => Promise<void> | void = () => undefined) {
  const logs: StoredLog[] = []
  let cursor = query['cursor'] as string | undefined
  for (;;) {
    const page = await api.get<ComponentLogPage>('/components/logs', { ...query, cursor })
    expect(shape(ComponentLogPageShape).check(page)).toMatchObject({ ok: true })
    logs.push(...page.logs)
    cursor = page.nextCursor
    await between(page)
    if (!page.hasMore) return { logs, cursor }
  }
}

const messages = (logs: readonly StoredLog[]) => logs.map((log) => log.message)

/** What is known of components by their names, and who makes it worse. */
async function listOf({ get }: TestApi) {
  const list = await get<ComponentList>('/components')
  expect(shape(ComponentListShape).check(list)).toMatchObject({ ok: true })
  const components = Object.fromEntries(list.components.map((component) => [component.name, component]))
  return { components, degraded: list.degraded?.map(({ component }) => component).sort() }
}

/** On a busy machine one that is well may say so too late at times. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 60_000, interval: 100 })

test('lines of all components come once, by time, also while others arrive', async () => {
  const start = Date.now() - 60_000
  const all: string[] = []
  for (const [index, component] of ['api', 'loki', 'bridge-loki', 'worker, eu'].entries()) {
    const entries = Array.from({ length: 75 }, (_, line) =>
      systemEntry(component, {
        message: `${component} ${line}`,
        timestamp: time(start + line * 10 + index),
        level: line % 5 === 0 ? 'error' : 'info',
      }),
    )
    await store.storeLogs([...entries, logEntry({ runId: 'run-1', message: 'not of a component' })], {
      partition: index,
    })
  }
  for (let line = 0; line < 75; line++) {
    for (const component of ['api', 'loki', 'bridge-loki', 'worker, eu']) all.push(`${component} ${line}`)
  }
  const arriving = systemEntry('late', { message: 'late', timestamp: time(start - 60_000) })
  let stored = false
  const forward = await readAll({ limit: 70 }, async () => {
    if (!stored) await store.storeLogs([arriving], { partition: 5 })
    stored = true
  })
  expect(messages(forward.logs)).toEqual([...all, 'late'])
  const backward = await readAll({ limit: 70, direction: 'backward' })
  expect(messages(backward.logs)).toEqual([...all].reverse().concat('late'))
  const two = await readAll({ limit: 7, component: 'loki,api', level: 'error' })
  expect(messages(two.logs)).toEqual(all.filter((text) => /^(?:api|loki) \d*[05]$/.test(text)))
  expect((await readAll({ component: 'nobody' })).logs).toEqual([])

  await store.storeLogs([systemEntry('loki', { message: 'one' }), systemEntry('api', { message: 'other' })])
  expect(
    messages((await readAll({ limit: 7, component: 'loki,api', level: 'error', cursor: two.cursor })).logs),
  ).toEqual([])
  expect(messages((await readAll({ limit: 70, cursor: forward.cursor })).logs)).toEqual(['one', 'other'])
  const { status, problem } = await api.refused(`/components/logs?component=loki&cursor=${forward.cursor}`)
  expect([status, problem.code]).toEqual([400, 'RL_CURSOR_INVALID'])
})

test.each([
  'component=',
  'component=a,,b',
  `component=${Array(51)
    .fill('a')
    .map((a, i) => a + i)
    .join()}`,
  'nodeRef=x',
])('%s is refused by the name of the parameter', async (query) => {
  const { status, problem } = await api.refused(`/components/logs?${query}`)
  expect([status, problem.parameter]).toEqual([400, query.split('=')[0]])
})

test('what is known of components, whatever is away', async () => {
  await store.storeLogs([systemEntry('observer', { timestamp: '2026-01-02T03:04:05.000000006Z' })])
  await eventually(() => listOf(api)).toMatchObject({
    components: {
      postgres: { health: { ok: true }, version: expect.stringMatching(/^\d+\.\d+/) },
      api: { health: { ok: true }, version: expect.any(String), lines: expect.any(Number) },
      loki: { health: { ok: false, detail: expect.any(String) } },
    },
    degraded: ['bus', 'loki', 'temporal'],
  })
  const observer = async () => (await listOf(api)).components['observer']
  await eventually(observer).toEqual({ name: 'observer', lines: 1, lastLineAt: expect.any(String) })

  await store.postgres.kill()
  await eventually(() => listOf(api)).toMatchObject({ degraded: ['bus', 'loki', 'postgres', 'temporal'] })
  await store.postgres.start()
  await expect.poll(() => api.get('/components/logs?limit=1').catch(() => undefined)).toMatchObject({ hasMore: true })
})

test('components with a page of their own: health and version as they say, and none that hangs holds the answer up', async () => {
  const page = (name: string, ready: () => Record<string, { ok: boolean; detail?: string }>) =>
    serveEndpoints({
      ...{ listen: { host: '127.0.0.1', port: 0 }, component: name, version: '1.2.3', state: () => 'running' },
      ...{ registry: createMetrics().registry, live: () => ({}), ready },
    })
  const well = await page('observer', () => ({}))
  const failing = await page('bridge-loki', () => ({ loki: { ok: false, detail: 'away' }, bus: { ok: true } }))
  const connections = new Set<Socket>()
  // Takes every connection, and never says a word.
  const silent = createServer((socket) => connections.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1')
  // Says something for ever.
  const endless = createHttpServer((_, response) => {
    const timer = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(timer))
  }).listen(0, '127.0.0.1')
  const stranger = createHttpServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
  await Promise.all([silent, endless, stranger].map((server) => server.listening || once(server, 'listening')))
  const portOf = (server: Server) => (server.address() as AddressInfo).port
  const [nobody] = (await freePorts(1)) as [number]
  const pages = {
    observer: well.port,
    'bridge-loki': failing.port,
    'bridge-postgres': portOf(silent),
    worker: portOf(endless),
    collector: portOf(stranger),
    other: nobody,
  }
  const away = `127.0.0.1:${portOf(silent)}`
  const beside = await startTestApi(store.postgres, {
    componentPages: Object.entries(pages).map(([name, port]) => ({
      ...{ name, url: new URL(`http://127.0.0.1:${port}/readyz`) },
    })),
    // The stores hang too.
    ...{ lokiUrl: new URL(`http://${away}`), temporal: { address: away, namespace: 'default' }, brokers: [away] },
  })
  try {
    await eventually(() => listOf(beside)).toMatchObject({
      components: {
        observer: { health: { ok: true }, version: '1.2.3' },
        'bridge-loki': { health: { ok: false, detail: 'loki: away' }, version: '1.2.3' },
        'bridge-postgres': { health: { ok: false, detail: expect.stringContaining('no answer within 1000 ms') } },
        worker: { health: { ok: false, detail: expect.stringContaining('no answer within 1000 ms') } },
        collector: { health: { ok: false, detail: expect.stringContaining('not as a readiness page') } },
        other: { health: { ok: false } },
        postgres: { health: { ok: true } },
      },
      degraded: ['bridge-loki', 'bridge-postgres', 'bus', 'collector', 'loki', 'other', 'temporal', 'worker'],
    })
    // It was answered though they have never said a word.
    expect(connections.size).toBeGreaterThan(0)
  } finally {
    for (const socket of connections) socket.destroy()
    for (const server of [endless, stranger]) server.closeAllConnections()
    for (const server of [silent, endless, stranger]) server.close()
    await Promise.all([well.close(), failing.close(), beside.stop()])
  }
})

test('what has just arrived is told without Loki, though it holds older lines', async () => {
  const DAY_MS = 86_400_000
  const appendedAt = Math.floor(Date.now() / DAY_MS) * DAY_MS - 9 * DAY_MS
  await store.storeLogs([systemEntry('older', { timestamp: time(appendedAt) })], { partition: 7, appendedAt })
  await store.storeLogs([systemEntry('older', { message: 'before' })])
  const { cursor } = await readAll({ component: 'older' })
  const day = new Date(appendedAt).toISOString()
  await store.sql`INSERT INTO log_days (day, dropped_at) VALUES (${day}::timestamptz, now())
    ON CONFLICT (day) DO UPDATE SET dropped_at = now()`
  expect((await api.refused('/components/logs?component=older')).problem.code).toBe('RL_STORE_UNAVAILABLE')
  await store.storeLogs([systemEntry('older', { message: 'after' })])
  expect(messages((await readAll({ component: 'older', cursor })).logs)).toEqual(['after'])
})
