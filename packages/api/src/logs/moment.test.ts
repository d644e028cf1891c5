import { expect, test } from 'vitest'
import type { ParameterError } from '../http/problem.ts'
import { resolveMoment } from './moment.ts'

const NOW_MS = 1_795_260_000_123

test.each([
  ['2026-11-21T12:00:00.000000001Z', 1_795_262_400_000_000_001n],
  ['2026-11-21T13:00:00+01:00', 1_795_262_400_000_000_000n],
  ['90s', 1_795_259_910_123_000_000n],
  ['15m', 1_795_259_100_123_000_000n],
  ['2h', 1_795_252_800_123_000_000n],
  ['7d', 1_794_655_200_123_000_000n],
  // Further back than 64 bits of nanoseconds reach, which the store would not take.
  ['999999d', -9_223_372_036_000_000_000n],
])('%s', (text, nanos) => {
  expect(resolveMoment('since', text, NOW_MS)).toBe(nanos)
})

test('nothing given is no bound', () => {
  expect(resolveMoment('since', undefined)).toBeUndefined()
})

test.each([
  '',
  '15',
  'm',
  '-15m',
  '1.5h',
  '15w',
  '1234567m',
  'now',
  '2026-11-21',
  '2026-02-30T00:00:00Z',
  '9999-01-01T00:00:00Z',
])('%j is refused by the name of its parameter', (text) => {
  expect(() => resolveMoment('until', text)).toThrow(expect.objectContaining({ parameter: 'until' }) as ParameterError)
})
