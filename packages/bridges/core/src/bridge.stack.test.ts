import { consumerGroup } from '@runlight/contracts/topics'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import {
  TestBridges,
  committed,
  createBus,
  deleteRecordsBefore,
  deliveredTo,
  lines,
  memoryStore,
  newBus,
  offsetsOf,
  send,
  upTo,
  writeGeneration,
} from './bridge.fixture.ts'

let kafka: TestKafka
const bridges = new TestBridges()

beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.stop())
afterEach(() => bridges.stopAll())

describe('a bridge that starts', () => {
  it('waits for the generation of its topics, and says that it is not ready', async () => {
    const bus = await createBus(kafka, { partitions: 1 })
    const store = memoryStore()
    await send(kafka, bus.topic, lines(1, 5))
    const starting = bridges.start(bus, store)
    await writeGeneration(bus, 'late')
    await starting
    await expect.poll(() => committed(bus)).toEqual({ 0: '5 late' })
  })

  it('counts exactly what retention has taken while it was away, and goes on behind it', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    await send(kafka, bus.topic, lines(1, 10))
    const first = await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-1' })
    await bridges.stop(first)
    await send(kafka, bus.topic, lines(1, 90, 10))
    await deleteRecordsBefore(bus, 47)
    const second = await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '100 generation-1' })
    expect(await second.metric('runlight_bridge_records_overtaken_total')).toBe(37)
    expect(offsetsOf(store, bus, 0)).toEqual([...upTo(10), ...upTo(53, 47)])
  })

  it('takes a topic that was created anew from its first record on', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    await send(kafka, bus.topic, lines(1, 10))
    const first = await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-1' })
    await bridges.stop(first)
    // The group's offset of another life of the topic: as a broker may keep it, or a person may bring it back.
    await writeGeneration(bus, 'generation-2')
    await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-2' })
    expect(offsetsOf(store, bus, 0)).toEqual([...upTo(10), ...upTo(10)])
  })

  it('tells its group at once where the store is, when the group has no offset or one that is behind', async () => {
    const bus = await newBus(kafka, 3)
    const store = memoryStore()
    store.positions = new Map([
      [0, 10n],
      [1, 10n],
    ])
    await send(kafka, bus.topic, lines(2, 10))
    const admin = kafka.client().admin()
    await admin.connect()
    await admin.setOffsets({
      groupId: consumerGroup('loki'),
      topic: bus.topic,
      partitions: [{ partition: 1, offset: '4' }],
    })
    await admin.disconnect()
    await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '10 generation-1', 1: '10 generation-1' })
    expect(store.delivered.size).toBe(0)
  })

  it('ends where the log is shorter than what was committed', async () => {
    const bus = await newBus(kafka, 1)
    const admin = kafka.client().admin()
    await admin.connect()
    await admin.setOffsets({
      groupId: 'runlight-bridge-loki',
      topic: bus.topic,
      partitions: [{ partition: 0, offset: '5' }],
    })
    await admin.disconnect()
    const bridge = await bridges.start(bus, memoryStore())
    await expect(bridge.ended).rejects.toMatchObject({ code: 'RL_LOG_END_BELOW_POSITION' })
  })
})

describe('members of the group', () => {
  it('come and go without losing a record, and each partition stays in order', async () => {
    const bus = await newBus(kafka, 4)
    const store = memoryStore()
    const bridge = await bridges.start(bus, store, { records: 50 })
    let sent = 0
    const more = async () => {
      await send(kafka, bus.topic, lines(4, 200, sent))
      sent += 200
    }
    await more()
    const second = await bridges.start(bus, store, { records: 50 })
    await more()
    await more()
    await bridges.stop(bridge)
    await more()
    await bridges.start(bus, store, { records: 50 })
    await more()
    await bridges.stop(second)
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
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    store.away.add(0)
    const bridge = await bridges.start(bus, store, { records: 100 })
    await send(kafka, bus.topic, lines(1, 1_000))
    await expect.poll(() => store.failures).toBeGreaterThan(0)
    const stopping = bridges.stop(bridge)
    store.away.clear()
    await stopping
    const delivered = deliveredTo(store, bus, 0).length
    expect(await committed(bus)).toEqual({ 0: `${delivered} generation-1` })
    expect(delivered).toBeLessThan(1_000)
    await bridges.start(bus, store)
    await expect.poll(() => committed(bus)).toEqual({ 0: '1000 generation-1' })
    expect(offsetsOf(store, bus, 0)).toEqual(upTo(1_000))
  })
})

describe('a broker that goes away', () => {
  it('is waited for; then everything goes on', async () => {
    const bus = await newBus(kafka, 2)
    const store = memoryStore()
    const bridge = await bridges.start(bus, store)
    await send(kafka, bus.topic, lines(2, 100))
    await expect.poll(() => committed(bus)).toEqual({ 0: '100 generation-1', 1: '100 generation-1' })
    const state = async () => {
      const answer = await fetch(`http://127.0.0.1:${bridge.port}/healthz`)
      return ((await answer.json()) as { state: string }).state
    }
    await expect.poll(state, { timeout: 60_000 }).toBe('running')
    await kafka.kill()
    await expect.poll(state, { timeout: 60_000 }).toBe('pausing')
    await kafka.start()
    await send(kafka, bus.topic, lines(2, 100, 100))
    await expect
      .poll(() => committed(bus), { timeout: 90_000 })
      .toEqual({ 0: '200 generation-1', 1: '200 generation-1' })
    for (const partition of [0, 1]) expect([...new Set(offsetsOf(store, bus, partition))]).toEqual(upTo(200))
    await expect.poll(state, { timeout: 60_000 }).toBe('running')
    await expect(Promise.race([bridge.ended, Promise.resolve('goes on')])).resolves.toBe('goes on')
  })
})

describe('a broker that takes requests and answers none', () => {
  it('is noticed: the consumer stands still, and the bridge ends with that reason', async () => {
    const bus = await newBus(kafka, 1)
    const bridge = await bridges.start(bus, memoryStore(), { stallMillis: 3_000 })
    kafka.pause()
    await expect(bridge.ended).rejects.toMatchObject({ code: 'RL_CONSUMER_STOPPED' })
    const answer = await fetch(`http://127.0.0.1:${bridge.port}/healthz`)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ state: 'failed' })
    kafka.resume()
  })
})

describe('a transaction', () => {
  it('is taken when it is committed, left out when it was aborted, and its end is no lag', async () => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    const bridge = await bridges.start(bus, store)
    const producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1, transactionalId: bus.topic })
    await producer.connect()
    for (const [from, end] of [
      [0, 'abort'],
      [2, 'commit'],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic: bus.topic, messages: lines(1, 2, from) })
      await transaction[end]()
    }
    await producer.disconnect()
    await expect.poll(() => committed(bus)).toEqual({ 0: '6 generation-1' })
    expect(deliveredTo(store, bus, 0).map(({ message }) => message)).toEqual(['0:2', '0:3'])
    await expect
      .poll(() => bridge.metric('runlight_bridge_lag_records', { topic: bus.topic }), { timeout: 20_000 })
      .toBe(0)
  })
})
