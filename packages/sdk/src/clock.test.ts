import {
  compareInstants,
  fillBelowPrecision,
  fractionDigits,
  instantToNanos,
  parseInstant,
} from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import { expect, test } from 'vitest'
import { createClock, processClock } from './clock.ts'

function read(text: string): Instant {
  const instant = parseInstant(text)
  if (!instant) throw new Error(`${text} is no time`)
  return instant
}

test('a burst of calls gives strictly increasing times that follow the wall clock', () => {
  const before = Date.now()
  const times = Array.from({ length: 50_000 }, () => read(processClock()))
  const after = Date.now()
  const increasing = times.every((time, i) => i === 0 || compareInstants(times[i - 1] as Instant, time) < 0)
  expect(increasing).toBe(true)
  const millis = (instant: Instant): number => Number(instantToNanos(instant) / 1_000_000n)
  // The clock lets the two drift by 5 ms before it follows.
  expect(millis(times[0] as Instant)).toBeGreaterThanOrEqual(before - 6)
  expect(millis(times.at(-1) as Instant)).toBeLessThanOrEqual(after + 6)
})

test('a store that fills digits below the precision leaves the times alone', () => {
  const clock = createClock({ wall: () => 1_700_000_000_000, monotonic: () => 0 })
  for (let offset = 0n; offset < 2000n; offset++) {
    const text = clock()
    const instant = read(text)
    expect(fillBelowPrecision(instant, offset, fractionDigits(text))).toEqual(instant)
  }
})

test('a wall clock that is set back does not take the times back, one that is set forward does', () => {
  let wall = 1_700_000_000_000
  let monotonic = 0
  const clock = createClock({ wall: () => wall, monotonic: () => monotonic })
  const first = clock()
  wall -= 3_600_000
  const second = clock()
  expect(second > first).toBe(true)
  expect(second.slice(0, 19)).toBe(first.slice(0, 19))
  wall += 7_200_000
  expect(clock()).toBe('2023-11-14T23:13:20.000000001Z')
  monotonic += 1.5
  wall += 1
  expect(clock()).toBe('2023-11-14T23:13:20.001500001Z')
})
