// Cursors that nobody gave out for the list they come with: always a 400 that names them, never a mistake of the server,
// never lines of another list.

import type { Problem, StoredLog } from '@runlight/contracts/api'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sealLettersCursor } from '../dead-letters/cursor.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { logEntry, time, traceEvent } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { sealLogCursor, sealRunsCursor, sealTraceCursor } from './cursors.ts'
import type { LogCursor, LogKey, Stored } from './cursors.ts'

let store: TraceStore
let api: TestApi
/** What each list gave out, by its address. */
const given = new Map<string, string[]>()

const LISTS = [
  '/workflows/runs?limit=1',
  '/workflows/runs?limit=1&status=RUNNING',
  ...['run-a', 'run-b'].flatMap((run) => [
    `/workflows/runs/${run}/logs?limit=20`,
    `/workflows/runs/${run}/trace?limit=1`,
    `/api/v1/logs/job-runs/${run}?limit=20`,
  ]),
  '/workflows/runs/run-a/logs?limit=20&direction=backward',
  '/workflows/runs/run-a/logs?limit=20&level=info',
  '/workflows/runs/run-a/logs?limit=20&nodeRef=build',
  '/workflows/runs/run-a/logs?limit=20&grep=a',
  '/workflows/runs/run-a/trace?limit=1&direction=backward',
  '/components/logs?limit=20',
  '/components/logs?limit=20&component=api',
  '/api/v1/logs/system?limit=20',
  '/api/v1/logs/type/task?limit=20',
  '/api/v1/logs/type/task?limit=20&org_id=acme',
]
/** Lists that have given out nothing here. */
const OTHERS = ['/api/v1/dead-letters?limit=1']

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  for (const runId of ['run-a', 'run-b']) {
    await store.storeEvents(
      [1, 2, 3].map((n) => traceEvent({ runId, type: n > 1 ? 'NODE_PROGRESS' : 'RUN_STARTED', nodeRef: 'build' })),
    )
    const entries = Array.from({ length: 50 }, (_, index) =>
      logEntry({
        runId,
        orgId: index % 2 ? 'acme' : 'other',
        message: `a line of ${runId}`,
        timestamp: time(Date.now(), index),
      }),
    )
    await store.storeLogs(entries)
  }
  const { runId: _, nodeRef: __, attempt: ___, execution: ____, ...line } = logEntry({ runId: '' })
  await store.storeLogs(Array.from({ length: 50 }, () => ({ ...line, type: 'system' as const, component: 'api' })))
  for (const list of LISTS) {
    const cursors: string[] = []
    for (let cursor: string | undefined; ;) {
      const { status, body } = await ask(list, cursor)
      expect([list, status]).toEqual([list, 200])
      cursor = body['nextCursor'] ?? body['next_cursor']
      if (cursor !== undefined) cursors.push(cursor)
      if (cursor === undefined || !(body['hasMore'] ?? body['has_more'])) break
    }
    expect([list, cursors.length]).not.toEqual([list, 0])
    given.set(list, [...new Set([cursors[0] as string, cursors.at(-1) as string])])
  }
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

async function ask(list: string, cursor: string | undefined) {
  const address = new URL(list, api.url)
  if (cursor !== undefined) address.searchParams.set('cursor', cursor)
  const response = await fetch(address)
  return { status: response.status, body: (await response.json()) as Record<string, string | undefined> }
}

async function expectRefused(list: string, cursor: string): Promise<void> {
  const { status, body } = await ask(list, cursor)
  const problem = body as unknown as Problem
  expect({ list, cursor, status, code: problem.code, parameter: problem.parameter }).toEqual({
    ...{
      list,
      cursor,
      status: 400,
      code: expect.stringMatching(/^RL_(?:CURSOR|PARAMETER)_INVALID$/),
      parameter: 'cursor',
    },
  })
}

test('a cursor is good for its own list, and for no other', async () => {
  for (const [owner, cursors] of given) {
    for (const list of [...LISTS, ...OTHERS]) {
      for (const cursor of cursors) {
        if (list === owner) expect((await ask(list, cursor)).status).toBe(200)
        else await expectRefused(list, cursor)
      }
    }
  }
})

test('a stream takes the cursors of the lines of its subject and filters, and names where another one stands', async () => {
  const [own] = given.get('/workflows/runs/run-a/logs?limit=20') ?? []
  const refusal = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const abort = new AbortController()
    const response = await fetch(new URL(path, api.url), { headers, signal: abort.signal })
    const problem = response.status === 200 ? undefined : ((await response.json()) as Problem)
    abort.abort()
    return problem && [problem.status, problem.code, problem.parameter]
  }
  expect(await refusal(`/workflows/runs/run-a/stream?from=${own}`)).toBeUndefined()
  for (const path of [
    '/workflows/runs/run-b/stream',
    '/workflows/runs/run-a/stream?level=info',
    '/components/logs/stream',
  ]) {
    const from = `${path}${path.includes('?') ? '&' : '?'}from=${own}`
    expect(await refusal(from)).toEqual([400, 'RL_CURSOR_INVALID', 'from'])
    const header = { 'last-event-id': own as string }
    expect(await refusal(path, header)).toEqual([400, 'RL_CURSOR_INVALID', 'last-event-id'])
  }
})

test('a cursor that was changed in any way is refused', async () => {
  const owned = fc
    .constantFrom(...LISTS)
    .chain((list) => fc.tuple(fc.constant(list), fc.constantFrom(...(given.get(list) ?? []))))
  const change = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(10_000), by: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(10_000), by: fc.nat(3) }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: fc.nat(10_000),
      by: fc.constantFrom('A', '=', ' ', '%', '\0', 'é', '"', '🙂'),
    }),
    fc.record({ kind: fc.constant('twice' as const), at: fc.nat(0), by: fc.nat(0) }),
  )
  await fc.assert(
    fc.asyncProperty(owned, change, async ([list, cursor], { kind, at, by }) => {
      const place = at % cursor.length
      const bytes = Buffer.from(cursor, 'base64url')
      if (kind === 'flip') bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ by
      const changed = {
        flip: bytes.toString('base64url'),
        cut: cursor.slice(0, place) + cursor.slice(place + 1 + Number(by)),
        insert: cursor.slice(0, place) + String(by) + cursor.slice(place),
        twice: cursor + cursor,
      }[kind]
      if (changed !== cursor) await expectRefused(list, changed)
    }),
    { numRuns: 200 },
  )
})

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n),
)
const uint63 = int64.map((value) => (value < 0n ? -(value + 1n) : value))
const millis = fc.oneof(fc.integer({ min: 0, max: 253_402_300_799_999 }), fc.constantFrom(0, 253_402_300_799_999))
const stored: fc.Arbitrary<Stored> = fc.record({
  nextOffset: uint63.map((value) => (value === 2n ** 63n - 1n ? value - 1n : value)),
  sinceMs: millis,
})
const key: fc.Arbitrary<LogKey> = fc.record({
  effectiveNs: int64,
  partition: fc.oneof(fc.nat(5), fc.constantFrom(2_147_483_647)),
  offset: uint63,
})
const bound = fc.option(int64, { nil: undefined })
const place = {
  bounds: fc.record({ since: bound, until: bound }),
  vector: fc.record({
    generation: fc.oneof(fc.constant(''), fc.string({ maxLength: 20 })),
    partitions: fc.array(fc.option(stored, { nil: undefined }), { maxLength: 4 }),
    otherwise: stored,
  }),
}
const logCursor: fc.Arbitrary<LogCursor> = fc.oneof(
  fc.record({ segment: fc.constant('history' as const), ...place, after: key, end: key }),
  fc.record({ segment: fc.constant('arrivals' as const), ...place }),
)

/** The seal is no secret, so anybody can make a cursor that is whole; what it may say is bounded by its fields alone. */
test('a cursor that was made up, seal and all, is answered with lines of its list, or refused', async () => {
  const name = fc.string({ maxLength: 10, unit: 'binary' })
  const filters = Array.from({ length: 7 }, () => undefined)
  const made = fc.oneof(
    logCursor.map((cursor): [string, string] => [
      '/workflows/runs/run-a/logs?limit=100',
      sealLogCursor(cursor, ['run-a', 'forward', ...filters]),
    ]),
    logCursor.map((cursor): [string, string] => [
      '/components/logs?limit=100',
      sealLogCursor(cursor, ['components', undefined, 'forward', ...filters]),
    ]),
    fc
      .tuple(fc.bigInt({ min: 0n, max: 253_402_300_799_999_000n }), name, fc.option(int64), fc.option(int64))
      .map(([createdMicros, runId, since, until]): [string, string] => [
        '/workflows/runs?limit=1',
        sealRunsCursor({ createdMicros, runId, bounds: { since: since ?? undefined, until: until ?? undefined } }, [
          undefined,
          undefined,
          undefined,
          undefined,
        ]),
      ]),
    uint63.map((sequence): [string, string] => [
      '/workflows/runs/run-a/trace?limit=10',
      sealTraceCursor(sequence, ['run-a', 'forward']),
    ]),
    fc
      .tuple(int64, name, bound, bound)
      .map(([createdMicros, id, since, until]): [string, string] => [
        '/api/v1/dead-letters?limit=1',
        sealLettersCursor(
          { createdMicros, id, bounds: { since: since ?? undefined, until: until ?? undefined } },
          filters.slice(0, 6),
        ),
      ]),
  )
  let answers = 0
  await fc.assert(
    fc.asyncProperty(made, async ([list, cursor]) => {
      const { status, body } = await ask(list, cursor)
      if (status !== 200) return expectRefused(list, cursor)
      answers++
      for (const line of (body['logs'] ?? []) as unknown as StoredLog[]) {
        expect(line).toMatchObject(list.startsWith('/components') ? { component: 'api' } : { runId: 'run-a' })
      }
    }),
    { numRuns: 250 },
  )
  expect(answers).toBeGreaterThan(100)
})
