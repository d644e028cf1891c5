import { expect, test } from 'vitest'
import { DEFAULT_PACE } from './pace.ts'
import { createTracker } from './tracker.ts'

const QUIET = { moved: false, deadline: undefined }
const MOVED = { moved: true, deadline: undefined }
const PACE = { ...DEFAULT_PACE, resume: 3_600_000 }

/** A tracker with a clock that the test moves, and one run that was found open. */
function trackOne() {
  const clock = { now: 1_000_000 }
  const tracker = createTracker(PACE, () => clock.now)
  const seen = (open: boolean) => ({ runId: 'r', temporalRunId: 't', open, startTime: null, closeTime: null })
  tracker.found([seen(true)])
  const [entry] = tracker.due()
  if (!entry) throw new Error('A run that was found is due at once')
  return { clock, tracker, entry, seen }
}

test('a run that is still is looked at less and less often, one that moves soon again', () => {
  const { clock, tracker, entry } = trackOne()
  const waits: number[] = []
  for (let look = 0; look < 20; look++) {
    tracker.checked(entry, QUIET)
    waits.push(entry.dueAt - clock.now)
    clock.now = entry.dueAt
  }
  expect(waits).toEqual([...waits].sort((a, b) => a - b))
  expect(waits.at(-1)).toBe(PACE.latestUndeclared)
  tracker.checked(entry, MOVED)
  expect(entry.dueAt).toBe(clock.now + PACE.soonest)
})

test("a worker's word brings the next look forward, but not below the least distance", () => {
  const { clock, tracker, entry } = trackOne()
  for (let look = 0; look < 9; look++) tracker.checked(entry, QUIET)
  tracker.moved('r')
  expect(entry.dueAt).toBe(clock.now + 2 * PACE.hint)
  clock.now += 10 * PACE.hint
  tracker.moved('r')
  expect(tracker.due()).toEqual([entry])
  tracker.moved('unknown')
})

test('a word that comes during a look is not lost', () => {
  const { clock, tracker, entry } = trackOne()
  for (let look = 0; look < 9; look++) tracker.checked(entry, QUIET)
  entry.busy = true
  tracker.moved('r')
  entry.busy = false
  tracker.checked(entry, QUIET)
  expect(entry.dueAt).toBe(clock.now + 2 * PACE.hint)
})

test('a run that closes during a look is looked at again at once', () => {
  const { clock, tracker, entry, seen } = trackOne()
  entry.busy = true
  tracker.found([seen(false)])
  entry.busy = false
  tracker.checked(entry, QUIET)
  expect(tracker.due()).toEqual([entry])
  expect(tracker.toldThrough(clock.now + 5)).toBe(clock.now)
  tracker.settle(entry)
  expect(tracker.toldThrough(clock.now + 5)).toBe(clock.now + 5)
})

test('a deadline of the server brings the look forward, unless it has passed', () => {
  const { clock, tracker, entry } = trackOne()
  for (let look = 0; look < 9; look++) tracker.checked(entry, QUIET)
  tracker.checked(entry, { moved: false, deadline: clock.now + 5000 })
  expect(entry.dueAt).toBe(clock.now + 5000 + PACE.grace)
  tracker.checked(entry, { moved: false, deadline: clock.now - 5000 })
  expect(entry.dueAt).toBe(clock.now + PACE.latestUndeclared)
})

test('what has been told to its end is not taken up again', () => {
  const { tracker, entry, seen } = trackOne()
  tracker.settle(entry)
  expect(tracker.found([seen(false)])).toEqual([])
  expect(tracker.entry(entry)).toBeUndefined()
  expect(tracker.openRuns()).toBe(0)
})

test('a run that a complete list lacks is asked itself', () => {
  const { tracker, entry, seen } = trackOne()
  tracker.checked(entry, MOVED)
  tracker.listed([seen(true)])
  expect(tracker.due()).toEqual([])
  tracker.listed([])
  expect(tracker.due()).toEqual([entry])
})
