// The oracle itself: each kind of fault is planted in a real store, and found; without one nothing is.

import { startTraceStore } from '@runlight/bridge-postgres/trace-store.fixture'
import type { TestTraceStore } from '@runlight/bridge-postgres/trace-store.fixture'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoki } from '../fixtures/loki.ts'
import type { TestLoki } from '../fixtures/loki.ts'
import { Account } from './account.ts'
import type { FaultKind, Findings } from './account.ts'
import { readLoki } from './check-loki.ts'
import { readPostgres } from './check-postgres.ts'
import { NumberedRecords } from './numbered-records.ts'
import { insertRows, placeRecords, plantedLines, pushLines } from './planted-stores.fixture.ts'
import type { PlacedRecord, PlantedLine } from './planted-stores.fixture.ts'

const RECORDS = 1_500
/** A line and an event somewhere in the middle. */
const MIDDLE = 700

let loki: TestLoki
let store: TestTraceStore

beforeAll(async () => {
  ;[loki, store] = await Promise.all([startLoki(), startTraceStore()])
})
afterAll(async () => {
  await Promise.all([loki.stop(), store.stop()])
})

/** How often each kind was found. */
function counts(findings: Findings): Partial<Record<FaultKind, number>> {
  return Object.fromEntries(Object.entries(findings).map(([kind, { count }]) => [kind, count]))
}

let tests = 0

/** Lines of a time of their own, so that the tests can share Loki. */
async function accountOfLoki(plant: (lines: PlantedLine[]) => readonly PlantedLine[]) {
  tests += 1
  const startedAt = Date.now() - tests * 60_000
  const records = new NumberedRecords({ seed: tests, records: RECORDS, startedAt })
  const placed = placeRecords(records)
  await pushLines(loki.url, plant(plantedLines(placed)))
  const account = new Account(records, ['logs'])
  const nanos = (millis: number) => BigInt(millis) * 1_000_000n
  const range = { start: nanos(startedAt - 5_000), end: nanos(startedAt + 30_000) }
  await readLoki(account, { url: loki.url.origin, tenants: ['acme', 'globex', 'unassigned'], ...range })
  account.expectAll()
  return { account, placed }
}

async function accountOfPostgres(plant: string) {
  const records = new NumberedRecords({ seed: 1, records: RECORDS, startedAt: Date.now() })
  await insertRows(store.sql, records, placeRecords(records))
  await store.sql.unsafe(plant)
  const account = new Account(records, ['logs', 'events'])
  await readPostgres(account, store.sql)
  account.expectAll()
  return account
}

/** The line that is changed by the tests, and those around it. */
function at(lines: readonly PlantedLine[], change: (line: PlantedLine) => readonly PlantedLine[]): PlantedLine[] {
  const middle = lines.findIndex(({ number }) => number >= MIDDLE)
  return lines.flatMap((line, index) => (index === middle ? change(line) : [line]))
}

describe('in Loki', () => {
  it('finds nothing where all is well', async () => {
    const { account, placed } = await accountOfLoki((lines) => lines)
    expect(account.findings).toEqual({})
    expect(account.seen).toBe(placed.filter(({ kind }) => kind === 'logs').length)
  })

  const longAfter = 1_000_000_000n
  const plants: [string, (line: PlantedLine) => readonly PlantedLine[], Findings | object][] = [
    ['a line that is missing', () => [], { missing: 1 }],
    [
      'a line that is there twice',
      (line) => [line, { ...line, metadata: { ...line.metadata, position: '0:9999999' } }],
      expect.objectContaining({ doubled: 1 }),
    ],
    [
      'a line that nobody has sent',
      (line) => [line, { ...line, metadata: { ...line.metadata, seq: '9999999' } }],
      { invented: 1 },
    ],
    ['a line that has lost a character', (line) => [{ ...line, line: line.line.slice(0, -1) }], { changed: 1 }],
    [
      'a line with another level',
      (line) => [{ ...line, metadata: { ...line.metadata, level: 'other' } }],
      { changed: 1 },
    ],
    [
      'a line in the stream of another node',
      (line) => [{ ...line, labels: { ...line.labels, node: 'another' } }],
      { changed: 1 },
    ],
    [
      'a line of another tenant',
      (line) => [{ ...line, tenant: 'globex' === line.tenant ? 'acme' : 'globex' }],
      { changed: 1 },
    ],
    [
      'a line that is too late',
      (line) => [{ ...line, timestamp: line.timestamp + longAfter }],
      { changed: 1, outOfOrder: 1 },
    ],
  ]
  it.each(plants)('finds %s', async (_, change, expected) => {
    const { account } = await accountOfLoki((lines) => at(lines, change))
    expect(counts(account.findings)).toEqual(expected)
  })

  it('finds an offset that was committed before its line was stored, and only that', async () => {
    const { account, placed } = await accountOfLoki((lines) => at(lines, () => []))
    const lost = placed.find(({ number, kind }) => kind === 'logs' && number >= MIDDLE) as PlacedRecord
    account.expectDelivered('logs', lost.partition, lost.offset)
    expect(account.findings.committedPastUndelivered).toBeUndefined()
    account.expectDelivered('logs', lost.partition, lost.offset + 1)
    expect(account.findings.committedPastUndelivered?.count).toBe(1)
  })
})

describe('in Postgres', () => {
  it('finds nothing where all is well', async () => {
    const account = await accountOfPostgres('select 1')
    expect(account.findings).toEqual({})
    expect(account.seen).toBe(RECORDS)
  })

  const line = `(select ctid from logs order by job_run_id, kafka_offset offset 500 limit 1)`
  const event = `(select min(run_id) from workflow_traces where sequence = 2)`
  const plants: [string, string, Partial<Record<FaultKind, number>>][] = [
    [
      'a line that is missing',
      `with gone as (delete from logs where ctid = ${line} returning 1) update log_stream set lines = lines - (select count(*) from gone)`,
      { missing: 1 },
    ],
    [
      'a line that is there twice',
      `with again as (insert into logs select l.* from jsonb_populate_record(null::logs, (select to_jsonb(logs) || '{"kafka_partition": 9}' from logs where ctid = ${line})) l returning 1) update log_stream set lines = lines + (select count(*) from again)`,
      { doubled: 1, outOfOrder: 0 },
    ],
    [
      'a line that nobody has sent',
      `with more as (insert into logs select l.* from jsonb_populate_record(null::logs, (select to_jsonb(logs) || '{"kafka_partition": 9, "producer_id": "me"}' from logs where ctid = ${line})) l returning 1) update log_stream set lines = lines + (select count(*) from more)`,
      { invented: 1 },
    ],
    ['a message that has changed', `update logs set message = message || ' ' where ctid = ${line}`, { changed: 1 }],
    [
      'an own time that has lost its nanoseconds',
      `update logs set timestamp_ns = timestamp_ns + 1 where ctid = ${line}`,
      { changed: 1 },
    ],
    [
      'a time column that was rounded',
      `update logs set "timestamp" = "timestamp" + interval '1 microsecond' where ctid = ${line}`,
      { changed: 1 },
    ],
    [
      'a line that comes too late',
      `update logs set effective_ns = effective_ns + 1000000000 where ctid = ${line}`,
      { changed: 1, outOfOrder: 1 },
    ],
    [
      'metadata that has changed',
      `update logs set metadata = '{}' where ctid = (select ctid from logs where metadata is not null limit 1)`,
      { changed: 1 },
    ],
    ['a stream that counts too much', `update log_stream set lines = lines + 1`, { changed: 1 }],
    [
      'an event that is missing',
      `delete from workflow_traces where run_id = ${event} and sequence = 2`,
      { missing: 1, notDense: 1 },
    ],
    [
      'an event that has its number twice as high',
      `update workflow_traces set sequence = sequence + 1000 where run_id = ${event} and sequence = 2`,
      { notDense: 2, outOfOrder: 1 },
    ],
    ['a run in another state', `update runs set status = 'CANCELLED' where run_id = ${event}`, { changed: 1 }],
    [
      'a run that nobody has begun',
      `insert into runs (run_id, org_id, execution, status, updated_ns, created_at) values ('me', 'acme', 1, 'QUEUED', 0, now())`,
      { invented: 1 },
    ],
  ]
  it.each(plants)('finds %s', async (_, plant, expected) => {
    const { findings } = await accountOfPostgres(plant)
    expect(counts(findings)).toEqual(Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0)))
  })
})
