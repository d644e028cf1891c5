// What is stored already, for a reader who wants little of it.

import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLogCursor } from '../cursor/cursors.ts'
import { lineMatcher } from '../logs/matcher.ts'
import type { LogQuery } from '../logs/page.ts'
import { connectLoki } from '../past/loki-query.ts'
import { DEFAULT_POOL, openDatabase } from '../store/database.ts'
import type { Database } from '../store/database.ts'
import { readVector } from '../store/positions.ts'
import { numbered } from '../test/live.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { backfill } from './backfill.ts'
import type { Start } from './backfill.ts'
import { Feed } from './feed.ts'
import { Chunk } from './frame.ts'

const RUN = 'run-of-others'
const SCOPE = { kind: 'run', runId: RUN } as const
const FILTERS = { nodeRefs: undefined, attempt: undefined, levels: ['error'], streams: undefined }
const BOUNDS = { since: undefined, until: undefined }

let store: TraceStore
let database: Database

beforeAll(async () => {
  store = await startTraceStore()
  const pool = { ...DEFAULT_POOL, statementTimeoutMs: 30_000 }
  database = openDatabase({ url: store.postgres.url(ROLES.reader), password: 'reader', ...pool })
  await store.storeLogs(numbered(RUN, 0, 30))
  await store.storeLogs(numbered(RUN, 30, 1, { level: 'error' }))
})
afterAll(async () => {
  await database?.close()
  await store?.stop()
})

/** Messages of the chunks, and the places in between, as they come. */
async function read(start: Start): Promise<(readonly string[] | { waiting: string | undefined })[]> {
  // Nothing is days old here: Loki is not asked.
  const past = { loki: connectLoki(new URL('http://127.0.0.1:9')), labels: 'perRun', topic: TOPICS.logs } as const
  const query: LogQuery = {
    ...{ scope: SCOPE, topic: TOPICS.logs, past, filters: FILTERS, bounds: BOUNDS, list: [] },
    ...{ direction: 'forward', cursor: undefined, limits: { lines: 10, bytes: 1_000_000, scan: 10 } },
  }
  const selection = {
    ...{ list: [], bounds: BOUNDS, matches: lineMatcher(SCOPE, FILTERS), lines: true, events: false },
    show: ({ json }: { json: string }) => json,
  }
  const vector = await database.read((sql) => readVector(sql, TOPICS.logs, SCOPE))
  const feed = new Feed(SCOPE, { vector, events: 0n }, { bytes: 1_000_000 })
  const { signal } = new AbortController()
  const found: (readonly string[] | { waiting: string | undefined })[] = []
  for await (const step of backfill({ database, query, selection, feed, signal }, start)) {
    found.push(
      step instanceof Chunk ? step.frames.map(({ data }) => (JSON.parse(data) as { message: string }).message) : step,
    )
  }
  return found
}

test('each page without a line moves the place of its reader, who goes on from there', async () => {
  const found = await read({ kind: 'start' })
  expect(found).toHaveLength(4)
  expect(found.at(-1)).toEqual(['30'])
  const places = found.slice(0, -1).map((step) => ('waiting' in step ? (step.waiting ?? '') : ''))
  expect(new Set(places).size).toBe(3)
  for (const [index, place] of places.entries()) {
    const rest = await read({ kind: 'cursor', cursor: openLogCursor(place, []) })
    expect(rest).toEqual(found.slice(index + 1))
  }
})

test('while the last lines are looked for it has no place, for they come from further back', async () => {
  const nowhere = { waiting: undefined }
  expect(await read({ kind: 'last', lines: 5 })).toEqual([nowhere, nowhere, nowhere, ['30']])
})
