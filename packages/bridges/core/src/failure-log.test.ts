import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FailureLog } from './failure-log.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('FailureLog', () => {
  it('says the first of each reason at once, then one in 10 s with the number of those left out', () => {
    const said: object[] = []
    const failures = new FailureLog({ warn: (details: object) => said.push(details) })
    for (let second = 0; second <= 20; second++) {
      for (const attempt of [1, 2]) failures.warn('unreachable', { attempt }, 'It failed.')
      vi.advanceTimersByTime(1_000)
    }
    failures.warn('rate_limited', { attempt: 1 }, 'It failed.')
    expect(said).toEqual([
      { attempt: 1, reason: 'unreachable' },
      { attempt: 1, reason: 'unreachable', leftOut: 19 },
      { attempt: 1, reason: 'unreachable', leftOut: 19 },
      { attempt: 1, reason: 'rate_limited' },
    ])
  })
})
