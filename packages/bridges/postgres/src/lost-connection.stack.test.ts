import { eventBatch, logBatch, logEntries, testContext, traceEvent } from '@runlight/bridge-core/batch.fixture'
import type { PartitionBatch, Sink } from '@runlight/bridge-core/sink'
import type { TransactionSql } from 'postgres'
import { collectGarbage } from '../../../../regression/fixtures/collect-garbage.ts'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { connect } from './connection.ts'
import { startTraceStore } from './trace-store.fixture.ts'
import type { TestTraceStore } from './trace-store.fixture.ts'

const LINES = 1_000
const BATCHES = 6
const PARTITIONS = [0, 1, 2]

let store: TestTraceStore
let sink: Sink
/** What no promise brought home: in a bridge each of them ends the process. */
let uncaught: unknown[]
const note = (cause: unknown) => void uncaught.push(cause)

beforeAll(async () => {
  store = await startTraceStore()
})
afterAll(() => store.stop())
beforeEach(() => {
  uncaught = []
  process.on('uncaughtException', note)
  sink = store.sink()
})
afterEach(async () => {
  await sink.close()
  await store.clear()
  process.off('uncaughtException', note)
})

/** Delivers again until it is through, as a bridge does; gives how often it failed. */
async function insist(batch: PartitionBatch): Promise<number> {
  const delivery = sink.prepare(batch)
  let failures = 0
  await vi.waitFor(
    async () => {
      try {
        await delivery(testContext())
      } catch (cause) {
        failures++
        expect(cause).toMatchObject({ name: 'DeliveryError' })
        throw cause
      }
    },
    { timeout: 60_000, interval: 5 },
  )
  return failures
}

/** Logs of three partitions and events of one, each batch until it is through; gives how often one failed. */
async function load(): Promise<number> {
  const logs = PARTITIONS.map(async (partition) => {
    let failures = 0
    for (let nth = 0; nth < BATCHES; nth++) {
      const entries = logEntries(LINES, {}, nth * LINES + 1).map((entry) => ({
        ...entry,
        producer: { id: `producer of ${partition}`, seq: entry.producer?.seq ?? 0 },
      }))
      failures += await insist(logBatch(entries, { partition, from: nth * LINES }))
    }
    return failures
  })
  const events = async () => {
    let failures = 0
    for (let from = 0; from < BATCHES * 100; from += 100) {
      const some = Array.from({ length: 100 }, (_, index) =>
        traceEvent('NODE_PROGRESS', { nodeRef: 'fetch', producer: { id: 'events', seq: from + index + 1 } }),
      )
      failures += await insist(eventBatch(some, { from }))
    }
    return failures
  }
  const counts = await Promise.all([...logs, events()])
  return counts.reduce((sum, count) => sum + count, 0)
}

async function expectEverythingOnce(): Promise<void> {
  const [logs] = await store.sql`
    select count(*)::int as rows, count(distinct (kafka_partition, kafka_offset))::int as places from logs`
  expect(logs).toEqual({ rows: PARTITIONS.length * BATCHES * LINES, places: PARTITIONS.length * BATCHES * LINES })
  const [events] = await store.sql`select count(*)::int as rows, max(sequence)::int as last from workflow_traces`
  expect(events).toEqual({ rows: BATCHES * 100, last: BATCHES * 100 })
}

/** Ends the sessions that are in the middle of a transaction, again and again; gives how many. */
async function endSessions(until: () => boolean): Promise<number> {
  let ended = 0
  while (!until() && ended < 30) {
    const rows = await store.sql`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and xact_start is not null`
    ended += rows.length
  }
  return ended
}

it('outlives the loss of connections in the middle of transactions, and stores everything once', async () => {
  let done = false
  const loading = load().finally(() => (done = true))
  const ended = await endSessions(() => done)
  expect(await loading).toBeGreaterThan(5)
  expect(ended).toBeGreaterThan(5)
  expect(uncaught).toEqual([])
  await expectEverythingOnce()
})

it('outlives a restart of the server at full load', async () => {
  const loading = load()
  const stored = async () => (await store.sql<{ rows: number }[]>`select count(*)::int as rows from logs`)[0]?.rows
  await expect.poll(stored, { timeout: 20_000 }).toBeGreaterThan(LINES)
  await store.postgres.shutDown()
  await store.postgres.start()
  expect(await loading).toBeGreaterThan(0)
  expect(uncaught).toEqual([])
  await expectEverythingOnce()
})

it('sends nothing more of a transaction whose connection was lost, and begins the next one on a new connection', async () => {
  const sql = connect({ url: store.postgres.url(), password: '', name: 'one', connections: 1 })
  let use: (tx: TransactionSql) => void = () => undefined
  const used = new Promise<{ tx: TransactionSql }>((resolve) => (use = (tx) => resolve({ tx })))
  const lost = sql.begin(async (tx) => {
    use(tx)
    const [own] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
    await store.sql`select pg_terminate_backend(${own?.pid ?? 0})`
    await new Promise(() => undefined)
  })
  await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  const { tx } = await used
  await expect(tx`create table too_late ()`).rejects.toThrow()
  expect(await sql.begin((tx) => tx`select to_regclass('too_late') as found`)).toEqual([{ found: null }])
  expect(uncaught).toEqual([])
  await sql.end()
})

it('fails when a statement has failed, also where its failure is passed over', async () => {
  const sql = connect({ url: store.postgres.url(), password: '', name: 'one', connections: 1 })
  const passedOver = sql.begin(async (tx) => {
    await tx`select 1 / 0`.catch(() => undefined)
  })
  await expect(passedOver).rejects.toThrow('rolled the transaction back')
  await expect(sql.begin((tx) => tx`select 1 / 0`)).rejects.toMatchObject({ code: '22012' })
  expect(await sql.begin((tx) => tx`select 1 as one`)).toEqual([{ one: 1 }])
  await sql.end()
})

it('a connection that lives on keeps nothing of the transactions that it has had', async () => {
  const sql = connect({ url: store.postgres.url('runlight_writer'), password: '', name: 'test', connections: 1 })
  const results: WeakRef<object>[] = []
  for (let nth = 0; nth < 3; nth++) {
    results.push(new WeakRef(await sql.begin(() => Promise.resolve({ items: [nth] }))))
  }
  await collectGarbage()
  expect(results.map((result) => result.deref())).toEqual([undefined, undefined, undefined])
  await sql.end()
})
