import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fresh } from './fresh.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => vi.useRealTimers())

test('callers share one question, and its answer for a while', async () => {
  let asked = 0
  const ask = fresh({ ttlMs: 1_000, retryAfterMs: 5_000 }, async () => ++asked)
  expect(await Promise.all([ask(), ask()])).toEqual([
    { ok: true, value: 1 },
    { ok: true, value: 1 },
  ])
  vi.advanceTimersByTime(999)
  expect(await ask()).toEqual({ ok: true, value: 1 })
  vi.advanceTimersByTime(1)
  expect(await ask()).toEqual({ ok: true, value: 2 })
})

test('a failure is told to everybody for a while, then asked again', async () => {
  let asked = 0
  const ask = fresh({ ttlMs: 1_000, retryAfterMs: 5_000 }, async () => {
    if (asked++ === 0) throw new Error('away')
    return 'here'
  })
  expect(await ask()).toEqual({ ok: false, reason: 'away' })
  vi.advanceTimersByTime(4_999)
  expect(await ask()).toEqual({ ok: false, reason: 'away' })
  vi.advanceTimersByTime(1)
  expect(await ask()).toEqual({ ok: true, value: 'here' })
})
