// What belongs together is of one moment, and what is asked for several runs at once hides nothing of any.

import { ROLES } from '@runlight/contracts/tables'
import { TOPICS } from '@runlight/contracts/topics'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLetters } from '../dead-letters/store.ts'
import { logEntry } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { producerName } from './accounts.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { readVector, storedIn } from './positions.ts'
import { readRefusedLines } from './refused-lines.ts'
import { readRuns } from './runs.ts'

let store: TraceStore
let database: Database

beforeAll(async () => {
  store = await startTraceStore()
  database = openDatabase({
    ...{ url: store.postgres.url(ROLES.reader), password: '', connections: 1 },
    ...{ statementTimeoutMs: 30_000, queries: 10 },
  })
})

afterAll(async () => {
  await database?.close()
  await store?.stop()
})

/** Reads, and lets something happen as soon as the first statement has been answered. */
function readWhile<R>(happens: () => Promise<unknown>, work: (sql: Sql) => Promise<R>): Promise<R> {
  let happened: Promise<unknown> | undefined
  return database.read((sql) => {
    const watched = new Proxy(sql, {
      apply: (run, self, call: [TemplateStringsArray, ...unknown[]]) => {
        const answer = Reflect.apply(run, self, call) as Promise<unknown>
        // A fragment is no statement: it goes into the one around it.
        if (!/^\s*SELECT\s/.test(call[0][0] ?? '')) return answer
        return answer.then(async (rows) => {
          await (happened ??= happens())
          return rows
        })
      },
    })
    return work(watched)
  })
}

test('the first lines of a partition, stored while a list begins, are not taken for lines of an older life', async () => {
  const first = Date.now() - 60_000
  await store.storeLogs([logEntry({ runId: 'run-a' })], { partition: 3, appendedAt: first })
  const scope = { kind: 'all', orgId: undefined, type: undefined } as const
  for (const [partition, appendedAt] of [
    [1, first + 10_000],
    [5, first + 20_000],
  ] as const) {
    const storing = () => store.storeLogs([logEntry({ runId: 'run-a' })], { partition, appendedAt })
    const vector = await readWhile(storing, (sql) => readVector(sql, TOPICS.logs, scope))
    // What is appended from then on is new, in each partition that had no position.
    expect(storedIn(vector, 7)).toEqual({ nextOffset: 0n, sinceMs: 0 })
  }
  const after = await database.read((sql) => readVector(sql, TOPICS.logs, scope))
  expect(after.partitions.map((stored) => stored?.nextOffset)).toEqual([undefined, 1n, undefined, 1n, undefined, 1n])
  // In partitions without a position: beyond the others, between them, and where there is none at all.
  for (const partitions of [[5], [1], [1, 3, 5]]) {
    await store.sql`DELETE FROM positions WHERE kafka_partition = ANY(${partitions}::int[])`
    const { otherwise } = await database.read((sql) => readVector(sql, TOPICS.logs, scope))
    expect(otherwise.sinceMs).toBe(first + 20_001)
  }
})

test('a page of runs that a filter leaves short goes on behind the last run that was looked at', async () => {
  const insert = (n: number) => store.sql`
    INSERT INTO runs (run_id, org_id, workflow_id, execution, status, updated_ns, created_at)
    VALUES (${`run-${n}`}, 'unassigned', 'some', 1, ${n % 2 === 0 ? 'FAILED' : 'RUNNING'}, 0,
      '2026-01-01'::timestamptz + ${n} * interval '1 second')`
  for (let n = 1; n <= 9; n++) await insert(n)
  const query = { status: 'FAILED', workflowId: 'some', since: undefined, until: undefined, limit: 3, scan: 4 } as const
  const first = await readWhile(
    () => insert(10),
    (sql) => readRuns(sql, { ...query, after: undefined }),
  )
  const second = await database.read((sql) => readRuns(sql, { ...query, after: first.goOn }))
  const third = await database.read((sql) => readRuns(sql, { ...query, after: second.goOn }))
  const pages = [first, second, third].map(({ runs }) => runs.map(({ runId }) => runId))
  expect(pages).toEqual([['run-8', 'run-6'], ['run-4', 'run-2'], []])
  expect([first, second, third].map(({ goOn }) => goOn?.runId)).toEqual(['run-6', 'run-2', undefined])
  const full = await database.read((sql) => readRuns(sql, { ...query, limit: 1, after: undefined }))
  expect([full.runs.map(({ runId }) => runId), full.goOn?.runId]).toEqual([['run-10'], 'run-10'])
})

function insertLetters(key: string, count: number, after = 0) {
  return store.sql`
    INSERT INTO dead_letters (id, sink, reason, detail, generation, topic, kafka_partition, kafka_offset, appended_at, key,
      value, value_bytes, failed_at, refusals, created_at)
    SELECT ${key}::text || n, 'loki', CASE WHEN n % 2 = 0 THEN 'json' ELSE 'refused' END, '', 'first', ${TOPICS.logs}, 9, n, now(),
      convert_to(${key}, 'UTF8'), convert_to(format('{"producer":{"id":"%s","seq":%s}}', ${key}::text, n), 'UTF8'), 0, now(), 1,
      '2026-01-01'::timestamptz + n * interval '1 second'
    FROM generate_series(${after + 1}::int, ${after + count}::int) AS n`
}

test('a page of letters that a filter leaves short goes on behind the last letter that was looked at', async () => {
  await insertLetters('a', 9)
  const filter = {
    sink: undefined,
    reason: 'json' as const,
    topic: undefined,
    state: undefined,
    since: undefined,
    until: undefined,
  }
  const query = { filter, limit: 3, scan: 4, lokiPassed: 0n } as const
  const first = await readWhile(
    () => insertLetters('a', 1, 9),
    (sql) => readLetters(sql, { ...query, after: undefined }),
  )
  const second = await database.read((sql) => readLetters(sql, { ...query, after: first.goOn }))
  const pages = [first, second].map(({ letters }) => letters.map(({ id }) => id))
  expect(pages).toEqual([
    ['a8', 'a6'],
    ['a4', 'a2'],
  ])
  expect([first, second].map(({ goOn }) => goOn?.id)).toEqual(['a6', 'a2'])
})

test('lines that Loki refused of one run do not hide those of another', async () => {
  const runIds = ['one', 'other']
  for (const [index, runId] of runIds.entries()) await insertLetters(runId, 20_000, index * 20_000)
  const query = { runIds, topic: TOPICS.logs, lokiPassed: 0n }
  const refused = await database.read((sql) => readRefusedLines(sql, query))
  const found = runIds.map((runId) => refused.get(producerName(TOPICS.logs, runId))?.length)
  expect(found).toEqual([5_000, 5_000])
})
