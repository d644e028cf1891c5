import { ORIGIN_HEADER, replayTopic } from '@runlight/contracts/topics'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { produceWithJava } from '../../../../regression/fixtures/java-producer.ts'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { logEntries } from './batch.fixture.ts'
import {
  committed,
  createBus,
  memoryStore,
  readDeadLetters,
  send,
  startTestBridge,
  writeGeneration,
} from './bridge.fixture.ts'
import type { MemoryStore, TestBridge, TestBus } from './bridge.fixture.ts'
import type { BatchLimits } from './queue.ts'

let kafka: TestKafka
const bridges: TestBridge[] = []

beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.stop())
afterEach(async () => {
  for (const bridge of bridges.splice(0)) await bridge.stop()
})

async function start(bus: TestBus, store: MemoryStore, limits?: Partial<BatchLimits>): Promise<TestBridge> {
  const bridge = await startTestBridge(bus, store.sink(bus.topic), limits)
  bridges.push(bridge)
  return bridge
}

async function stop(bridge: TestBridge): Promise<void> {
  bridges.splice(bridges.indexOf(bridge), 1)
  await bridge.stop()
}

async function newBus(partitions = 4): Promise<TestBus> {
  const bus = await createBus(kafka, { partitions })
  await writeGeneration(bus, 'generation-1')
  return bus
}

/** Lines `<partition>:<number>`, the same count to each partition. */
function lines(partitions: number, count: number, from = 0) {
  return Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: count }, (_, index) => {
      const [entry] = logEntries(1, { message: `${partition}:${from + index}` })
      return { partition, value: JSON.stringify(entry) }
    }),
  ).flat()
}

async function deleteRecordsBefore({ topic }: TestBus, offset: number): Promise<void> {
  const admin = kafka.client().admin()
  await admin.connect()
  // Loads the metadata that the next call needs.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  await admin.disconnect()
}

const of = (store: MemoryStore, bus: TestBus, partition: number) =>
  store.delivered.get(`${bus.topic}/${partition}`) ?? []
const offsetsOf = (store: MemoryStore, bus: TestBus, partition: number) =>
  of(store, bus, partition).map(({ offset }) => Number(offset))
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

describe('delivery', () => {
  it('brings each partition to the store in order, and commits what is stored beside its generation', async () => {
    const bus = await newBus()
    const store = memoryStore()
    await send(kafka, bus.topic, lines(4, 1_200))
    const bridge = await start(bus, store)
    await expect
      .poll(() => committed(bus))
      .toEqual({
        0: '1200 generation-1',
        1: '1200 generation-1',
        2: '1200 generation-1',
        3: '1200 generation-1',
      })
    for (const partition of [0, 1, 2, 3]) expect(offsetsOf(store, bus, partition)).toEqual(upTo(1_200))
    expect(await bridge.metric('runlight_bridge_records_delivered_total')).toBe(4_800)
    expect(await (await fetch(`http://127.0.0.1:${bridge.port}/readyz`)).json()).toMatchObject({
      status: 'ok',
      state: 'running',
    })
  })

  it('writes what is no record, and what the store refuses, to the dead letters before it commits past them', async () => {
    const bus = await newBus(1)
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
    const bridge = await start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '6 generation-1' })
    expect(of(store, bus, 0).map(({ message }) => message)).toEqual(['0:0', '0:1', '0:3'])
    const letters = await readDeadLetters(bus)
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
    expect(await bridge.metric('runlight_bridge_dead_letters_total')).toBe(3)
    expect(await bridge.metric('runlight_bridge_dead_letters_total', { reason: 'encoding' })).toBe(1)
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'takes what the Java client sends with compression %s',
    async (compression) => {
      const bus = await newBus(1)
      const store = memoryStore()
      const records = logEntries(200, { message: `grüße ${'x'.repeat(500)}` }).map((entry) => {
        return { key: 'run-1', value: JSON.stringify(entry) }
      })
      await produceWithJava(kafka.brokers, bus.topic, compression, records)
      await start(bus, store)
      await expect.poll(() => committed(bus)).toEqual({ 0: '200 generation-1' })
      expect(of(store, bus, 0).map(({ message }) => message)).toEqual(
        records.map(({ value }) => (JSON.parse(value) as { message: string }).message),
      )
    },
  )

  it('holds back the partition that the store is away for, and no other', async () => {
    const bus = await newBus(3)
    const store = memoryStore()
    store.away.add(1)
    const bridge = await start(bus, store)
    await send(kafka, bus.topic, lines(3, 300))
    await expect.poll(() => committed(bus)).toEqual({ 0: '300 generation-1', 2: '300 generation-1' })
    await send(kafka, bus.topic, lines(3, 300, 300))
    await expect.poll(() => committed(bus)).toEqual({ 0: '600 generation-1', 2: '600 generation-1' })
    expect(of(store, bus, 1)).toEqual([])
    expect(await bridge.metric('runlight_bridge_delivery_failures_total', { reason: 'unreachable' })).toBe(
      store.failures,
    )
    expect(await bridge.metric('runlight_bridge_in_flight_bytes')).toBeGreaterThanOrEqual(0)
    store.away.clear()
    await expect.poll(() => committed(bus), { timeout: 60_000 }).toMatchObject({ 1: '600 generation-1' })
    for (const partition of [0, 1, 2]) expect(offsetsOf(store, bus, partition)).toEqual(upTo(600))
  })

  it('takes no more into memory than its share while the store is away, and counts what retention takes meanwhile', async () => {
    const bus = await newBus(1)
    const store = memoryStore()
    store.away.add(0)
    const big = Array.from({ length: 120 }, (_, index) => {
      const [entry] = logEntries(1, { message: `${index} ${'x'.repeat(500 * 1024)}` })
      return { partition: 0, value: JSON.stringify(entry) }
    })
    for (let from = 0; from < 120; from += 10) await send(kafka, bus.topic, big.slice(from, from + 10))
    const bridge = await start(bus, store)
    const taken = () => bridge.metric('runlight_bridge_in_flight_bytes')
    await expect.poll(taken, { timeout: 20_000 }).toBeGreaterThan(28 * 1024 * 1024)
    await expect.poll(() => bridge.metric('runlight_bridge_lag_records'), { timeout: 20_000 }).toBe(120)
    expect(await taken()).toBeLessThan(40 * 1024 * 1024)
    await deleteRecordsBefore(bus, 110)
    store.away.clear()
    await expect.poll(() => committed(bus), { timeout: 60_000 }).toEqual({ 0: '120 generation-1' })
    await expect.poll(taken).toBe(0)
    const offsets = offsetsOf(store, bus, 0)
    const held = offsets.length - 10
    expect(offsets).toEqual([...upTo(held), ...upTo(10, 110)])
    expect(await bridge.metric('runlight_bridge_records_overtaken_total')).toBe(110 - held)
  })
})

describe('a record that comes back from the dead letters', () => {
  it('is stored under its original place; refused again it is a dead letter of that place', async () => {
    const bus = await newBus(1)
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
    const bridge = await start(bus, store)
    await expect.poll(() => committed(replays)).toEqual({ 0: '4 generation-of-replays' })
    expect(of(store, bus, 7)).toEqual([
      { offset: 0n, message: '0:0', replay: 'again-1' },
      { offset: 1n, message: '0:1', replay: 'again-1' },
    ])
    const letters = await readDeadLetters(bus)
    expect(letters).toMatchObject([
      { reason: 'refused', origin: { ...origin(2), appendedAt }, key: 'aw==' },
      { reason: 'schema', origin: { topic: replays.topic, partition: 0, offset: '3' } },
    ])
    expect(Buffer.from(letters[0]?.value ?? '', 'base64').toString()).toBe(sent[2]?.value)
    expect(await bridge.metric('runlight_bridge_records_delivered_total', { topic: replays.topic })).toBe(2)
  })
})

describe('a bridge that starts', () => {
  it('waits for the generation of its topics, and says that it is not ready', async () => {
    const bus = await createBus(kafka, { partitions: 1 })
    const store = memoryStore()
    await send(kafka, bus.topic, lines(1, 5))
    const starting = start(bus, store)
    await writeGeneration(bus, 'late')
    await starting
    await expect.poll(() => committed(bus)).toEqual({ 0: '5 late' })
  })

  it('counts exactly what retention has taken while it was away, and goes on behind it', async () => {
    const bus = await newBus(1)
    const store = memoryStore()
    await send(kafka, bus.topic, lines(1, 10))
    const first = await start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-1' })
    await stop(first)
    await send(kafka, bus.topic, lines(1, 90, 10))
    await deleteRecordsBefore(bus, 47)
    const second = await start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '100 generation-1' })
    expect(await second.metric('runlight_bridge_records_overtaken_total')).toBe(37)
    expect(offsetsOf(store, bus, 0)).toEqual([...upTo(10), ...upTo(53, 47)])
  })

  it('takes a topic that was created anew from its first record on', async () => {
    const bus = await newBus(1)
    const store = memoryStore()
    await send(kafka, bus.topic, lines(1, 10))
    const first = await start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-1' })
    await stop(first)
    // The group's offset of another life of the topic: as a broker may keep it, or a person may bring it back.
    await writeGeneration(bus, 'generation-2')
    await start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-2' })
    expect(offsetsOf(store, bus, 0)).toEqual([...upTo(10), ...upTo(10)])
  })

  it('ends where the log is shorter than what was committed', async () => {
    const bus = await newBus(1)
    const admin = kafka.client().admin()
    await admin.connect()
    await admin.setOffsets({
      groupId: 'runlight-bridge-loki',
      topic: bus.topic,
      partitions: [{ partition: 0, offset: '5' }],
    })
    await admin.disconnect()
    const bridge = await start(bus, memoryStore())
    await expect(bridge.ended).rejects.toMatchObject({ code: 'RL_LOG_END_BELOW_POSITION' })
  })
})

describe('members of the group', () => {
  it('come and go without losing a record, and each partition stays in order', async () => {
    const bus = await newBus(4)
    const store = memoryStore()
    const bridge = await start(bus, store, { records: 50 })
    let sent = 0
    const more = async () => {
      await send(kafka, bus.topic, lines(4, 200, sent))
      sent += 200
    }
    await more()
    const second = await start(bus, store, { records: 50 })
    await more()
    await more()
    await stop(bridge)
    await more()
    await start(bus, store, { records: 50 })
    await more()
    await stop(second)
    await more()
    const all = `${sent} generation-1`
    await expect.poll(() => committed(bus), { timeout: 60_000 }).toEqual({ 0: all, 1: all, 2: all, 3: all })
    for (const partition of [0, 1, 2, 3]) {
      const offsets = offsetsOf(store, bus, partition)
      expect([...new Set(offsets)].sort((a, b) => a - b)).toEqual(upTo(sent))
      // A repeat begins at what was committed; between two repeats the order is that of the bus.
      const steps = offsets.slice(1).map((offset, index) => offset - (offsets[index] as number))
      expect(steps.filter((step) => step > 1)).toEqual([])
    }
  })

  it('end what is under way when they stop, commit it, and leave the rest to the next one', async () => {
    const bus = await newBus(1)
    const store = memoryStore()
    store.away.add(0)
    const bridge = await start(bus, store, { records: 100 })
    await send(kafka, bus.topic, lines(1, 1_000))
    await expect.poll(() => store.failures).toBeGreaterThan(0)
    const stopping = stop(bridge)
    store.away.clear()
    await stopping
    const delivered = of(store, bus, 0).length
    expect(await committed(bus)).toEqual({ 0: `${delivered} generation-1` })
    expect(delivered).toBeLessThan(1_000)
    await start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '1000 generation-1' })
    expect(offsetsOf(store, bus, 0)).toEqual(upTo(1_000))
  })
})

describe('a broker that goes away', () => {
  it('is waited for; then everything goes on', async () => {
    const bus = await newBus(2)
    const store = memoryStore()
    const bridge = await start(bus, store)
    await send(kafka, bus.topic, lines(2, 100))
    await expect.poll(() => committed(bus)).toEqual({ 0: '100 generation-1', 1: '100 generation-1' })
    await kafka.kill()
    await kafka.start()
    await send(kafka, bus.topic, lines(2, 100, 100))
    await expect
      .poll(() => committed(bus), { timeout: 90_000 })
      .toEqual({ 0: '200 generation-1', 1: '200 generation-1' })
    for (const partition of [0, 1]) expect([...new Set(offsetsOf(store, bus, partition))]).toEqual(upTo(200))
    await expect(Promise.race([bridge.ended, Promise.resolve('goes on')])).resolves.toBe('goes on')
  })
})
