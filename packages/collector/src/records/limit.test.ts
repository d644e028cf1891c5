import { expect, it } from 'vitest'
import { RateLimiter } from './limit.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString()

it('lets a burst pass, then what the rate allows, and counts the rest by level', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 3 })
  const passed = [0, 0, 0, 0, 0].map(() => limiter.admit(at(0), 'info', NOW))
  expect(passed).toEqual([true, true, true, false, false])
  expect(limiter.admit(at(0.5), 'error', NOW + 500)).toBe(false)
  expect(limiter.admit(at(1), 'info', NOW + 1000)).toBe(true)
  expect(limiter.take(NOW + 1000, true)).toEqual({
    count: 3,
    byLevel: { info: 2, error: 1 },
    from: at(0),
    to: at(0.5),
  })
  expect(limiter.take(NOW + 1000, true)).toBeUndefined()
})

it('tells of a flood that does not end every ten seconds', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 })
  limiter.admit(at(0), 'info', NOW)
  limiter.admit(at(0), 'info', NOW)
  expect(limiter.take(NOW + 9_999, false)).toBeUndefined()
  expect(limiter.take(NOW + 10_000, false)).toMatchObject({ count: 1 })
})

it('ships no more than the rate in a flood that does not end, with what it tells of it', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 })
  let shipped = 0
  let told = 0
  let passed = 0
  for (let half = 0; half <= 20 * 60; half++) {
    const [time, now] = [at(half / 2), NOW + half * 500]
    const tell = (leftOut = limiter.take(now, false)) => {
      shipped += leftOut ? 1 : 0
      told += leftOut?.count ?? 0
    }
    if (limiter.admit(time, 'info', now)) {
      tell(limiter.take(now, true))
      shipped++
      passed++
    } else tell()
  }
  // In ten minutes, at sixty a minute.
  expect(shipped).toBeLessThanOrEqual(602)
  expect(shipped).toBeGreaterThan(595)
  expect(passed + told + (limiter.leftOut?.count ?? 0)).toBe(20 * 60 + 1)
})

it('does not take a backlog of quiet hours for a flood', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 2 })
  const hours = Array.from({ length: 1000 }, (_, index) => limiter.admit(at(index - 2000), 'info', NOW))
  expect(hours.every(Boolean)).toBe(true)
})

it('is not stopped for years by one line with a time of the future', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 })
  limiter.admit('2100-01-01T00:00:00Z', 'info', NOW)
  expect(limiter.admit(at(1), 'info', NOW + 1000)).toBe(true)
})

it('goes on with what an earlier process had left out', () => {
  const limiter = new RateLimiter(
    { perSecond: 1, burst: 1 },
    { count: 7, byLevel: { info: 7 }, from: at(0), to: at(1) },
  )
  expect(limiter.take(NOW, true)).toMatchObject({ count: 7 })
})
