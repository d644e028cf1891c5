import { createLog } from '@runlight/service/log'
import { expect, test } from 'vitest'
import { createObserver } from './observer.ts'
import { DEFAULT_PACE } from './pace.ts'
import { createTracker } from './tracker.ts'

const PACE = { ...DEFAULT_PACE, resume: 3_600_000 }
const log = createLog({ component: 'observer', instance: 'test', level: 'error' })

/** The queries of the first sweep; nothing is listed. */
async function firstSweep(lookedThrough: number | undefined): Promise<{ queries: string[]; at: number }> {
  const stopping = new AbortController()
  const queries: string[] = []
  const observer = createObserver({
    temporal: {
      list: (query) => {
        queries.push(query)
        return Promise.resolve([])
      },
    },
    numbers: { expect: () => undefined },
    follower: { begin: unused, advance: unused, finish: unused, abandon: unused },
    tracker: createTracker(PACE),
    pace: PACE,
    log,
    signal: stopping.signal,
    onScan: () => stopping.abort(),
  })
  const at = Date.now()
  await observer.observe(lookedThrough)
  return { queries, at }
}

const unused = (): Promise<never> => Promise.reject(new Error('No run is followed here'))

const sinceOf = (query: string | undefined): number => Date.parse(/CloseTime >= '(.+)'/.exec(query ?? '')?.[1] ?? '')

test('without a checkpoint, closed runs are looked for as far back as the setting says', async () => {
  const { queries, at } = await firstSweep(undefined)
  expect(queries[0]).toBe('CloseTime IS NULL')
  expect(sinceOf(queries[1])).toBeGreaterThanOrEqual(at - PACE.resume)
})

test('with a checkpoint, from there on, however long ago that was, with an overlap', async () => {
  const { queries } = await firstSweep(Date.parse('2026-01-01T00:00:00Z'))
  expect(sinceOf(queries[1])).toBe(Date.parse('2026-01-01T00:00:00Z') - PACE.sweepOverlap)
})

test('a checkpoint from the future (the clock was set back) counts as now', async () => {
  const { queries, at } = await firstSweep(Date.parse('2100-01-01T00:00:00Z'))
  expect(sinceOf(queries[1])).toBeLessThanOrEqual(at)
})
