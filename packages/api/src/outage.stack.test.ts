// The trace store away or busy: every route says so, live streams tell it, and all goes on by itself afterwards.

import type { ComponentList, Problem, RunPage } from '@runlight/contracts/api'
import { TOPICS } from '@runlight/contracts/topics'
import { ROLES } from '@runlight/contracts/tables'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApi } from './test/api.fixture.ts'
import { readDocument } from './test/document.fixture.ts'
import type { Operation } from './test/document.fixture.ts'
import { readEvents } from './test/event-stream.fixture.ts'
import { eventually, lineCount, linesOf, numbered, numbers, startLive } from './test/live.fixture.ts'
import type { LiveFixture } from './test/live.fixture.ts'

const RUN = 'run-outage'

let live: LiveFixture
let operations: Operation[]

beforeAll(async () => {
  live = await startLive()
  operations = (await readDocument(live.api.url)).operations
  await live.startRun(RUN)
  await live.store.storeLogs(numbered(RUN, 0, 10))
})

afterAll(() => live?.stop())

/** What stands for the parameters of paths and those that must be given. */
const VALUES: Readonly<Record<string, string>> = {
  runId: RUN,
  query: '{stream="stdout"}',
  id: RUN,
  type: 'task',
}
const IDS: Readonly<Record<string, string>> = {
  '/api/v1/logs/task-runs/{id}': `${RUN}/1/build/1`,
  '/api/v1/dead-letters/{id}': 'A'.repeat(22),
  '/api/v1/dead-letters/{id}/replay': 'A'.repeat(22),
}

async function ask({ method, path, parameters, body }: Operation) {
  const valueOf = (name: string) => (name === 'id' ? IDS[path] : undefined) ?? VALUES[name] ?? `no value for ${name}`
  const url = new URL(
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(valueOf(name))),
    live.api.url,
  )
  for (const { name, in: place, required } of parameters) {
    if (place === 'query' && required) url.searchParams.set(name, valueOf(name))
  }
  const given = new AbortController()
  const response = await fetch(url, {
    method,
    signal: given.signal,
    ...(body && { headers: { 'content-type': 'application/json' }, body: '{}' }),
  })
  const streaming = response.headers.get('content-type')?.startsWith('text/event-stream')
  const text = streaming ? '' : await response.text()
  given.abort()
  return { status: response.status, headers: response.headers, text }
}

const name = ({ method, path }: Operation) => `${method} ${path}`

/** What does not need the trace store, with what is answered without it; Temporal, the bus and Loki are always away here. */
const WITHOUT: Readonly<Record<string, string>> = {
  'GET /components': '200',
  'GET /api/v1/logs/stream/status': '200',
  'GET /workflows/runs/{runId}/loki': '503 RL_STORE_UNAVAILABLE',
  'POST /workflows/runs': '503 RL_ENGINE_UNAVAILABLE',
  'POST /workflows/runs/{runId}/cancel': '503 RL_ENGINE_UNAVAILABLE',
}

describe('while the trace store is stopped', () => {
  test('every route says so and when to come again, streams go on, and all is as before once it is back', async () => {
    const asked = operations.filter(({ path }) => !path.endsWith('/ws'))
    expect(asked.length).toBeGreaterThan(15)
    const statuses = async () =>
      Object.fromEntries(await Promise.all(asked.map(async (one) => [name(one), (await ask(one)).status] as const)))
    const before = await statuses()
    expect(Object.entries(before).filter(([route, status]) => status >= 500 && !(route in WITHOUT))).toEqual([])
    const followed = 'run-followed'
    await live.startRun(followed)
    await live.store.storeLogs(numbered(followed, 0, 10))
    const reader = await live.follow(followed)
    await eventually(() => lineCount(reader)).toBe(10)
    await eventually(() => reader.events.some(({ event }) => event === 'status')).toBe(true)

    const list = await live.api.get<RunPage>('/workflows/runs')

    await live.store.postgres.shutDown()
    const isAway = () =>
      reader.events
        .filter(({ event }) => event === 'status')
        .at(-1)
        ?.data.includes('"component":"postgres"') ?? false
    await eventually(isAway).toBe(true)
    for (const one of asked) {
      const { status, headers, text } = await ask(one)
      const { code } = JSON.parse(text) as Problem
      const answered = [status, code].filter(Boolean).join(' ')
      expect([name(one), answered]).toEqual([name(one), WITHOUT[name(one)] ?? '503 RL_STORE_UNAVAILABLE'])
      expect(one.fault({ status, type: headers.get('content-type') ?? '', body: text }), name(one)).toBeUndefined()
      if (status === 503) expect(headers.get('retry-after'), name(one)).toMatch(/^\d+$/)
    }
    expect((await live.api.get<ComponentList>('/components')).degraded).toContainEqual(
      expect.objectContaining({ component: 'postgres' }),
    )

    await live.store.postgres.start()
    await expect.poll(async () => (await fetch(`${live.api.url}/readyz`)).status, { timeout: 60_000 }).toBe(200)
    expect((await live.api.get<RunPage>('/workflows/runs')).runs).toEqual(list.runs)
    expect(await statuses()).toEqual(before)
    const store = () =>
      live.store.storeLogs(numbered(followed, 10, 10)).then(
        () => true,
        () => false,
      )
    await eventually(store).toBe(true)
    await eventually(() => linesOf(reader.events)).toEqual(numbers(20))
    await eventually(isAway).toBe(false)
    reader.cut()
  })
})

test('requests that wait for a lock hold up no live stream, nor those who join one', async () => {
  const connections = 4
  const api = await startTestApi(live.store.postgres, { postgres: { connections, statementTimeoutMs: 120_000 } })
  const blocker = live.store.postgres.connect()
  const runId = 'run-beside'
  const path = `/workflows/runs/${runId}/stream`
  await live.startRun(runId)
  const first = await readEvents(new URL(`${path}?events=log`, api.url))
  await eventually(() => first.response.statusCode).toBe(200)
  let answered = 0
  let waiting: Promise<unknown> = Promise.resolve()
  await blocker.begin(async (sql) => {
    await sql`LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE`
    waiting = Promise.all(
      Array.from({ length: 3 * connections }, async () => {
        await api.get('/api/v1/dead-letters')
        answered++
      }),
    )
    const blocked = async () => {
      const [row] = await live.store.sql<{ count: string }[]>`
        SELECT count(*) FROM pg_stat_activity WHERE application_name = 'runlight-api' AND wait_event_type = 'Lock'`
      return Number(row?.count)
    }
    // Every connection that requests have is taken.
    await expect.poll(blocked, { timeout: 60_000 }).toBe(connections)
    await live.store.storeLogs(numbered(runId, 0, 500))
    await eventually(() => linesOf(first.events)).toEqual(numbers(500))
    const second = await readEvents(new URL(path, api.url))
    await eventually(() => linesOf(second.events)).toEqual(numbers(500))
    expect(answered).toBe(0)
    second.cut()
  })
  await waiting
  expect(answered).toBe(3 * connections)
  first.cut()
  await blocker.end()
  await api.stop()
})

test("the reader's role can write nothing, whatever it asks for", async () => {
  const reader = live.store.postgres.connect(ROLES.reader)
  await reader`SET default_transaction_read_only = off`
  const rights = await reader<{ name: string; granted: boolean }[]>`
    SELECT relname || ' ' || kind AS name, has_table_privilege(pg_class.oid, kind) AS granted
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS kind
    WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'm')`
  expect(rights.length).toBeGreaterThan(50)
  expect(rights.filter(({ granted }) => granted)).toEqual([])
  const [schema] = await reader<{ create: boolean; super: boolean }[]>`
    SELECT has_schema_privilege('public', 'CREATE') AS create,
      (SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user) AS super`
  expect(schema).toEqual({ create: false, super: false })
  // Functions that run with their owner's rights.
  const functions = await reader<{ proname: string }[]>`
    SELECT proname FROM pg_proc WHERE prosecdef AND has_function_privilege(oid, 'EXECUTE')`
  expect(functions.map(({ proname }) => proname)).toEqual([])
  const writes = [
    reader`DELETE FROM logs`,
    reader`UPDATE runs SET status = 'COMPLETED'`,
    reader`INSERT INTO positions VALUES (${TOPICS.logs}, 0, '', 0, 0)`,
    reader`TRUNCATE workflow_traces`,
    reader`CREATE TABLE mine (x int)`,
  ]
  for (const write of writes) await expect(write).rejects.toMatchObject({ code: '42501' })
  await reader.end()
})
