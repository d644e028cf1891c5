// 100,000 records that are wrong in every way, some hundred events that are, and good ones between them.

import { createHash } from 'node:crypto'
import type { Message } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { METRICS } from '@runlight/contracts/metrics'
import { SINKS, TOPICS } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import { lokiPages } from '../oracle/loki-lines.ts'
import { steadyProducer } from '../oracle/produce.ts'
import { Random, chooseSeed } from '../oracle/random.ts'
import { eachRecord } from '../oracle/topic-records.ts'
import { untilDelivered } from './delivery-stack.ts'
import type { DeliveryStack } from './delivery-stack.ts'
import { Journal } from './journal.ts'
import { malformedEvents } from './malformed-events.ts'
import { ODD, malformedRecords } from './malformed-records.ts'
import type { Fate, MalformedRecord } from './malformed-records.ts'
import { asMessages, linesInLoki, runEvent, runLines, seqs, seqsInPostgres, seqsOf } from './run-records.ts'

const MALFORMED = 100_000
const GOOD_RUNS = 10
/** Of each run; one stands after every twentieth malformed record. */
const GOOD_LINES = MALFORMED / 20 / GOOD_RUNS
const EVENTS_OF_A_KIND = 20
const GOOD_EVENTS = 30
const BATCH_BYTES = 4 * 1024 * 1024

export function malformed(stackOf: () => DeliveryStack): void {
  describe('100,000 malformed records of every kind', () => {
    it('are each stored or dead-lettered with the reason, by each sink for itself; the good ones between are all stored', async () => {
      const stack = stackOf()
      const seed = chooseSeed()
      const journal = new Journal(`RUNLIGHT_SEED=${seed}`)
      await journal.on(async () => {
        const records = malformedRecords(new Random(seed), MALFORMED)
        const ready = () => Promise.all(stack.bridges.map(({ isReady }) => isReady()))
        await expect.poll(ready, { timeout: 60_000 }).toEqual([true, true])
        const before = await deadLetterCounts(stack)
        const letters = await deadLetterEnd(stack)
        const events = malformedEvents(new Random(seed), EVENTS_OF_A_KIND)
        const all = [...records, ...events]
        const good = Array.from({ length: GOOD_RUNS }, (_, run) => asMessages(runLines(goodRun(run), GOOD_LINES)))
        await send(stack, TOPICS.logs, records, good)
        await send(stack, TOPICS.events, events, [asMessages(goodEvents())])
        journal.write('everything is on the bus')
        await untilDelivered(stack)
        journal.write('everything is stored')
        const counts = await deadLetterCounts(stack)
        for (const sink of SINKS) {
          expect(lacking(difference(counts[sink], before[sink]), countsOf(all, sink))).toEqual({})
        }
        await expectLetters(stack, letters, all)
        journal.write('the dead letters are read')
        await expectOddStored(stack, records)
        await expectEventsStored(stack, events)
        for (let run = 0; run < GOOD_RUNS; run++) {
          expect(await seqsInPostgres(stack.sql, goodRun(run))).toEqual(seqs(GOOD_LINES))
          expect(seqsOf(await linesInLoki(stack, goodRun(run)))).toEqual(seqs(GOOD_LINES))
        }
        for (const sink of SINKS) expect(stack.peakMemory(sink)).toBeLessThan(stack.memoryLimit(sink))
        journal.write(
          `checked; peaks: ${SINKS.map((sink) => `${sink} ${Math.round(stack.peakMemory(sink))} MiB`).join(', ')}`,
        )
      })
      journal.print()
    })
  })
}

const goodRun = (run: number) => `run-among-malformed-${run}`

const GOOD_EVENT_RUN = 'events-among-malformed'
const goodEvents = () =>
  seqs(GOOD_EVENTS).map((seq) => runEvent(GOOD_EVENT_RUN, seq === 1 ? 'RUN_STARTED' : 'NODE_PROGRESS', seq))

/** @param good lists that take turns: one message after every twentieth record */
async function send(
  { kafka }: DeliveryStack,
  topic: string,
  records: readonly MalformedRecord[],
  good: readonly Message[][],
): Promise<void> {
  const producer = await steadyProducer(kafka)
  let messages: Parameters<typeof producer.send>[0]['messages'] = []
  let bytes = 0
  const flush = async () => {
    await producer.send({ topic, messages })
    messages = []
    bytes = 0
  }
  for (const [index, { key, value, headers }] of records.entries()) {
    const size = (key?.length ?? 0) + (value?.length ?? 0) + 100
    if (messages.length >= 5_000 || (messages.length > 0 && bytes + size > BATCH_BYTES)) await flush()
    // A key so long takes kafkajs seconds to hash.
    const isLong = (key?.length ?? 0) > 10_000
    messages.push({ key, value, ...(headers ? { headers } : {}), ...(isLong ? { partition: index % 4 } : {}) })
    bytes += size
    const line = index % 20 === 19 ? good[Math.floor(index / 20) % good.length]?.shift() : undefined
    if (line) messages.push(line)
  }
  await flush()
  await producer.disconnect()
}

type Counts = Partial<Record<Fate, number>>

function countsOf(records: readonly MalformedRecord[], sink: SinkName): Counts {
  const counts: Counts = {}
  for (const { [sink]: fate } of records) if (fate && fate !== 'stored') counts[fate] = (counts[fate] ?? 0) + 1
  return counts
}

const REASONS = ['encoding', 'json', 'schema', 'org', 'unrepresentable', 'too_large', 'refused', 'unreadable'] as const

/** As the running bridges count them. */
async function deadLetterCounts({ bridges }: DeliveryStack): Promise<Record<SinkName, Counts>> {
  const counts: Record<SinkName, Counts> = { loki: {}, postgres: {} }
  for (const { sink, metric } of bridges) {
    for (const reason of REASONS) counts[sink][reason] = await metric(METRICS.deadLetters.name, { sink, reason })
  }
  return counts
}

function difference(after: Counts, before: Counts): Counts {
  const all = REASONS.map((reason) => [reason, (after[reason] ?? 0) - (before[reason] ?? 0)] as const)
  return Object.fromEntries(all.filter(([, count]) => count > 0))
}

/** What was counted too low. On a busy machine the group may lose a member in between, and letters are written again. */
function lacking(counted: Counts, expected: Counts): Counts {
  const open = REASONS.filter((reason) => (counted[reason] ?? 0) < (expected[reason] ?? 0))
  return Object.fromEntries(open.map((reason) => [reason, (expected[reason] ?? 0) - (counted[reason] ?? 0)]))
}

async function deadLetterEnd({ admin }: DeliveryStack): Promise<bigint> {
  return BigInt((await admin.fetchTopicOffsets(TOPICS.deadLetters))[0]?.high ?? 0)
}

/**
 * Each refused record has one letter of each sink that refused it, with its reason and its bytes. Letters of one place are
 * one, as for every reader.
 */
async function expectLetters(
  { kafka }: DeliveryStack,
  from: bigint,
  records: readonly MalformedRecord[],
): Promise<void> {
  const open = new Map<string, number>()
  const name = (sink: SinkName, reason: string, value: Buffer | null) =>
    `${sink} ${reason} ${value === null ? '' : createHash('sha1').update(value).digest('base64')}`
  for (const record of records) {
    for (const sink of SINKS) {
      const { [sink]: fate, value } = record
      if (!fate || fate === 'stored') continue
      const key = name(sink, fate, value)
      open.set(key, (open.get(key) ?? 0) + 1)
    }
  }
  const unexpected: string[] = []
  const places = new Set<string>()
  await eachRecord(kafka.brokers, TOPICS.deadLetters, ({ offset, value }) => {
    if (offset < from) return
    const letter = JSON.parse(value) as DeadLetter
    const place = `${letter.sink} ${letter.origin.topic}/${letter.origin.partition}/${letter.origin.offset}`
    if (places.has(place)) return
    places.add(place)
    const own = letter.value === undefined ? null : Buffer.from(letter.value, 'base64')
    const key = name(letter.sink, letter.reason, own)
    const count = open.get(key)
    if (count === undefined)
      unexpected.push(`${letter.sink} ${letter.reason}: ${letter.detail} ${own?.toString().slice(0, 200)}`)
    else if (count === 1) open.delete(key)
    else open.set(key, count - 1)
  })
  expect(unexpected.slice(0, 10)).toEqual([])
  expect([...open].slice(0, 10)).toEqual([])
}

/** What a sink takes although it is odd is there, once. */
async function expectOddStored({ sql, loki }: DeliveryStack, records: readonly MalformedRecord[]): Promise<void> {
  const expected = (sink: SinkName) =>
    records.flatMap((record, index) => (record[sink] === 'stored' ? [index + 1] : []))
  const rows = await sql<{ seq: number }[]>`
    select producer_seq::float8 as seq from logs where org_id = ${ODD.org} and producer_id = ${ODD.producer} order by 1`
  expect(
    firstDifferences(
      records,
      rows.map(({ seq }) => seq),
      expected('postgres'),
    ),
  ).toEqual([])
  const now = BigInt(Date.now()) * 1_000_000n
  const hour = 3_600_000_000_000n
  const query = {
    url: loki.url.origin,
    tenant: ODD.org,
    query: '{shard=~".+"}',
    start: now - hour,
    end: now + hour / 6n,
  }
  const found: number[] = []
  for await (const page of lokiPages(query)) found.push(...seqsOf(page))
  found.sort((a, b) => a - b)
  expect(firstDifferences(records, found, expected('loki'))).toEqual([])
  // Kept whole where there is room for it, with every digit, and with keys that are names of JavaScript.
  const [long] = await sql`select max(octet_length(message)) as bytes from logs where org_id = ${ODD.org}`
  expect(long?.['bytes']).toBeGreaterThan(5_000_000)
  const [digits] = await sql`
    select count(*) filter (where metadata->>'big' = '12345678901234567890123' and metadata->>'small' = '0.1000000000000000000001')::int as exact,
      count(*) filter (where metadata->'__proto__' = '{"polluted": true}' and metadata->'constructor' = '{"prototype": 1}' and level = 'info')::int as names
    from logs where org_id = ${ODD.org}`
  const of = (name: string) => records.filter(({ kind }) => kind === name).length
  expect(digits).toEqual({ exact: of('digits that a double loses'), names: of('__proto__ as a key') })
}

/** Those that are odd and taken are there once; each run is numbered densely, and the good one is whole. */
async function expectEventsStored({ sql }: DeliveryStack, events: readonly MalformedRecord[]): Promise<void> {
  const expected = events.flatMap(({ postgres }, index) => (postgres === 'stored' ? [index + 1] : []))
  const rows = await sql<{ seq: number }[]>`
    select producer_seq::float8 as seq from workflow_traces where org_id = ${ODD.org} order by 1`
  const found = rows.map(({ seq }) => seq)
  expect(firstDifferences(events, found, expected)).toEqual([])
  const numbers = await sql<{ run: string; dense: boolean; events: number }[]>`
    select run_id as run, count(*)::int as events, array_agg(sequence order by sequence) = array_agg(n order by n) as dense
    from (select run_id, org_id, sequence, row_number() over (partition by run_id order by sequence) as n
      from workflow_traces) t
    where org_id = ${ODD.org} or run_id = ${GOOD_EVENT_RUN} group by run_id`
  expect(numbers.filter(({ dense }) => !dense)).toEqual([])
  expect(numbers.find(({ run }) => run === GOOD_EVENT_RUN)?.events).toBe(GOOD_EVENTS)
}

/** In words: what is missing, doubled or not expected, by the kind of record. */
function firstDifferences(
  records: readonly MalformedRecord[],
  found: readonly number[],
  expected: readonly number[],
): string[] {
  const counts = new Map<number, number>(expected.map((seq) => [seq, 0]))
  const words: string[] = []
  for (const seq of found) {
    const count = counts.get(seq)
    if (count === undefined) words.push(`not expected: ${records[seq - 1]?.kind}`)
    else counts.set(seq, count + 1)
  }
  for (const [seq, count] of counts) if (count !== 1) words.push(`${count} times: ${records[seq - 1]?.kind} (${seq})`)
  return words.slice(0, 10)
}
