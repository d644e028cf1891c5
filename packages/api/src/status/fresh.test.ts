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

test('an answer that is late is waited for as long as each has patience, and serves those who ask then', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const answers: ((text: string) => void)[] = []
  const ask = fresh({ whom: 'It', ttlMs: 1_000, retryAfterMs: 5_000 }, () => new Promise((say) => answers.push(say)))
  const late = { ok: false, reason: 'It gave no answer within 300 ms' }
  const first = ask(300)
  vi.advanceTimersByTime(299)
  const second = ask(300)
  vi.advanceTimersByTime(1)
  expect(await first).toEqual(late)
  vi.advanceTimersByTime(298)
  answers[0]?.('here')
  expect(await second).toEqual({ ok: true, value: 'here' })
  expect(await ask(300)).toEqual({ ok: true, value: 'here' })
  expect(answers).toHaveLength(1)
})
