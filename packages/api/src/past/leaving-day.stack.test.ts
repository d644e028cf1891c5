// Days leave the hot store between any two reads that a page is made of, and no line is missed.

import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLogPage } from '../logs/page.ts'
import type { LogQuery } from '../logs/page.ts'
import { DEFAULT_POOL, openDatabase } from '../store/database.ts'
import type { Database } from '../store/database.ts'
import type { StoredLine } from '../store/log-lines.ts'
import { startBothStores } from '../test/both-stores.fixture.ts'
import type { BothStores } from '../test/both-stores.fixture.ts'
import { logEntry, time } from '../test/records.fixture.ts'
import { connectLoki } from './loki-query.ts'

const DAY_MS = 86_400_000
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS
/** The day that leaves. */
const OLDEST = TODAY - 25 * DAY_MS

let stores: BothStores | undefined
let loki: BothStores['loki']
let store: BothStores['store']

beforeAll(async () => {
  stores = await startBothStores({ limits: { split_queries_by_interval: '24h', tsdb_max_query_parallelism: 4 } })
  ;({ loki, store } = stores)
})

afterAll(() => stores?.stop())

const dropDay = (millis: number) =>
  store.sql`SELECT runlight_drop_log_partition(${new Date(millis).toISOString().slice(0, 10)}::date)`

/** More reads of the hot store than two pages need; before one of them a day leaves. */
const STEPS = 12

/** A database that loses a day before its read of that number. */
function droppingAt(database: Database, step: number, day: number): Database {
  let reads = 0
  return {
    ...database,
    read: async (work) => {
      if (reads++ === step) await dropDay(day)
      return database.read(work)
    },
  }
}

/** All lines of a run. */
const linesOf = (runId: string, cursor?: string): LogQuery => ({
  ...{ scope: { kind: 'run', runId }, topic: TOPICS.logs, direction: 'forward', cursor, list: [runId] },
  past: { loki: connectLoki(loki.url), labels: 'perRun', topic: TOPICS.logs },
  filters: { nodeRefs: undefined, attempt: undefined, levels: undefined, streams: undefined, grep: undefined },
  bounds: { since: undefined, until: undefined },
  limits: { lines: 1_000, bytes: 1_000_000, scan: 1_000 },
})

/** Each of these runs has its own, since with few label sets its lines are in one stream with those of others. */
let ownPartition = 100

describe.each(['forward', 'backward'] as const)('%s, between any two reads of two pages', (direction) => {
  test.each([
    ['the first day that leaves', undefined],
    ['the day after the one that left before', 1],
    ['one long after that', 3],
  ])('%s: no line is missed', async (name, daysBefore) => {
    const database = openDatabase({ url: store.postgres.url(ROLES.reader), password: 'reader', ...DEFAULT_POOL })
    for (let step = 0; step < STEPS; step++) {
      const runId = `run ${direction} ${name} ${step}`
      const partition = ownPartition++
      await store.sql`DELETE FROM log_days`
      await store.sql`SELECT runlight_ensure_log_partition(${new Date(OLDEST)}::date)`
      if (daysBefore !== undefined) {
        const before = new Date(OLDEST - daysBefore * DAY_MS)
        await store.sql`INSERT INTO log_days (day, dropped_at) VALUES (${before}, now())`
      }
      await store.sql`INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
        VALUES (${runId}, 'unassigned', 1, 'RUNNING', 0, ${new Date(OLDEST).toISOString()}::timestamptz)`
      const times = [OLDEST, OLDEST + 1, TODAY - 1, TODAY]
      for (const appendedAt of times) {
        const entry = logEntry({ runId, timestamp: time(appendedAt), message: String(appendedAt) })
        await store.storeLogs([entry], { partition, appendedAt })
      }
      const stepping = droppingAt(database, step, OLDEST)
      const query = { ...linesOf(runId), direction, limits: { lines: 2, bytes: 1_000_000, scan: 1_000 } }
      const lines: StoredLine[] = []
      for (let cursor: string | undefined, hasMore = true; hasMore;) {
        const page = await readLogPage(stepping, { ...query, cursor })
        lines.push(...page.lines)
        cursor = page.nextCursor
        hasMore = page.hasMore
      }
      const expected = (direction === 'forward' ? times : times.toReversed()).map(String)
      expect([step, ...lines.map(({ message }) => message)]).toEqual([step, ...expected])
    }
    await database.close()
  })
})

test('between any two reads of what has arrived: the day of a line leaves, and the cursor is refused or the line is given', async () => {
  const database = openDatabase({ url: store.postgres.url(ROLES.reader), password: 'reader', ...DEFAULT_POOL })
  for (let step = 0; step < 4; step++) {
    const runId = `run-arriving-${step}`
    const day = OLDEST + (2 + step) * DAY_MS
    const append = (hour: number) => {
      const appendedAt = day + hour * 3_600_000
      return store.storeLogs([logEntry({ runId, timestamp: time(appendedAt) })], { partition: 50, appendedAt })
    }
    await append(10)
    const { nextCursor } = await readLogPage(database, linesOf(runId))
    await append(12)
    const reading = readLogPage(droppingAt(database, step, day), linesOf(runId, nextCursor))
    expect([step, await reading.then(({ lines }) => lines.length).catch(({ code }) => code)]).toEqual([
      step,
      step < 3 ? 'RL_CURSOR_INVALID' : 1,
    ])
  }
  await database.close()
})
