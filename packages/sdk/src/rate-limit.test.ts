import { expect, test, vi } from 'vitest'
import { LeftOutCounter, RateLimiter, TokenBucket } from './rate-limit.ts'
import type { LeftOut } from './rate-limit.ts'

test('a bucket gives its burst at once, then so many a second', () => {
  const bucket = new TokenBucket({ linesPerSecond: 100, burst: 10 }, 0)
  const taken = (now: number): number => Array.from({ length: 1000 }).filter(() => bucket.take(false, now)).length
  expect(taken(0)).toBe(10)
  expect(taken(50)).toBe(5)
  expect(taken(55)).toBe(0)
  expect(taken(60)).toBe(1)
  expect(taken(1e9)).toBe(10)
})

test('debug and info lines leave a tenth of the burst to warnings and errors', () => {
  const bucket = new TokenBucket({ linesPerSecond: 1, burst: 100 }, 0)
  const taken = (sheddable: boolean): number =>
    Array.from({ length: 1000 }).filter(() => bucket.take(sheddable, 0)).length
  expect(taken(true)).toBe(90)
  expect(taken(false)).toBe(10)
})

test('each key has a bucket of its own; keys that are done with are forgotten, those in use are not', () => {
  const limiter = new RateLimiter({ linesPerSecond: 1, burst: 1 })
  expect(limiter.allows('busy', false, 0)).toBe(true)
  for (let i = 0; i < 3000; i++) expect(limiter.allows(`run ${i}`, false, 500)).toBe(true)
  expect(limiter.allows('busy', false, 600)).toBe(false)
  expect(limiter.allows('busy', false, 1000)).toBe(true)
})

test('without a limit everything goes', () => {
  expect(new RateLimiter(false).allows('x', true)).toBe(true)
})

test('what was left out is told once in a window, with exact counts', () => {
  vi.useFakeTimers()
  try {
    const told: LeftOut[] = []
    const pending = new Set<LeftOutCounter>()
    const counter = new LeftOutCounter((leftOut) => told.push(leftOut), 1000, pending)
    for (let i = 0; i < 7; i++) counter.add('info')
    counter.add('error')
    vi.advanceTimersByTime(999)
    expect(told).toEqual([])
    expect(pending.size).toBe(1)
    vi.advanceTimersByTime(1)
    expect(told).toEqual([
      { byLevel: { debug: 0, info: 7, warn: 0, error: 1 }, count: 8, countInAll: 8, windowMs: 1000 },
    ])
    vi.advanceTimersByTime(10_000)
    expect(told).toHaveLength(1)
    counter.add('debug')
    counter.tell()
    counter.tell()
    expect(told[1]).toMatchObject({ count: 1, countInAll: 9 })
    expect(pending.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
