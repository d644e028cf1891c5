import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import { expect, test } from 'vitest'
import { MAX_ATTEMPT, producerId, sequence } from './identity.ts'

test('event id, attempt and type each make another sequence number', () => {
  const seen = new Set<number>()
  const parts = [1, 2, 3, 51_200, 536_870_910]
  for (const eventId of parts) {
    for (const attempt of [1, 2, 1000, MAX_ATTEMPT]) {
      for (const type of TRACE_EVENT_TYPES) seen.add(sequence(eventId, attempt, type))
    }
  }
  expect(seen.size).toBe(parts.length * 4 * TRACE_EVENT_TYPES.length)
  for (const seq of seen) expect(Number.isSafeInteger(seq)).toBe(true)
})

// Recorded: these numbers are in stores; another rule would make every fact known a second time.
test('the rule does not change', () => {
  expect(sequence(1, 1, 'RUN_STARTED')).toBe(16_777_232)
  expect(sequence(9, 2, 'NODE_RETRYING')).toBe((9 * 1_048_576 + 2) * 16 + 4)
  expect(producerId('5c9f')).toBe('temporal/5c9f')
})

test.each([
  [0, 1],
  [1.5, 1],
  [536_870_912, 1],
  [1, 0],
  [1, MAX_ATTEMPT + 1],
])('event id %d with attempt %d has none', (eventId, attempt) => {
  expect(() => sequence(eventId, attempt, 'NODE_FAILED')).toThrow(RangeError)
})
