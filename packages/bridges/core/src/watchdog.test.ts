import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Watchdog } from './watchdog.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const MINUTE = 60_000

/** A minute passes at a time. */
function pass(minutes: number, each: () => void): void {
  for (let minute = 0; minute < minutes; minute++) {
    vi.advanceTimersByTime(MINUTE)
    each()
  }
}

describe('Watchdog', () => {
  it('counts from the last sign of life', () => {
    const watchdog = new Watchdog()
    pass(3, () => watchdog.sign())
    expect(watchdog.stillFor).toBe(0)
    vi.advanceTimersByTime(2 * MINUTE)
    expect(watchdog.stillFor).toBe(2 * MINUTE)
  })

  it('sees through a consumer that starts again and again and never fetches, while the broker answers others', () => {
    const watchdog = new Watchdog()
    pass(6, () => {
      watchdog.sign()
      watchdog.brokerAnswered(true)
    })
    expect(watchdog.stillFor).toBe(5 * MINUTE)
    watchdog.fetched()
    expect(watchdog.stillFor).toBe(0)
  })

  it('waits for a broker that answers nobody', () => {
    const watchdog = new Watchdog()
    pass(60, () => {
      watchdog.sign()
      watchdog.brokerAnswered(false)
    })
    expect(watchdog.stillFor).toBe(0)
  })
})
