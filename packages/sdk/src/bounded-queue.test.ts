import { expect, test } from 'vitest'
import { BoundedQueue } from './bounded-queue.ts'
import { Flush, Lane } from './lane.ts'
import type { QueuedRecord } from './lane.ts'

function setUp(limitBytes: number) {
  const dropped: string[] = []
  const queue = new BoundedQueue(limitBytes, (record, reason) => dropped.push(`${record.value} ${reason}`))
  const add = (lane: Lane, value: string, sheddable = true, bytes = 10): QueuedRecord => {
    const record: QueuedRecord = {
      lane,
      key: Buffer.from('k'),
      value,
      bytes,
      sheddable,
      queuedAt: 0,
      seq: 1,
      producer: undefined,
      state: 'queued',
    }
    queue.add(record)
    return record
  }
  const take = (lane: Lane, maxBytes = Infinity): string[] => {
    const batch = queue.take(lane, maxBytes, Infinity)
    if (batch.length > 0) lane.sending.push(batch)
    return batch.map((record) => record.value)
  }
  return { queue, dropped, add, take }
}

test('a lane gives its records in order, as many as fit', () => {
  const { queue, add, take } = setUp(1000)
  const lane = new Lane('t', 0)
  for (const value of ['a', 'b', 'c', 'd']) add(lane, value)
  expect(take(lane, 25)).toEqual(['a', 'b'])
  expect(take(lane, 1)).toEqual(['c'])
  expect(queue).toMatchObject({ bytes: 40, records: 4 })
  expect(lane.bytes).toBe(10)
})

test('past the bound the oldest debug and info records of all lanes go first, then the oldest others', () => {
  const { queue, dropped, add, take } = setUp(40)
  const [one, two] = [new Lane('t', 0), new Lane('t', 1)]
  add(one, 'warn 1', false)
  add(one, 'info 1')
  add(two, 'error 2', false)
  add(two, 'info 2')
  add(one, 'warn 3', false)
  expect(dropped).toEqual(['info 1 queue_full'])
  add(one, 'warn 4', false)
  add(two, 'warn 5', false)
  expect(dropped).toEqual(['info 1 queue_full', 'info 2 queue_full', 'warn 1 queue_full'])
  expect(take(one)).toEqual(['warn 3', 'warn 4'])
  expect(take(two)).toEqual(['error 2', 'warn 5'])
  expect(queue.bytes).toBe(40)
})

test('a record for which nothing may go is dropped itself', () => {
  const { dropped, add, take } = setUp(20)
  const lane = new Lane('t', 0)
  add(lane, 'warn 1', false)
  add(lane, 'warn 2', false)
  add(lane, 'info')
  expect(dropped).toEqual(['info queue_full'])
  expect(take(lane)).toEqual(['warn 1', 'warn 2'])
})

test('what is being sent is never dropped', () => {
  const { queue, dropped, add, take } = setUp(30)
  const lane = new Lane('t', 0)
  for (const value of ['a', 'b', 'c']) add(lane, value)
  take(lane)
  add(lane, 'd')
  expect(dropped).toEqual(['d queue_full'])
  for (const record of lane.sending.flat()) queue.settle(record)
  lane.sending = []
  add(lane, 'e')
  expect(dropped).toHaveLength(1)
  expect(queue).toMatchObject({ bytes: 10, records: 1 })
})

test('a long outage leaves no traces of what was dropped', () => {
  const { queue, dropped, add, take } = setUp(1000)
  const [stuck, flowing] = [new Lane('t', 0), new Lane('t', 1)]
  add(stuck, 'first', false)
  for (let i = 0; i < 100_000; i++) {
    add(i % 2 === 0 ? stuck : flowing, String(i))
    if (i % 100 !== 99) continue
    take(flowing)
    for (const record of flowing.sending.flat()) queue.settle(record)
    flowing.sending = []
  }
  expect(queue.bytes).toBeLessThanOrEqual(1000)
  expect(dropped.length).toBeGreaterThan(40_000)
  const left = take(stuck)
  expect(left[0]).toBe('first')
  expect(left.slice(1)).toEqual(left.slice(1).toSorted((a, b) => Number(a) - Number(b)))
})

test('a flush is reached when all before it is settled, and not by what comes later', async () => {
  const { queue, add, take } = setUp(1000)
  const lane = new Lane('t', 0)
  add(lane, 'a')
  const flush = new Flush()
  lane.pushFlush(flush)
  add(lane, 'b')
  expect(lane.dueAt(1000, 50)).toBe(0)
  expect(take(lane)).toEqual(['a'])
  lane.reachFlushes()
  expect(flush.pending).toBe(1)
  for (const record of lane.sending.flat()) queue.settle(record)
  lane.sending = []
  lane.reachFlushes()
  await flush.done
  expect(lane.dueAt(1000, 50)).toBe(50)
})

test('a flush is reached when all before it is dropped', () => {
  const { add } = setUp(20)
  const lane = new Lane('t', 0)
  add(lane, 'a')
  const flush = new Flush()
  lane.pushFlush(flush)
  for (const value of ['b', 'c']) add(lane, value)
  lane.reachFlushes()
  expect(flush.pending).toBe(0)
})

test('moving a lane keeps the order, sent records first; a flush then waits for each lane that took something', () => {
  const { queue, dropped, add, take } = setUp(1000)
  const from = new Lane('t')
  const to = [new Lane('t', 0), new Lane('t', 1), new Lane('t', 2)]
  for (const value of ['0 a', '1 a', '0 b']) add(from, value)
  take(from, 20)
  const flush = new Flush()
  from.pushFlush(flush)
  add(from, '2 late')
  queue.move(from, (record) => to[Number(record.value[0])] as Lane)
  expect(from.idle).toBe(true)
  expect(flush.pending).toBe(2)
  expect(to.map((lane) => take(lane))).toEqual([['0 a', '0 b'], ['1 a'], ['2 late']])
  expect(queue).toMatchObject({ bytes: 40, records: 4 })
  for (const lane of to) queue.abandon(lane, 'closed')
  expect(dropped).toHaveLength(4)
  expect(queue).toMatchObject({ bytes: 0, records: 0 })
})
