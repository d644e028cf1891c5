// Dead letters through the API, on a real bus and a real trace store: listed, shown, replayed, and what became of them.

import { DeadLetterDetail, DeadLetterPage, ReplayPage, ReplayedLetter } from '@runlight/contracts/api-dead-letters'
import { deadLetterId, replayIdOf } from '@runlight/contracts/dead-letter-id'
import type { Problem } from '@runlight/contracts/api'
import { shape } from '@runlight/contracts/schema'
import { TOPICS, consumerGroup, replayTopic } from '@runlight/contracts/topics'
import type { Admin, Producer } from 'kafkajs'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

let kafka: TestKafka
let store: TraceStore
let api: TestApi
let admin: Admin
let producer: Producer

beforeAll(async () => {
  ;[kafka, store] = await Promise.all([startKafka(), startTraceStore()])
  await kafka.createTopics([
    { topic: TOPICS.logs, partitions: 1 },
    ...[TOPICS.deadLetters, replayTopic('loki'), replayTopic('postgres')].map((topic) => ({ topic, partitions: 1 })),
  ])
  api = await startTestApi(store.postgres, { brokers: kafka.brokers })
  admin = kafka.client().admin()
  producer = kafka.client().producer()
  await Promise.all([admin.connect(), producer.connect()])
})
afterAll(async () => {
  await Promise.all([admin?.disconnect(), producer?.disconnect(), api?.stop()])
  await Promise.all([kafka?.stop(), store?.stop()])
})
beforeEach(() => store.sql`truncate dead_letters`)

interface Letter {
  sink?: 'loki' | 'postgres'
  offset?: number
  reason?: string
  topic?: string
  key?: Buffer | null
  /** Left out of the letter when it is null. */
  value?: Buffer | null
  valueBytes?: number
  /** Minutes after an hour of the day. */
  minute?: number
}

/** As the bridge stores it; gives the id. */
async function store1(letter: Letter = {}): Promise<string> {
  const { sink = 'loki', offset = 7, reason = 'json', topic = TOPICS.logs, minute = 0 } = letter
  const { key = Buffer.from('run-1'), value = Buffer.from('{"broken'), valueBytes = value?.length ?? 0 } = letter
  const id = deadLetterId(sink, { generation: 'first', topic, partition: 0, offset: BigInt(offset) })
  const at = new Date(Date.UTC(2026, 2, 1, 12, minute)).toISOString()
  await store.sql`
    insert into dead_letters (id, sink, reason, detail, generation, topic, kafka_partition, kafka_offset, appended_at,
      key, key_bytes, value, value_bytes, failed_at, refusals, created_at)
    values (${id}, ${sink}, ${reason}, 'what is wrong', 'first', ${topic}, 0, ${offset}, ${at}, ${key},
      ${key?.length ?? null}, ${value}, ${valueBytes}, ${at}, 1, ${at})`
  return id
}

async function post<T>(path: string): Promise<{ status: number; body: T }> {
  const response = await fetch(new URL(path, api.url), { method: 'POST' })
  return { status: response.status, body: (await response.json()) as T }
}

function expectShape(schema: TSchema, value: unknown): void {
  expect(shape(schema).check(value)).toMatchObject({ ok: true })
}

const list = (query: Record<string, string | number | undefined> = {}) =>
  api.get<DeadLetterPage>('/api/v1/dead-letters', query)
const stateOf = async (id: string) => (await api.get<DeadLetterDetail>(`/api/v1/dead-letters/${id}`)).state

describe('the list', () => {
  test('is newest first, filtered, and every page goes on where the one before ended', async () => {
    const ids: string[] = []
    for (let offset = 0; offset < 30; offset++) {
      const sink = offset % 3 === 0 ? 'postgres' : 'loki'
      const reason = offset % 2 === 0 ? 'json' : 'refused'
      const topic = offset % 5 === 0 ? TOPICS.events : TOPICS.logs
      ids.push(await store1({ offset, sink, reason, topic, minute: offset }))
    }
    const idsOf = async (query: Record<string, string | number>) => {
      const found: string[] = []
      for (let cursor: string | undefined; ;) {
        const page = await list({ ...query, cursor })
        expectShape(DeadLetterPage, page)
        found.push(...page.deadLetters.map(({ id }) => id))
        if (!page.hasMore) return found
        cursor = page.nextCursor
      }
    }
    const wanted = (choose: (offset: number) => boolean) => ids.filter((_, offset) => choose(offset)).reverse()
    for (const limit of [1, 7, 100]) expect(await idsOf({ limit })).toEqual(wanted(() => true))
    expect(await idsOf({ sink: 'postgres', limit: 2 })).toEqual(wanted((offset) => offset % 3 === 0))
    expect(await idsOf({ reason: 'refused' })).toEqual(wanted((offset) => offset % 2 === 1))
    expect(await idsOf({ sink: 'postgres', reason: 'refused', limit: 1 })).toEqual(
      wanted((offset) => offset % 3 === 0 && offset % 2 === 1),
    )
    expect(await idsOf({ topic: TOPICS.events })).toEqual(wanted((offset) => offset % 5 === 0))
    expect(await idsOf({ since: '2026-03-01T12:10:00Z', until: '2026-03-01T12:20:00Z' })).toEqual(
      wanted((offset) => offset >= 10 && offset <= 20),
    )
    expect(await idsOf({ state: 'open' })).toHaveLength(30)
    expect(await idsOf({ state: 'replayed' })).toEqual([])
    const { nextCursor } = await list({ limit: 1 })
    expect((await api.refused(`/api/v1/dead-letters?sink=loki&cursor=${nextCursor}`)).problem.code).toBe(
      'RL_CURSOR_INVALID',
    )
  })
})

test('a length of time means the same on every page as on the first', async () => {
  const refusedAt = async (offset: number, millis: number) => {
    const id = await store1({ offset })
    await store.sql`update dead_letters set created_at = ${new Date(millis).toISOString()} where id = ${id}`
    return id
  }
  await refusedAt(1, Date.now())
  const second = await refusedAt(2, Date.now() - 300_000)
  const { nextCursor: cursor } = await list({ since: '15m', limit: 1 })
  const third = await refusedAt(3, Date.now() - 900_000)
  const { deadLetters } = await list({ since: '15m', limit: 10, cursor })
  expect(deadLetters.map(({ id }) => id)).toEqual([second, third])
})

describe('one letter', () => {
  test('is shown with its key and value, byte by byte', async () => {
    const value = Buffer.from([0xff, 0x00, 0x7b])
    const id = await store1({ value, key: null })
    const letter = await api.get<DeadLetterDetail>(`/api/v1/dead-letters/${id}`)
    expectShape(DeadLetterDetail, letter)
    expect(letter).toMatchObject({ id, kept: true, valueBytes: 3, value: value.toString('base64'), state: 'open' })
    expect(letter.key).toBeUndefined()
    expect(letter.origin).toEqual({
      ...{ generation: 'first', topic: TOPICS.logs, partition: 0, offset: '7' },
      appendedAt: '2026-03-01T12:00:00.000000Z',
    })
  })

  test('that nobody knows, or that can be none, is a refusal', async () => {
    expect(await api.refused(`/api/v1/dead-letters/${'a'.repeat(22)}`)).toMatchObject({
      status: 404,
      problem: { code: 'RL_DEAD_LETTER_NOT_FOUND' },
    })
    expect(await api.refused('/api/v1/dead-letters/x')).toMatchObject({ status: 400 })
  })
})

describe('a replay', () => {
  async function replayed(sink: 'loki' | 'postgres') {
    const consumer = kafka.client().consumer({ groupId: `test-${crypto.randomUUID()}` })
    const ends = await admin.fetchTopicOffsets(replayTopic(sink))
    const end = BigInt(ends[0]?.high ?? 0)
    const records: { key: Buffer | null; value: Buffer | null; origin: unknown }[] = []
    await consumer.connect()
    await consumer.subscribe({ topic: replayTopic(sink), fromBeginning: true })
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message: { key, value, headers, offset } }) => {
          records.push({ key, value, origin: JSON.parse(String(headers?.['runlight-origin'])) })
          if (BigInt(offset) + 1n === end) resolve()
        },
      })
    })
    await consumer.disconnect()
    return records
  }

  test('puts key and value byte by byte on the topic of its sink, with where they came from, and the same name twice', async () => {
    const value = Buffer.from([0xff, 0x00, 0x7b])
    const id = await store1({ value, sink: 'postgres' })
    const other = await store1({ value: null, valueBytes: 0, key: null, sink: 'postgres', offset: 8 })
    const first = await post<ReplayedLetter>(`/api/v1/dead-letters/${id}/replay`)
    const second = await post<ReplayedLetter>(`/api/v1/dead-letters/${other}/replay`)
    const third = await post<ReplayedLetter>(`/api/v1/dead-letters/${id}/replay`)
    for (const { status, body } of [first, second, third]) {
      expect(status).toBe(200)
      expectShape(ReplayedLetter, body)
    }
    expect(Number(third.body.offset) - Number(first.body.offset)).toBe(2)
    const origin = { generation: 'first', topic: TOPICS.logs, partition: 0 }
    const replayId = replayIdOf(origin, Date.UTC(2026, 2, 1, 12))
    expect(third.body.replayId).toBe(replayId)
    const appendedAt = '2026-03-01T12:00:00.000000Z'
    expect(await replayed('postgres')).toEqual([
      { key: Buffer.from('run-1'), value, origin: { ...origin, offset: '7', appendedAt, replayId } },
      { key: null, value: null, origin: { ...origin, offset: '8', appendedAt, replayId } },
      { key: Buffer.from('run-1'), value, origin: { ...origin, offset: '7', appendedAt, replayId } },
    ])
  })

  test('of many goes through the pages of a filter, each letter to its own sink, and says what it left out', async () => {
    for (let offset = 0; offset < 5; offset++) await store1({ offset, minute: offset })
    await store1({ offset: 5, minute: 5, sink: 'postgres' })
    const broken = await store1({ offset: 6, minute: 6, topic: TOPICS.deadLetters, reason: 'unreadable' })
    const pages: ReplayPage[] = []
    for (let cursor: string | undefined, more = true; more;) {
      const query = `limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`
      const { body } = await post<ReplayPage>(`/api/v1/dead-letters/replay?${query}`)
      expectShape(ReplayPage, body)
      pages.push(body)
      cursor = body.nextCursor
      more = body.hasMore
    }
    expect(pages.map(({ replayed: { length } }) => length)).toEqual([2, 3, 1])
    const topics = pages.flatMap((page) => page.replayed.map(({ topic }) => topic))
    expect(topics.filter((topic) => topic === replayTopic('postgres'))).toHaveLength(1)
    expect(pages.flatMap(({ skipped }) => skipped)).toMatchObject([
      { id: broken, code: 'RL_DEAD_LETTER_NOT_REPLAYABLE' },
    ])
    expect(await post(`/api/v1/dead-letters/${broken}/replay`)).toMatchObject({ status: 409 })
  })

  test('of a value that was too large for its letter takes it from its topic, while the bus has it', async () => {
    const value = Buffer.alloc(700_000, 'v')
    const [sent] = await producer.send({
      topic: TOPICS.logs,
      messages: [{ value: 'before' }, { key: 'run-1', value }, { value: 'after' }],
    })
    const offset = Number(sent?.baseOffset) + 1
    const large = { value: null, valueBytes: value.length, sink: 'postgres' } as const
    const id = await store1({ ...large, offset })
    expect((await list()).deadLetters).toMatchObject([{ id, kept: false, valueBytes: value.length }])
    expect(await post(`/api/v1/dead-letters/${id}/replay`)).toMatchObject({ status: 200 })
    expect((await replayed('postgres')).at(-1)).toMatchObject({ key: Buffer.from('run-1'), value })

    const another = await store1({ ...large, offset: offset + 1 })
    expect(await post<Problem>(`/api/v1/dead-letters/${another}/replay`)).toMatchObject({
      ...{ status: 410, body: { code: 'RL_DEAD_LETTER_GONE' } },
    })
    // Loads the metadata that the next call needs.
    await admin.fetchTopicOffsets(TOPICS.logs)
    await admin.deleteTopicRecords({ topic: TOPICS.logs, partitions: [{ partition: 0, offset: String(offset + 1) }] })
    const { status, body } = await post<Problem>(`/api/v1/dead-letters/${id}/replay`)
    expect([status, body.detail]).toEqual([410, expect.stringContaining('the bus has that no more')])
    await store.sql`insert into positions values (${TOPICS.logs}, 0, 'second', 0, null)`
    const anew = await post<Problem>(`/api/v1/dead-letters/${id}/replay`)
    expect([anew.status, anew.body.detail]).toEqual([410, expect.stringContaining('was created anew')])
    await store.sql`delete from positions`
  })
})

describe('the state', () => {
  const commit = (offset: bigint) =>
    admin.setOffsets({
      groupId: consumerGroup('loki'),
      topic: replayTopic('loki'),
      partitions: [{ partition: 0, offset: String(offset) }],
    })
  const storedLetters = (next: number) =>
    store.sql`
      insert into positions values (${TOPICS.deadLetters}, 0, 'first', ${next}, null)
      on conflict (topic, kafka_partition) do update set next_offset = excluded.next_offset`

  test('of a letter of Loki follows its group, and waits until the dead letters of that time are stored', async () => {
    const id = await store1()
    await commit(5n)
    expect(await stateOf(id)).toBe('open')
    await store.sql`update dead_letters set replay_offset = 5, replays = 1`
    expect(await stateOf(id)).toBe('replaying')
    // A dead letter that is not stored yet may say that the replay was refused.
    await producer.send({ topic: TOPICS.deadLetters, messages: [{ value: 'a letter' }] })
    await commit(6n)
    await expect.poll(() => stateOf(id), { interval: 200 }).toBe('replaying')
    await storedLetters(1)
    await expect.poll(() => stateOf(id), { timeout: 60_000 }).toBe('replayed')
    await store.sql`update dead_letters set refused_offset = 5`
    expect(await stateOf(id)).toBe('refused_again')
    expect((await list({ state: 'refused_again' })).deadLetters).toHaveLength(1)
    await store.sql`update dead_letters set replay_offset = 6`
    expect(await stateOf(id)).toBe('replaying')
    await commit(7n)
    await expect.poll(() => stateOf(id), { timeout: 60_000 }).toBe('replayed')
  })

  test('of a letter of Postgres is what Postgres says', async () => {
    const id = await store1({ sink: 'postgres' })
    await store.sql`update dead_letters set refused_offset = 3`
    expect(await stateOf(id)).toBe('refused_again')
    await store.sql`update dead_letters set stored_at = now(), replays = 2`
    expect(await stateOf(id)).toBe('replayed')
  })
})

describe('while the bus is away', () => {
  test('letters are shown, marked degraded, and a replay is refused as unavailable', async () => {
    const away = await startTestApi(store.postgres)
    const id = await store1()
    const page = await away.get<DeadLetterPage>('/api/v1/dead-letters')
    expect(page).toMatchObject({ deadLetters: [{ id, state: 'open' }], degraded: [{ component: 'bus' }] })
    const response = await fetch(new URL(`/api/v1/dead-letters/${id}/replay`, away.url), { method: 'POST' })
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([503, 'RL_BUS_UNAVAILABLE'])
    await away.stop()
  })
})
