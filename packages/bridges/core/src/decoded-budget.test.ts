import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { describe, expect, it } from 'vitest'
import { collectGarbage } from '../../../../regression/fixtures/collect-garbage.ts'
import { logEntries } from './batch.fixture.ts'
import { Committer } from './commits.ts'
import { DeadLetterWriter } from './dead-letters.ts'
import { DecodedBudget } from './decoded-budget.ts'
import { createKafka } from './kafka-client.ts'
import { Lane } from './lane.ts'
import { MemoryBudget, recordBytes } from './memory.ts'
import { createBridgeMetrics } from './metrics.ts'
import { wholePart } from './part.ts'
import type { BusRecord, Delivery, Sink } from './sink.ts'

const KIB = 1024
const LIMIT = 256 * KIB

interface Held {
  partition: number
  bytes: number
  underWay: boolean
  /** What the sink has made, and all that it keeps. */
  delivery?: WeakRef<object>
}

/** A store that answers when it is told to, and tells what the bridge holds decoded for it. */
function heldStore() {
  const held = new Set<Held>()
  let most = 0
  const answers: (() => void)[] = []
  const sum = () => [...held].reduce((bytes, own) => bytes + own.bytes, 0)
  const sink: Sink = {
    ...{ name: 'loki', topics: [{ topic: 't', kind: 'logs' }] },
    prepare: ({ partition, records }) => {
      const bytes = records.reduce((total, record) => total + recordBytes(record), 0)
      const own: Held = { partition, bytes, underWay: false }
      held.add(own)
      most = Math.max(most, sum())
      const delivery: Delivery = async () => {
        own.underWay = true
        // An abort ends nothing that is under way, as with a transaction.
        await new Promise<void>((resolve) => answers.push(resolve))
        held.delete(own)
        return { delivered: records.length, repeated: 0 }
      }
      own.delivery = new WeakRef(delivery)
      return delivery
    },
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return {
    held,
    sink,
    answers,
    most: () => most,
    answerAll: async () => {
      for (const answer of answers.splice(0)) answer()
      await turn()
    },
    /** Counts no more what was ahead when its partition was taken away. Gives what is held of it after all. */
    dropAhead: async (): Promise<Held[]> => {
      const ahead = [...held].filter(({ underWay }) => !underWay)
      for (const own of ahead) held.delete(own)
      await collectGarbage()
      return ahead.filter(({ delivery }) => delivery?.deref())
    },
  }
}

/** Lanes of one process; `assign` is what a rebalance does. */
function bridge(sink: Sink) {
  const log = createLog({ component: 'test', instance: '0', level: 'error' })
  const decoded = new DecodedBudget(LIMIT)
  const common = {
    ...{ sink, log, decoded, generation: 'g', topic: 't', start: 0n, ordered: true },
    // Nothing is refused here.
    deadLetters: new DeadLetterWriter(createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', log }), 'dlq', 'loki'),
    memory: new MemoryBudget(64 * LIMIT, () => undefined),
    metrics: createBridgeMetrics(createMetrics(), sink),
    committer: new Committer(
      () => Promise.resolve(),
      () => undefined,
    ),
    limits: {
      ...{ lingerMillis: 0, records: 1_000, bytes: LIMIT },
      ...{ spanMillis: 60_000, uncommittedSpanMillis: Number.POSITIVE_INFINITY },
    },
    pause: () => undefined,
    resume: () => undefined,
    assertOwned: () => Promise.resolve(),
    acknowledged: () => undefined,
    fail: (cause: unknown) => {
      throw cause
    },
  }
  let lanes: Lane[] = []
  return {
    lanes: () => lanes,
    assign: (partitions: readonly number[]) => {
      const before = lanes
      for (const lane of before) lane.abandon()
      decoded.share(partitions.length)
      lanes = partitions.map((partition) => {
        const place = { topic: 't', partition, generation: 'g' }
        const previous = before.filter(({ settings }) => settings.partition === partition).map(({ ended }) => ended)
        return new Lane(
          { ...common, partition, partsOf: (records) => [wholePart('logs', place, records)] },
          Promise.all(previous),
        )
      })
    },
  }
}

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

function records(count: number, bytes = KIB): BusRecord[] {
  const value = Buffer.from(JSON.stringify(logEntries(1, { message: 'x'.repeat(bytes) })[0]))
  return Array.from({ length: count }, (_, index) => ({ offset: BigInt(index), appendedAt: 0, key: null, value }))
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('what is decoded', () => {
  it('never exceeds its bound, with a store that does not answer and through rebalances, and goes on after them', async () => {
    const { sink, most, answers, answerAll, dropAhead } = heldStore()
    const { lanes, assign } = bridge(sink)
    // Others than before, some of them, all: what was under way goes on for as long as the store likes.
    for (const partitions of [upTo(4), upTo(4, 4), upTo(2), upTo(8)]) {
      assign(partitions)
      expect(await dropAhead()).toEqual([])
      for (const lane of lanes()) lane.accept(records(400), 400n)
      await turn()
      expect(most()).toBeGreaterThan(LIMIT / 2)
      expect(most()).toBeLessThanOrEqual(LIMIT)
    }
    const undone = () => lanes().filter(({ nextOffset }) => nextOffset < 400n).length
    await expect.poll(async () => (await answerAll(), undone()), { timeout: 10_000, interval: 1 }).toBe(0)
    expect(most()).toBeLessThanOrEqual(LIMIT)
    expect(answers).toEqual([])
    assign([])
  })

  it('lets each partition have one batch under way and one ahead', async () => {
    const { sink, held, answers } = heldStore()
    const { lanes, assign } = bridge(sink)
    assign(upTo(4))
    for (const lane of lanes()) lane.accept(records(400), 400n)
    await turn()
    expect([answers.length, held.size]).toEqual([4, 8])
    for (const answer of answers) answer()
    assign([])
  })

  it('takes records above a portion one at a time, and never lets one partition wait for another one’s store', async () => {
    const { sink, most, answers } = heldStore()
    const { lanes, assign } = bridge(sink)
    assign(upTo(4))
    const [first, second, ...others] = lanes() as [Lane, Lane, ...Lane[]]
    const large = 2 * LIMIT
    first.accept(records(1, large), 1n)
    second.accept(records(1, large), 1n)
    await turn()
    expect(answers).toHaveLength(1)
    for (const lane of others) lane.accept(records(400), 400n)
    await turn()
    expect(answers).toHaveLength(1 + others.length)
    expect(most()).toBeLessThanOrEqual(LIMIT + large + KIB)
    answers[0]?.()
    await expect.poll(() => first.nextOffset).toBe(1n)
    await expect.poll(() => answers.length).toBe(2 + others.length)
    for (const answer of answers) answer()
    assign([])
  })
})
