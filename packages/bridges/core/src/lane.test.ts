import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import { describe, expect, it } from 'vitest'
import { logEntries } from './batch.fixture.ts'
import { Committer } from './commits.ts'
import { DeadLetterWriter } from './dead-letters.ts'
import { DecodedBudget } from './decoded-budget.ts'
import { createKafka } from './kafka-client.ts'
import { Lane } from './lane.ts'
import { MemoryBudget } from './memory.ts'
import { createBridgeMetrics } from './metrics.ts'
import { wholePart } from './part.ts'
import { DeliveryError } from './sink.ts'
import type { BusRecord, DeliveryContext, Sink } from './sink.ts'

const MINUTE = 60_000
const log = createLog({ component: 'test', instance: '0', level: 'error' })

const AWAY = 'A delivery failed and will be repeated: The store is away.'

/** A record for each minute of append time that is named. */
function at(minutes: readonly number[]): BusRecord[] {
  return minutes.map((minute, index) => {
    const value = Buffer.from(JSON.stringify(logEntries(1)[0]))
    return { offset: BigInt(index), appendedAt: Date.parse('2026-03-01T12:00:00Z') + minute * MINUTE, key: null, value }
  })
}

/** A lane of the Loki bridge's limits, whose commits the test answers. */
function lane({ store = () => Promise.resolve() }: { store?: (context: DeliveryContext) => Promise<unknown> } = {}) {
  const warnings: unknown[][] = []
  const metrics = createMetrics()
  const delivered: number[][] = []
  const answers: (() => void)[] = []
  const sink: Sink = {
    ...{ name: 'loki', topics: [{ topic: 't', kind: 'logs' }] },
    prepare: (batch) => async (context) => {
      await store(context)
      delivered.push(batch.records.map(({ offset }) => Number(offset)))
      return { delivered: batch.records.length, repeated: 0 }
    },
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const place = { topic: 't', partition: 0, generation: 'g' }
  const own = new Lane(
    {
      ...{ ...place, sink, start: 0n, ordered: true },
      log: Object.create(log, { warn: { value: (...line: unknown[]) => warnings.push(line) } }) as typeof log,
      partsOf: (records) => [wholePart('logs', place, records)],
      committer: new Committer(
        () => new Promise<void>((resolve) => answers.push(resolve)),
        () => undefined,
      ),
      // Never connects: nothing is refused here.
      deadLetters: new DeadLetterWriter(
        createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', log }),
        'dlq',
        'loki',
      ),
      memory: new MemoryBudget(1024 * 1024, () => undefined),
      decoded: new DecodedBudget(4 * 1024 * 1024),
      metrics: createBridgeMetrics(metrics, sink),
      limits: {
        ...{ lingerMillis: 0, records: 1_000, bytes: 1024 * 1024 },
        ...{ spanMillis: 10 * MINUTE, uncommittedSpanMillis: 20 * MINUTE },
      },
      pause: () => undefined,
      resume: () => undefined,
      assertOwned: () => Promise.resolve(),
      fail: (cause) => {
        throw cause
      },
      acknowledged: () => undefined,
    },
    Promise.resolve(),
  )
  return { own, delivered, answers, warnings, metrics }
}

describe('Lane', () => {
  it('delivers no batch that spans more append time than allowed', async () => {
    const { own, delivered } = lane()
    own.accept(at([0, 4, 10, 11, 12]), 5n)
    await expect
      .poll(() => delivered)
      .toEqual([
        [0, 1, 2],
        [3, 4],
      ])
    own.abandon()
    await own.ended
  })

  it('waits for a commit before what would be repeated together spans more than 20 minutes', async () => {
    const { own, delivered, answers } = lane()
    own.accept(at([0, 11, 19, 30, 41]), 5n)
    await expect.poll(() => delivered).toEqual([[0], [1, 2]])
    expect(answers).toHaveLength(1)
    answers[0]?.()
    // The second commit has what came meanwhile: from minute 11 on it is not committed yet.
    await expect.poll(() => answers.length).toBe(2)
    expect(delivered).toEqual([[0], [1, 2]])
    answers[1]?.()
    await expect.poll(() => delivered).toEqual([[0], [1, 2], [3], [4]])
    own.abandon()
    await own.ended
  })

  it('says once that a store is away, however many requests of a batch fail, and counts each', async () => {
    const request = (context: DeliveryContext) => {
      let left = 2
      return context.retrying(async () => {
        await Promise.resolve()
        if (left-- > 0) throw new DeliveryError('unreachable', 'The store is away.')
      })
    }
    const store = (context: DeliveryContext) => Promise.all(Array.from({ length: 50 }, () => request(context)))
    const { own, delivered, warnings, metrics } = lane({ store })
    own.accept(at([0]), 1n)
    await expect.poll(() => delivered, { timeout: 10_000 }).toEqual([[0]])
    expect(warnings).toMatchObject([[{ topic: 't', partition: 0, attempt: 1, reason: 'unreachable' }, AWAY]])
    const counted = await metrics.registry.getSingleMetric('runlight_bridge_delivery_failures_total')?.get()
    expect(counted?.values).toContainEqual({ value: 100, labels: { sink: 'loki', reason: 'unreachable' } })
    own.abandon()
    await own.ended
  })
})
