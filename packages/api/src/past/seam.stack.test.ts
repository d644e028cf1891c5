// Paging with any filters while lines with older times arrive and days leave the hot store: what was there at the first
// page comes once and in order, what arrived since comes once, and nothing else.

import type { LogPage, StoredLog } from '@runlight/contracts/api'
import type { LabelMode } from '@runlight/contracts/labels'
import { LABEL_MODES } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { effectiveTime, instantFromNanos, instantToNanos, parseInstant } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBothStores } from '../test/both-stores.fixture.ts'
import type { BothStores } from '../test/both-stores.fixture.ts'
import { logEntry, time } from '../test/records.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

const DAY_MS = 86_400_000
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS
/** Days before today that hold lines; each round drops one. */
const DAYS = 4
const PARTITIONS = [0, 1, 2]
const RUN = 'run-paged'
/** Before those days, of another run. */
const OLDEST = TODAY - 25 * DAY_MS

let stores: BothStores | undefined
let store: TraceStore
let api: BothStores['api']
/** All lines of the run that were stored so far. */
const known: Known[] = []
const ends = new Map<number, number>()
let writing: Promise<unknown> = Promise.resolve()

interface Known {
  entry: LogEntry
  effectiveNs: bigint
  partition: number
  offset: number
}

beforeAll(async () => {
  stores = await startBothStores({ limits: { split_queries_by_interval: '24h', tsdb_max_query_parallelism: 4 } })
  ;({ store, api } = stores)
  await store.sql`INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
    VALUES (${RUN}, 'unassigned', 1, 'RUNNING', 0, ${new Date(TODAY - DAYS * DAY_MS).toISOString()}::timestamptz)`
  for (let daysAgo = DAYS; daysAgo >= 0; daysAgo--) {
    for (const minutes of [1, 3, 24, 700, 1_430, 1_438]) {
      const appendedAt = Math.min(TODAY - daysAgo * DAY_MS + minutes * 60_000, Date.now())
      for (const partition of PARTITIONS) await write(partition, appendedAt, 12)
    }
  }
})

afterAll(() => stores?.stop())

const dropDay = (millis: number) =>
  store.sql`SELECT runlight_drop_log_partition(${new Date(millis).toISOString().slice(0, 10)}::date)`

/** How far the own times of lines lie from when they are appended: some at equal moments, some too far to be believed. */
const OFFSETS_MS = [-1_499_000, -700_000, -60_000, -1, 0, 0, 0, 1, 290_000, -2 * DAY_MS, 7_200_000, -30_000]

/** Stores lines of every kind at the end of a partition; one after another, as a partition has one writer. */
function write(partition: number, appendedAt: number, count: number): Promise<unknown> {
  const stored = async () => {
    const first = ends.get(partition) ?? 0
    const lines = Array.from({ length: count }, (_, index): Known => {
      const number = first + index
      const own = appendedAt + (OFFSETS_MS[number % OFFSETS_MS.length] as number)
      const entry = logEntry({
        ...{ runId: RUN, message: `${partition}/${number}`, timestamp: time(own, (number % 4) * 250_001) },
        ...{ nodeRef: `node ${number % 3}`, attempt: 1 + (number % 2), level: number % 5 === 0 ? 'error' : 'info' },
        ...{ stream: number % 7 < 3 ? 'stdout' : 'stderr' },
        ...(number % 6 !== 0 && { producer: { id: `producer-${partition}`, seq: number + 1 } }),
      })
      const append = instantFromNanos(BigInt(appendedAt) * 1_000_000n)
      const { instant } = effectiveTime(parseInstant(entry.timestamp) as Instant, append)
      return { entry, effectiveNs: instantToNanos(instant), partition, offset: number }
    })
    await store.storeLogs(
      lines.map(({ entry }) => entry),
      { partition, appendedAt },
    )
    ends.set(partition, first + count)
    known.push(...lines)
  }
  writing = writing.then(stored)
  return writing
}

interface Query {
  direction: 'forward' | 'backward'
  limit: number
  nodeRef?: string
  attempt?: number
  level?: string
  stream?: string
  grep?: string
  since?: number
  until?: number
}

const moment = fc.integer({ min: TODAY - DAYS * DAY_MS, max: TODAY + DAY_MS })
const query: fc.Arbitrary<Query> = fc.record(
  {
    direction: fc.constantFrom('forward', 'backward'),
    limit: fc.oneof(fc.integer({ min: 11, max: 60 }), fc.integer({ min: 100, max: 400 })),
    nodeRef: fc.constantFrom('node 0', 'node 2'),
    attempt: fc.constantFrom(1, 2),
    level: fc.constantFrom('error', 'info,error'),
    stream: fc.constantFrom('stdout', 'stderr,stdout'),
    grep: fc.constantFrom('[37]$', '^(0|2)/'),
    since: moment,
    until: moment,
  },
  { requiredKeys: ['direction', 'limit'] },
)

const reader = fc.record({
  mode: fc.constantFrom(...LABEL_MODES),
  query: fc.oneof(
    query,
    query.map(({ direction, limit }): Query => ({ direction, limit })),
  ),
  /** After which of its pages it makes a writer write, and to which partition. */
  writes: fc.array(fc.constantFrom(0, 1, 2, undefined), { minLength: 1, maxLength: 6 }),
})

/** The lines that are meant, in the order of the history. */
function expected(lines: readonly Known[], wanted: Query): string[] {
  const { nodeRef, attempt, level, stream, grep, since, until, direction } = wanted
  const kept = lines.filter(
    ({ entry, effectiveNs }) =>
      (nodeRef === undefined || entry.nodeRef === nodeRef) &&
      (attempt === undefined || entry.attempt === attempt) &&
      (level === undefined || level.split(',').includes(entry.level)) &&
      (stream === undefined || stream.split(',').includes(entry.stream)) &&
      (grep === undefined || new RegExp(grep).test(entry.message)) &&
      (since === undefined || effectiveNs >= BigInt(since) * 1_000_000n) &&
      (until === undefined || effectiveNs <= BigInt(until) * 1_000_000n),
  )
  const sign = direction === 'forward' ? 1 : -1
  const sorted = kept.toSorted((a, b) =>
    a.effectiveNs !== b.effectiveNs
      ? a.effectiveNs < b.effectiveNs
        ? -sign
        : sign
      : sign * (a.partition - b.partition || a.offset - b.offset),
  )
  return sorted.map(({ entry }) => entry.message)
}

/** Reads to the end, and tells what was read and where to go on. */
async function readOn(
  { mode, query: { since, until, ...wanted } }: { mode: LabelMode; query: Query },
  cursor: string | undefined,
  between: (page: number) => Promise<unknown> | undefined,
): Promise<{ messages: string[]; cursor: string | undefined }> {
  const parameters = {
    ...wanted,
    ...(since !== undefined && { since: time(since) }),
    ...(until !== undefined && { until: time(until) }),
  }
  const logs: StoredLog[] = []
  for (let pages = 1; ; pages++) {
    const own = api(mode)
    const page = await own.get<LogPage>(`/workflows/runs/${RUN}/logs`, { ...parameters, cursor })
    logs.push(...page.logs)
    cursor = page.nextCursor
    if (!page.hasMore) return { messages: logs.map(({ message }) => message), cursor }
    await between(pages)
  }
}

test('lines of the past that are too large to be read at once make a page short, never a refusal', async () => {
  const runId = 'run-wide'
  const appendedAt = OLDEST
  await store.sql`INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
    VALUES (${runId}, 'unassigned', 1, 'RUNNING', 0, ${new Date(appendedAt).toISOString()}::timestamptz)`
  const wide = 'w'.repeat(200_000)
  for (let from = 0; from < 180; from += 10) {
    const entries = Array.from({ length: 10 }, (_, index) =>
      logEntry({ runId, timestamp: time(appendedAt + from + index), message: `${from + index} ${wide}` }),
    )
    await store.storeLogs(entries, { partition: 40, appendedAt: appendedAt + from })
  }
  await dropDay(appendedAt)
  const numbers: number[] = []
  for (let cursor: string | undefined, hasMore = true; hasMore;) {
    const query = { limit: 1_000, direction: 'backward', cursor }
    const page = await api('perRun').get<LogPage>(`/workflows/runs/${runId}/logs`, query)
    numbers.push(...page.logs.map(({ message }) => Number.parseInt(message)))
    hasMore = page.hasMore
    cursor = page.nextCursor
  }
  expect(numbers).toEqual([...Array(180).keys()].toReversed())
})

test('any reader gets all that was there once and in order, then all that has arrived', async () => {
  let daysAgo = DAYS
  await fc.assert(
    fc.asyncProperty(fc.array(reader, { minLength: 6, maxLength: 8 }), async (readers) => {
      const day = TODAY - daysAgo-- * DAY_MS
      let drop: (() => Promise<unknown>) | undefined = () => dropDay(day)
      await writing
      const before = [...known]
      const reads = readers.map((one) =>
        readOn(one, undefined, async (page) => {
          const partition = one.writes[page - 1]
          if (partition !== undefined) await write(partition, Date.now(), 5)
          const now = page === 2 ? drop : undefined
          if (now) drop = undefined
          await now?.()
        }),
      )
      const first = await Promise.all(reads)
      await drop?.()
      await write(1, Date.now(), 7)
      for (const [index, one] of readers.entries()) {
        const { messages, cursor } = first[index] as (typeof first)[number]
        const rest = await readOn(one, cursor, () => undefined)
        const all = [...messages, ...rest.messages]
        const old = new Set(expected(before, one.query))
        expect(all.filter((message) => old.has(message))).toEqual([...old])
        expect(all.toSorted()).toEqual(expected(known, one.query).toSorted())
      }
    }),
    // What a round does to the store can't be undone, so a failure can't be made smaller.
    { numRuns: DAYS, endOnFailure: true },
  )
})
