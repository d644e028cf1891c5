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
    const watchdog = new Watchdog(() => undefined)
    pass(3, () => watchdog.sign())
    expect(watchdog.stillFor).toBe(0)
    vi.advanceTimersByTime(2 * MINUTE)
    expect(watchdog.stillFor).toBe(2 * MINUTE)
  })

  it('sees through a consumer that starts again and again and never fetches, while the broker answers others', () => {
    const watchdog = new Watchdog(() => undefined)
    pass(6, () => {
      watchdog.sign()
      watchdog.brokerAnswered(true)
    })
    expect(watchdog.stillFor).toBe(5 * MINUTE)
    watchdog.fetched(true)
    expect(watchdog.stillFor).toBe(0)
  })

  it('sees through a consumer that fetches without being in its group, while the broker answers others', () => {
    const watchdog = new Watchdog(() => undefined)
    pass(6, () => {
      watchdog.fetched(false)
      watchdog.brokerAnswered(true)
    })
    expect(watchdog.stillFor).toBe(5 * MINUTE)
    watchdog.fetched(true)
    expect(watchdog.stillFor).toBe(0)
  })

  it('waits for a broker that answers nobody', () => {
    const watchdog = new Watchdog(() => undefined)
    pass(60, () => {
      watchdog.sign()
      watchdog.brokerAnswered(false)
    })
    expect(watchdog.stillFor).toBe(0)
  })

  it('sees dead letters that are written for ever while the consumer goes on, and none where each has an end', () => {
    let since: number | undefined
    const watchdog = new Watchdog(() => since)
    pass(6, () => {
      watchdog.fetched(true)
      since = Date.now()
    })
    expect(watchdog.stillFor).toBe(0)
    pass(6, () => watchdog.fetched(true))
    expect(watchdog.stillFor).toBe(6 * MINUTE)
    since = undefined
    expect(watchdog.stillFor).toBe(0)
  })
})
