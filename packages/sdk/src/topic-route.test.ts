import { expect, test } from 'vitest'
import { Outlet, TopicRoute } from './topic-route.ts'

test('a key takes the partition that murmur2 gives it, as in the Java client', () => {
  const route = new TopicRoute('t')
  route.assign(1000)
  // Utils.toPositive(Utils.murmur2(key)) % 1000, with the vectors of Kafka's UtilsTest.
  const vectors = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536 }
  for (const [key, hash] of Object.entries(vectors)) {
    expect(route.lane(Buffer.from(key)).partition).toBe((hash & 0x7fffffff) % 1000)
  }
})

test('an outlet follows when the partitions become known, and when they change', () => {
  const route = new TopicRoute('t')
  const outlet = new Outlet(route, 'foobar')
  expect(outlet.lane).toBe(route.unassigned)
  expect(route.assign(4)).toEqual([route.unassigned])
  const lane = outlet.lane
  expect(lane.partition).toBe((-790332482 & 0x7fffffff) % 4)
  expect(outlet.lane).toBe(lane)
  expect(route.assign(0)).toContain(lane)
  expect(outlet.lane).toBe(route.unassigned)
})
