import { consumerGroup } from '@runlight/contracts/topics'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { GROUP_ERRORS, startGroupWire } from '../../../../regression/fixtures/group-wire.ts'
import type { GroupWire } from '../../../../regression/fixtures/group-wire.ts'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { TestBridges, committed, lines, memoryStore, newBus, offsetsOf, send, upTo } from './bridge.fixture.ts'

const { coordinatorLoading, notCoordinator, unknownMember } = GROUP_ERRORS

let kafka: TestKafka
let wire: GroupWire
const bridges = new TestBridges()

beforeAll(async () => {
  const group = consumerGroup('loki')
  kafka = await startKafka({ advertise: async (port) => (wire = await startGroupWire(port, group)).port })
})
afterAll(async () => {
  await kafka.stop()
  await wire.close()
})
afterEach(() => bridges.stopAll())

describe('a broker that has fenced itself under load', () => {
  it.each([
    { what: 'was not the coordinator', error: notCoordinator },
    { what: 'had forgotten the member', error: unknownMember },
  ])('$what and is loading the group: the bridge comes back once it has', async ({ error }) => {
    const bus = await newBus(kafka, 1)
    const store = memoryStore()
    await bridges.start(bus, store)
    await send(kafka, bus.topic, lines(1, 10))
    await expect.poll(() => committed(bus), { timeout: 30_000 }).toEqual({ 0: '10 generation-1' })
    wire.refuse('join', coordinatorLoading)
    wire.refuse('heartbeat', error)
    await expect.poll(() => wire.left, { timeout: 60_000 }).toBe(0)
    await send(kafka, bus.topic, lines(1, 10, 10))
    await expect.poll(() => committed(bus), { timeout: 60_000 }).toEqual({ 0: '20 generation-1' })
    expect([...new Set(offsetsOf(store, bus, 0))]).toEqual(upTo(20))
  })

  it('takes this bridge no more while it answers others: the bridge ends with that reason', async () => {
    const bus = await newBus(kafka, 1)
    const bridge = await bridges.start(bus, memoryStore(), { stallMillis: 6_000 })
    await expect.poll(() => bridge.metric('runlight_bridge_rebalances_total'), { timeout: 30_000 }).toBe(1)
    wire.refuse('join', coordinatorLoading, 1_000)
    wire.refuse('heartbeat', notCoordinator)
    await expect(bridge.ended).rejects.toMatchObject({
      code: 'RL_CONSUMER_STOPPED',
      message: expect.stringContaining('not come back to its consumer group') as string,
    })
  })
})
