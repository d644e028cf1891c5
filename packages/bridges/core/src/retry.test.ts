import { describe, expect, it } from 'vitest'
import { backoff, retryForever } from './retry.ts'

describe('backoff', () => {
  it('is anywhere between nothing and a ceiling that doubles up to half a minute', () => {
    for (const [attempt, ceiling] of [
      [1, 200],
      [2, 400],
      [5, 3_200],
      [60, 30_000],
    ] as const) {
      const waits = Array.from({ length: 500 }, () => backoff(attempt))
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...waits)).toBeLessThanOrEqual(ceiling)
      expect(Math.max(...waits)).toBeGreaterThan(ceiling / 2)
    }
  })

  it('never falls below what the store asks for', () => {
    for (let i = 0; i < 100; i++) expect(backoff(1, 5_000)).toBeGreaterThanOrEqual(5_000)
  })

  it('asks again after five minutes, whatever the store asks for', () => {
    const month = 30 * 24 * 3_600_000
    for (const asked of [month, Number.POSITIVE_INFINITY]) {
      const wait = backoff(1, asked)
      expect(wait).toBeGreaterThanOrEqual(5 * 60_000)
      expect(wait).toBeLessThanOrEqual(5 * 60_000 + 200)
    }
  })
})

describe('retryForever', () => {
  it('repeats until it succeeds, and tells of each failure', async () => {
    const told: [string, number][] = []
    let left = 3
    const result = await retryForever(
      {
        signal: new AbortController().signal,
        onFailure: (cause, attempt) => {
          told.push([(cause as Error).message, attempt])
          return undefined
        },
      },
      () => (left-- > 0 ? Promise.reject(new Error(`${left} left`)) : Promise.resolve('done')),
    )
    expect(result).toBe('done')
    expect(told).toEqual([
      ['2 left', 1],
      ['1 left', 2],
      ['0 left', 3],
    ])
  })

  it('gives up in the middle of a wait when it is told to', async () => {
    const abort = new AbortController()
    const work = retryForever({ signal: abort.signal, onFailure: () => 3_600_000 }, () => {
      setImmediate(() => abort.abort(new Error('taken away')))
      return Promise.reject(new Error('away'))
    })
    await expect(work).rejects.toThrow()
  })
})
