import { setTimeout as sleep } from 'node:timers/promises'
import { logBatch, logEntries, testContext } from '@runlight/bridge-core/batch.fixture'
import { METRICS } from '@runlight/contracts/metrics'
import { consumerGroup } from '@runlight/contracts/topics'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { Admin, Consumer, Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { connect } from './connection.ts'
import { retentionPass, startRetention } from './retention.ts'
import type { RetentionSettings } from './retention.ts'
import { startTraceStore } from './trace-store.fixture.ts'
import type { TestTraceStore } from './trace-store.fixture.ts'

const DAY = 86_400_000
// Midnight lies in the middle: a day's last moment, and the next one's first.
const TODAY = Math.floor(Date.now() / DAY) * DAY
const NOON = TODAY + DAY / 2

let store: TestTraceStore
let kafka: TestKafka
let admin: Admin
let producer: Producer
let loki: Consumer
let topics = 0

beforeAll(async () => {
  ;[store, kafka] = await Promise.all([startTraceStore(), startKafka()])
  admin = kafka.client().admin()
  producer = kafka.client().producer()
  await Promise.all([admin.connect(), producer.connect()])
  loki = await joinLokiGroup()
})
afterAll(async () => {
  await Promise.all([loki?.disconnect(), admin?.disconnect(), producer?.disconnect()])
  await Promise.all([store?.stop(), kafka?.stop()])
})

let settings: RetentionSettings
beforeEach(async () => {
  const topic = `logs-${topics++}`
  // Producers give the time here, so that days can be made.
  const config = { 'message.timestamp.type': 'CreateTime', 'message.timestamp.before.max.ms': String(400 * DAY) }
  await kafka.createTopics([{ topic, partitions: 2, config }])
  const sql = connect({ url: store.postgres.url('runlight_writer'), password: '', name: 'retention', connections: 2 })
  const log = createLog({ component: 'test', instance: '0', level: 'silent' as 'error' })
  settings = { sql, admin, log, logTopic: { topic, generation: 'generation-1' }, daysKept: 2 }
})
afterEach(async () => {
  await settings.sql.end()
  await store.clear()
  for (const { name } of await partitions()) await store.sql.unsafe(`drop table ${name}`)
})

const partitions = () => store.sql<{ name: string }[]>`
  select inhrelid::regclass::text as name from pg_inherits where inhparent = 'logs'::regclass order by 1`
const named = (millis: number) => `logs_${new Date(millis).toISOString().slice(0, 10).replaceAll('-', '')}`
const dayOf = (millis: number) => new Date(millis).toISOString().slice(0, 10)

/** Lines in the store and on the bus, in both of its partitions, at each of the times. */
async function append(...times: number[]): Promise<void> {
  const sink = store.sink()
  for (const [index, appendedAt] of times.entries()) {
    for (const partition of [0, 1]) {
      const entry = logEntries(1, { producer: { id: `producer-${partition}`, seq: index + 1 } })
      await sink.prepare(logBatch(entry, { partition, from: index, appendedAt }))(testContext())
      await producer.send({
        topic: settings.logTopic.topic,
        messages: [{ partition, value: 'line', timestamp: String(appendedAt) }],
      })
    }
  }
  await sink.close()
}

/** As a member of Loki's group commits. */
async function commit(offsets: readonly number[], metadata = 'generation-1'): Promise<void> {
  const { topic } = settings.logTopic
  await loki.commitOffsets(offsets.map((offset, partition) => ({ topic, partition, offset: String(offset), metadata })))
}

/** A member that goes on, so that commits need not wait for the group each time. */
async function joinLokiGroup(): Promise<Consumer> {
  await kafka.createTopics([{ topic: 'anchor', partitions: 1 }])
  const consumer = kafka.client().consumer({ groupId: consumerGroup('loki') })
  await consumer.connect()
  await consumer.subscribe({ topic: 'anchor' })
  await new Promise<void>((resolve) => {
    // Before its first fetch the consumer drops commits without a word.
    consumer.on(consumer.events.FETCH, () => resolve())
    void consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() })
  })
  return consumer
}

function gate(): { open: () => void; opened: Promise<void> } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

describe('a day of logs', () => {
  it('is dropped after its time, once Loki has passed its last record in every partition', async () => {
    const [old, last, first] = [TODAY - 3 * DAY, TODAY - 2 * DAY - 1, TODAY - 2 * DAY] as [number, number, number]
    await append(old, last, first)
    expect(await retentionPass(settings, NOON)).toEqual({
      dropped: [],
      overdue: [{ day: dayOf(old), reason: 'loki_absent' }],
    })
    await commit([2, 1])
    expect((await retentionPass(settings, NOON)).overdue).toEqual([{ day: dayOf(old), reason: 'loki_behind' }])
    expect(await store.messages()).toHaveLength(6)
    await commit([2, 2])
    expect(await retentionPass(settings, NOON)).toEqual({ dropped: [dayOf(old)], overdue: [] })
    // What came a millisecond later is of the next day, which is kept.
    expect(await store.sql`select created_at from logs`).toEqual([
      { created_at: new Date(first) },
      { created_at: new Date(first) },
    ])
    const names = (await partitions()).map(({ name }) => name)
    expect(names).toEqual([first, TODAY, TODAY + DAY, TODAY + 2 * DAY].map(named))
    expect(await retentionPass(settings, NOON)).toEqual({ dropped: [], overdue: [] })
    expect(await store.sql`select day::text, dropped_at is not null as dropped from log_days order by 1`).toEqual([
      { day: dayOf(old), dropped: true },
    ])
  })

  it('that Loki was seen to pass may go later, whatever has become of the bus since', async () => {
    await append(TODAY - 2 * DAY, TODAY - DAY)
    await commit([2, 2])
    expect(await retentionPass(settings, NOON)).toEqual({ dropped: [], overdue: [] })
    expect(await store.sql`select day::text from log_days where loki_passed_at is not null order by 1`).toEqual([
      { day: dayOf(TODAY - 2 * DAY) },
      { day: dayOf(TODAY - DAY) },
    ])
    const anew = { ...settings, logTopic: { topic: settings.logTopic.topic, generation: 'generation-2' } }
    expect(await retentionPass(anew, NOON + DAY)).toEqual({ dropped: [dayOf(TODAY - 2 * DAY)], overdue: [] })
  })

  it('is kept where what is committed belongs to another life of the topic, or its records do', async () => {
    await append(TODAY - 3 * DAY)
    await commit([1, 1], 'generation-0')
    const day = dayOf(TODAY - 3 * DAY)
    expect((await retentionPass(settings, NOON)).overdue).toEqual([{ day, reason: 'loki_absent' }])
    const ofThatLife = { ...settings, logTopic: { ...settings.logTopic, generation: 'generation-0' } }
    expect((await retentionPass({ ...ofThatLife, daysKept: 3 }, NOON)).overdue).toEqual([])
    expect(await store.sql`select 1 from log_days where loki_passed_at is not null`).toHaveLength(1)
    await store.sql`delete from log_days`
    await store.sql`insert into log_days (day, older_life) values (${day}, true)`
    await commit([1, 1])
    expect((await retentionPass(settings, NOON)).overdue).toEqual([{ day, reason: 'older_life' }])
    expect(await partitions()).toHaveLength(4)
  })

  it('is kept where an older life is given up while Loki is asked', async () => {
    await append(TODAY - 3 * DAY)
    await commit([1, 1])
    const day = dayOf(TODAY - 3 * DAY)
    const fetchOffsets: Admin['fetchOffsets'] = async (of) => {
      await store.sql`insert into log_days (day, older_life) values (${day}, true)`
      return admin.fetchOffsets(of)
    }
    const asking = { ...settings, admin: { ...admin, fetchOffsets } }
    expect(await retentionPass(asking, NOON)).toEqual({ dropped: [], overdue: [{ day, reason: 'older_life' }] })
    expect(await store.sql`select 1 from log_days where loki_passed_at is not null`).toEqual([])
  })

  it.each(['generation-0', 'generation-1'])(
    'is kept where the topic was made anew and is empty, and %s is what the store has',
    async (generation) => {
      const day = dayOf(TODAY - 3 * DAY)
      const { topic } = settings.logTopic
      await settings.sql`select runlight_ensure_log_partition(${day}::date)`
      await settings.sql`
        insert into positions (topic, kafka_partition, generation, next_offset) values (${topic}, 1, ${generation}, 5)`
      const kept = { dropped: [], overdue: [{ day, reason: 'older_life' }] }
      expect(await retentionPass(settings, NOON)).toEqual(kept)
      expect(await store.sql`select 1 from log_days`).toEqual([])
    },
  )

  it('is not dropped before it is over, nor by whoever may only write', async () => {
    const writer = settings.sql
    await writer`select runlight_ensure_log_partition(${dayOf(TODAY)}::date)`
    // The server's own day: that of the test may be over by now.
    const today = writer`(now() at time zone 'UTC')::date`
    await expect(writer`select runlight_drop_log_partition(${today})`).rejects.toThrow(/is not over/)
    await expect(writer.unsafe(`drop table ${named(TODAY)}`)).rejects.toMatchObject({ code: '42501' })
  })

  it('that somebody reads is tried again, and holds up other readers only for a moment', async () => {
    await append(TODAY - 3 * DAY, TODAY)
    await commit([2, 2])
    const day = dayOf(TODAY - 3 * DAY)
    const reader = store.postgres.connect('runlight_reader')
    const reads = gate()
    const enough = gate()
    const reading = reader.begin(async (tx) => {
      await tx`select count(*) from logs`
      reads.open()
      await enough.opened
    })
    await reads.opened
    const pass = retentionPass(settings, NOON)
    let slowest = 0
    let over = false
    const ended = () => (over = true)
    pass.then(ended, ended)
    while (!over) {
      const start = performance.now()
      await store.sql`select 1 from logs limit 1`
      slowest = Math.max(slowest, performance.now() - start)
      await sleep(10)
    }
    expect(await pass).toEqual({ dropped: [], overdue: [{ day, reason: 'in_use' }] })
    expect(slowest).toBeLessThan(20_000)
    enough.open()
    await reading
    await reader.end()
    expect((await retentionPass(settings, NOON)).dropped).toEqual([day])
  })
})

describe('looking after the days', () => {
  it('counts what was dropped and what is kept, and goes on after a failure', async () => {
    await append(TODAY - 4 * DAY, TODAY - 3 * DAY)
    await commit([1, 1])
    const metrics = createMetrics()
    const stop = startRetention({ ...settings, metrics }, 20)
    const PATIENT = { timeout: 30_000 }
    const shown = async () => (await metrics.registry.metrics()).split('\n')
    await expect.poll(shown, PATIENT).toContain(`${METRICS.logDaysDropped.name} 1`)
    await expect.poll(shown, PATIENT).toContain(`${METRICS.logDaysOverdue.name}{reason="loki_behind"} 1`)
    await store.postgres.kill()
    await store.postgres.start()
    await commit([2, 2])
    await expect.poll(shown, PATIENT).toContain(`${METRICS.logDaysDropped.name} 2`)
    await expect.poll(shown, PATIENT).toContain(`${METRICS.logDaysOverdue.name}{reason="loki_behind"} 0`)
    await stop()
  })
})
