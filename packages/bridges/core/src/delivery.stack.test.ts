import { ORIGIN_HEADER, replayTopic } from '@runlight/contracts/topics'
import kafkajs from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { produceWithJava } from '../../../../regression/fixtures/java-producer.ts'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { logEntries } from './batch.fixture.ts'
import {
  TestBridges,
  committed,
  createBus,
  deleteRecordsBefore,
  deliveredTo,
  firstDeliveredTo,
  firstOffsetsOf,
  lines,
  memoryStore,
  newBus,
  readDeadLetters,
  send,
  upTo,
  writeGeneration,
} from './bridge.fixture.ts'

const { CompressionTypes } = kafkajs

let kafka: TestKafka
const bridges = new TestBridges()

beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.stop())
afterEach(() => bridges.stopAll())

describe('delivery', () => {
  it('brings each partition to the store in order, and commits what is stored beside its generation', async () => {
    const bus = await newBus(kafka)
    const store = memoryStore()
    await send(kafka, bus.topic, lines(4, 1_200))
    const bridge = await bridges.start(bus, store)
    await expect
      .poll(() => committed(bus))
      .toEqual({
        0: '1200 generation-1',
        1: '1200 generation-1',
        2: '1200 generation-1',
        3: '1200 generation-1',
      })
    for (const partition of [0, 1, 2, 3]) expect(firstOffsetsOf(store, bus, partition)).toEqual(upTo(1_200))
    const counted = await bridge.metric('runlight_bridge_records_delivered_total')
    expect(counted).toBeGreaterThanOrEqual(4_800)
    const given = [0, 1, 2, 3].map((partition) => deliveredTo(store, bus, partition).length)
    expect(counted).toBeLessThanOrEqual(given.reduce((sum, count) => sum + count, 0))
    expect(await (await fetch(`http://127.0.0.1:${bridge.port}/readyz`)).json()).toMatchObject({
      status: 'ok',
      state: 'running',
    })
  })

  it('writes what is no record, and what the store refuses, to the dead letters before it commits past them', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    store.refused.add('0:2')
    const good = lines(1, 4).map(({ value }) => ({ key: 'k', value }))
    const huge = 'x'.repeat(600 * 1024)
    await send(kafka, bus.topic, [
      ...good.slice(0, 2),
      { key: 'k', value: Buffer.from([0xff]) },
      { value: huge },
      ...good.slice(2),
    ])
    const bridge = await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '6 generation-1' })
    expect(firstDeliveredTo(store, bus, 0).map(({ message }) => message)).toEqual(['0:0', '0:1', '0:3'])
    const counted = await bridge.metric('runlight_bridge_dead_letters_total')
    expect(await bridge.metric('runlight_bridge_dead_letters_total', { reason: 'encoding' })).toBeGreaterThan(0)
    const { letters, written } = await readDeadLetters(bus)
    const origin = { generation: 'generation-1', topic: bus.topic, partition: 0 }
    expect(letters).toMatchObject([
      {
        sink: 'loki',
        reason: 'encoding',
        origin: { ...origin, offset: '2' },
        key: 'aw==',
        value: '/w==',
        valueBytes: 1,
      },
      { sink: 'loki', reason: 'json', origin: { ...origin, offset: '3' }, valueBytes: huge.length },
      { sink: 'loki', reason: 'refused', detail: 'I do not like it.', origin: { ...origin, offset: '4' } },
    ])
    expect(letters[1]).not.toHaveProperty('value')
    expect(Buffer.from(letters[2]?.value ?? '', 'base64').toString()).toBe(good[2]?.value)
    expect(counted).toBeGreaterThanOrEqual(3)
    expect(counted).toBeLessThanOrEqual(written)
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'takes what the Java client sends with compression %s',
    async (compression) => {
      const bus = await newBus(kafka, 1)
      const store = memoryStore()
      const records = logEntries(200, { message: `grüße ${'x'.repeat(500)}` }).map((entry) => {
        return { key: 'run-1', value: JSON.stringify(entry) }
      })
      await produceWithJava(kafka.brokers, bus.topic, compression, records)
      await bridges.start(bus, store)
      await expect.poll(() => committed(bus)).toEqual({ 0: '200 generation-1' })
      expect(firstDeliveredTo(store, bus, 0).map(({ message }) => message)).toEqual(
        records.map(({ value }) => (JSON.parse(value) as { message: string }).message),
      )
    },
  )

  it('holds back the partition that the store is away for, and no other', async () => {
    const bus = await newBus(kafka, 3)
    const store = memoryStore()
    store.away.add(1)
    const bridge = await bridges.start(bus, store)
    await send(kafka, bus.topic, lines(3, 300))
    await expect.poll(() => committed(bus)).toEqual({ 0: '300 generation-1', 2: '300 generation-1' })
    await send(kafka, bus.topic, lines(3, 300, 300))
    await expect.poll(() => committed(bus)).toEqual({ 0: '600 generation-1', 2: '600 generation-1' })
    expect(deliveredTo(store, bus, 1)).toEqual([])
    expect(await bridge.metric('runlight_bridge_delivery_failures_total', { reason: 'unreachable' })).toBe(
      store.failures,
    )
    expect(await bridge.metric('runlight_bridge_in_flight_bytes')).toBeGreaterThanOrEqual(0)
    store.away.clear()
    await expect.poll(() => committed(bus), { timeout: 60_000 }).toMatchObject({ 1: '600 generation-1' })
    for (const partition of [0, 1, 2]) expect(firstOffsetsOf(store, bus, partition)).toEqual(upTo(600))
  })

  it('takes no more into memory than its share while the store is away, and counts what retention takes meanwhile', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    store.away.add(0)
    const big = Array.from({ length: 120 }, (_, index) => {
      const [entry] = logEntries(1, { message: `${index} ${'x'.repeat(500 * 1024)}` })
      return { partition: 0, value: JSON.stringify(entry) }
    })
    for (let from = 0; from < 120; from += 10) await send(kafka, bus.topic, big.slice(from, from + 10))
    const bridge = await bridges.start(bus, store)
    const taken = () => bridge.metric('runlight_bridge_in_flight_bytes')
    await expect.poll(taken, { timeout: 20_000 }).toBeGreaterThan(28 * 1024 * 1024)
    await expect.poll(() => bridge.metric('runlight_bridge_lag_records'), { timeout: 20_000 }).toBe(120)
    expect(await taken()).toBeLessThan(40 * 1024 * 1024)
    await deleteRecordsBefore(bus, 110)
    store.away.clear()
    await expect.poll(() => committed(bus), { timeout: 60_000 }).toEqual({ 0: '120 generation-1' })
    await expect.poll(taken).toBe(0)
    const offsets = firstOffsetsOf(store, bus, 0)
    const held = offsets.length - 10
    expect(offsets).toEqual([...upTo(held), ...upTo(10, 110)])
    expect(await bridge.metric('runlight_bridge_records_overtaken_total')).toBe(110 - held)
  })
})

describe('what is not stored yet', () => {
  it('is told in records, as its age, and as the time until the bus removes it and until it is too old for the store', async () => {
    const [hour, day] = [3_600, 24 * 3_600]
    const config = { 'message.timestamp.type': 'CreateTime', 'retention.ms': String(hour * 1000) }
    const bus = await createBus(kafka, { partitions: 2, config })
    await writeGeneration(bus, 'generation-1')
    const store = memoryStore()
    store.ageLimitMillis = day * 1000
    store.away.add(1)
    // Ten minutes old when it comes.
    const before = Date.now()
    const timestamp = String(before - 600_000)
    await send(
      kafka,
      bus.topic,
      lines(2, 30).map((line) => ({ ...line, timestamp })),
    )
    const bridge = await bridges.start(bus, store)
    const gauges = async (partition: number) => {
      const labels = { topic: bus.topic, partition: String(partition) }
      const value = (name: string) => bridge.metric(`runlight_bridge_${name}`, labels)
      return {
        records: await value('lag_records'),
        seconds: await value('lag_seconds'),
        retention: await value('retention_left_seconds'),
        age: await value('store_age_left_seconds'),
      }
    }
    const none = { records: 0, seconds: 0, retention: hour, age: day }
    await expect.poll(() => gauges(0), { timeout: 60_000 }).toEqual(none)
    await expect.poll(() => gauges(1), { timeout: 60_000 }).toMatchObject({ records: 30 })
    // Set together, so they fit together; the age is that of the first record, and grows.
    const first = await gauges(1)
    expect(first.seconds).toBeGreaterThanOrEqual(600)
    expect(first.seconds).toBeLessThanOrEqual(600 + (Date.now() - before) / 1000)
    expect([first.retention + first.seconds, first.age + first.seconds]).toEqual([
      expect.closeTo(hour, 3),
      expect.closeTo(day, 3),
    ])
    await expect.poll(() => gauges(1), { timeout: 60_000 }).toSatisfy(({ seconds }) => seconds > first.seconds)
    store.away.clear()
    await expect.poll(() => gauges(1), { timeout: 60_000 }).toEqual(none)
  })
})

describe('what is small on the bus and large in memory', () => {
  it('comes into memory piece by piece, and a record that is too large is a dead letter that points at it', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    const filler = { filler: 'x'.repeat(600) }
    const batch = Array.from({ length: 20_000 }, (_, index) => {
      const [entry] = logEntries(1, { message: `${index}`, metadata: filler })
      return { partition: 0, value: JSON.stringify(entry) }
    })
    const huge = [{ partition: 0, value: 'x'.repeat(17 * 1024 * 1024) }]
    for (const messages of [batch, huge, lines(1, 1)]) await send(kafka, bus.topic, messages, CompressionTypes.GZIP)
    const bridge = await bridges.start(bus, store, { records: 5_000 })
    let most = 0
    const watch = async () => {
      most = Math.max(most, await bridge.metric('runlight_bridge_in_flight_bytes'))
      return committed(bus)
    }
    await expect.poll(watch, { timeout: 60_000 }).toEqual({ 0: '20002 generation-1' })
    expect(most).toBeLessThan(12 * 1024 * 1024)
    expect(firstOffsetsOf(store, bus, 0)).toEqual([...upTo(20_000), 20_001])
    expect((await readDeadLetters(bus)).letters).toMatchObject([
      { reason: 'too_large', origin: { topic: bus.topic, partition: 0, offset: '20000' }, valueBytes: 0 },
    ])
  })
})

describe('a record that comes back from the dead letters', () => {
  it('is stored under its original place; refused again it is a dead letter of that place', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    store.refused.add('0:2')
    const replays = { ...bus, topic: replayTopic('loki') }
    const appendedAt = '2026-03-01T12:00:00.123Z'
    const origin = (offset: number) => ({ generation: 'earlier', topic: bus.topic, partition: 7, offset: `${offset}` })
    const sent = lines(1, 3).map(({ value }, offset) => {
      const header = JSON.stringify({ ...origin(offset), appendedAt, replayId: 'again-1' })
      return { key: 'k', value, headers: { [ORIGIN_HEADER]: header } }
    })
    await send(kafka, replays.topic, [...sent, { value: 'no origin' }])
    const bridge = await bridges.start(bus, store)
    await expect.poll(() => committed(replays)).toEqual({ 0: '4 generation-of-replays' })
    expect(firstDeliveredTo(store, bus, 7)).toEqual([
      { offset: 0n, message: '0:0', replay: 'again-1' },
      { offset: 1n, message: '0:1', replay: 'again-1' },
    ])
    const { letters } = await readDeadLetters(bus)
    expect(letters).toMatchObject([
      { reason: 'refused', origin: { ...origin(2), appendedAt }, key: 'aw==' },
      { reason: 'schema', origin: { topic: replays.topic, partition: 0, offset: '3' } },
    ])
    expect(Buffer.from(letters[0]?.value ?? '', 'base64').toString()).toBe(sent[2]?.value)
    const counted = await bridge.metric('runlight_bridge_records_delivered_total', { topic: replays.topic })
    expect(counted).toBeGreaterThanOrEqual(2)
    expect(counted).toBeLessThanOrEqual(deliveredTo(store, bus, 7).length)
  })
})
