import { describe, expect, it } from 'vitest'
import { failingOver, logEntries, repeatingContext, takenBatch } from './batch.fixture.ts'
import { deliverBatch, prepareBatch } from './deliver-batch.ts'
import type { PreparedBatch } from './deliver-batch.ts'
import type { TakenBatch } from './part.ts'
import { DeliveryError } from './sink.ts'
import type { BusRecord, PartitionBatch, Sink } from './sink.ts'

interface Store {
  /** Offsets of what is stored. */
  stored: number[]
  /** First offset that is not stored. */
  position: bigint
  checks: number
  sink: Sink
}

/** A store that keeps what it is given; `deliver` may fail. */
function store(deliver: (batch: PartitionBatch) => void = () => undefined): Store {
  const own: Store = {
    ...{ stored: [], position: 0n, checks: 0 },
    sink: {
      ...{ name: 'loki', topics: [] },
      prepare: (batch) => {
        // As a sink does that makes ready what it can: what our own code fails over it fails over here.
        for (const { body } of batch.kind === 'logs' ? batch.records : []) body.level.toString()
        return () => {
          deliver(batch)
          own.stored.push(...batch.records.map(({ offset }) => Number(offset)))
          own.position = batch.nextOffset
          return Promise.resolve({ delivered: batch.records.length, repeated: 0 })
        }
      },
      check: () => {
        own.checks += 1
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    },
  }
  return own
}

async function deliver(sink: Sink, taken: TakenBatch, prepared: PreparedBatch = prepareBatch(sink, taken)) {
  const context = repeatingContext()
  const faults: [offset: number, name: string][] = []
  const faulty = (_: TakenBatch, { offset }: BusRecord, { name }: Error) => faults.push([Number(offset), name])
  const counts = await deliverBatch({ sink, context, faulty }, prepared)
  const refused = context.refused.map(({ record, reason, detail }) => [Number(record.offset), reason, detail])
  return { ...counts, refused, faults, repeats: context.repeats }
}

const lines = (count: number) => takenBatch('logs', logEntries(count))
const bad = (message: string) => message === 'line 3' || message === 'line 4'
const words = 'The bridge itself failed over it: TypeError: level is not what it was'

describe('deliverBatch', () => {
  it('finds records over which our own code fails while a batch is made ready, and refuses them alone', async () => {
    const own = store()
    const result = await deliver(failingOver(own.sink, bad), lines(9))
    expect(result).toMatchObject({ delivered: 7, repeated: 0, repeats: 0 })
    expect(result.refused).toEqual([
      [2, 'unrepresentable', words],
      [3, 'unrepresentable', words],
    ])
    expect(result.faults).toEqual([
      [2, 'TypeError'],
      [3, 'TypeError'],
    ])
    expect(own.stored).toEqual([0, 1, 4, 5, 6, 7, 8])
    expect(own.position).toBe(9n)
  })

  it('finds one over which it fails while the batch is stored', async () => {
    const own = store(({ records }) => {
      if (records.some(({ offset }) => offset === 5n)) throw new RangeError('Invalid string length')
    })
    const result = await deliver(own.sink, lines(7))
    expect(result.refused).toEqual([
      [5, 'unrepresentable', 'The bridge itself failed over it: RangeError: Invalid string length'],
    ])
    expect(own.stored).toEqual([0, 1, 2, 3, 4, 6])
    expect(own.position).toBe(7n)
  })

  it('moves the position past a record that was the last one', async () => {
    const own = store()
    await deliver(failingOver(own.sink, bad), lines(4))
    expect([own.stored, own.position]).toEqual([[0, 1], 4n])
  })

  it('takes nothing for the fault of a record that does not come again once the store has answered', async () => {
    let left = 4
    const own = store(() => {
      // As drivers do over a connection that is lost: a batch of 8, then one of 4, 2 and 1.
      if (left-- > 0) throw new TypeError("Cannot read properties of null (reading 'write')")
    })
    const result = await deliver(own.sink, lines(8))
    expect(result).toMatchObject({ delivered: 8, refused: [], faults: [] })
    expect(own.checks).toBe(1)
    expect(own.stored).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('waits for a store that is away before it blames a record', async () => {
    let away = 3
    const own = store()
    const sink: Sink = {
      ...failingOver(own.sink, bad),
      check: () => (away-- > 0 ? Promise.reject(new TypeError('socket is null')) : Promise.resolve()),
    }
    const result = await deliver(sink, lines(3))
    expect(result).toMatchObject({ delivered: 2, repeats: 3 })
    expect(result.refused).toHaveLength(1)
  })

  it('repeats an outage, and blames nobody', async () => {
    let left = 5
    const own = store(() => {
      if (left-- > 0) throw new DeliveryError('unreachable', 'The store is away.')
    })
    const result = await deliver(own.sink, lines(3))
    expect(result).toMatchObject({ delivered: 3, refused: [], repeats: 5 })
    expect(own.checks).toBe(0)
  })

  it('repeats what fails without any record', async () => {
    let left = 2
    const own = store(() => {
      if (left-- > 0) throw new TypeError('socket is null')
    })
    const result = await deliver(own.sink, { ...lines(0) })
    expect(result).toMatchObject({ refused: [], faults: [] })
  })

  it('writes a record that could not be decoded to the dead letters once, however often the others are halved', async () => {
    const own = store()
    const [first, second, third, fourth] = logEntries(4) as [object, object, object, object]
    const taken = takenBatch('logs', [first, 'no JSON', second, third, fourth])
    const result = await deliver(failingOver(own.sink, bad), taken)
    expect(result.refused.map(([offset, reason]) => [offset, reason])).toEqual([
      [1, 'json'],
      [3, 'unrepresentable'],
      [4, 'unrepresentable'],
    ])
    expect(own.stored).toEqual([0, 2])
  })
})
