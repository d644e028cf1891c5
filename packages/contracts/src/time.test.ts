import { describe, expect, it } from 'vitest'
import {
  compareInstants,
  effectiveTime,
  fillBelowPrecision,
  formatInstant,
  instantFromMillis,
  instantFromNanos,
  instantToNanos,
  parseInstant,
} from './time.ts'
import type { Instant } from './time.ts'

function parsed(text: string): Instant {
  const instant = parseInstant(text)
  if (!instant) throw new Error(`${text} was refused`)
  return instant
}

describe('parseInstant', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['2026-11-21T11:14:23.123456789Z', 1795259663123456789n],
    ['2026-11-21T13:14:23.1+02:00', 1795259663100000000n],
    ['2026-11-21T05:44:23-05:30', 1795259663000000000n],
    ['2024-02-29T00:00:00Z', 1709164800000000000n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
    ['2016-12-31T23:59:60Z', 1483228800000000000n],
    ['2026-11-21t11:14:23z', 1795259663000000000n],
    ['2262-04-11T23:47:15.999999999Z', 9223372035999999999n],
  ])('reads %s to the nanosecond', (text, nanos) => {
    expect(instantToNanos(parsed(text))).toBe(nanos)
  })

  it.each([
    '2026-11-21',
    '2026-11-21T11:14:23',
    '2026-11-21 11:14:23Z',
    '2026-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T11:14:23.1234567890Z',
    '2026-11-21T11:14:23.Z',
    '1677-01-01T00:00:00Z',
    '2262-04-12T00:00:00Z',
    '0050-01-01T00:00:00Z',
    '',
  ])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })
})

describe('formatInstant', () => {
  it.each([
    '2026-11-21T11:14:23Z',
    '2026-11-21T11:14:23.120Z',
    '2026-11-21T11:14:23.000001Z',
    '1969-12-31T23:59:59.999999999Z',
  ])('writes %s as it was read', (text) => {
    expect(formatInstant(parsed(text))).toBe(text)
  })

  it('survives nanoseconds and back, also before the epoch', () => {
    for (const nanos of [0n, -1n, 1795259663123456789n, -1_000_000_000n, -1_500_000_000n]) {
      expect(instantToNanos(instantFromNanos(nanos))).toBe(nanos)
    }
    expect(instantFromMillis(-1)).toEqual({ seconds: -1, nanos: 999_000_000 })
  })
})

describe('effectiveTime', () => {
  const append = parsed('2026-11-21T12:00:00.5Z')
  it.each([
    ['2026-11-21T11:35:00.5Z', false],
    ['2026-11-21T11:35:00.499999999Z', true],
    ['2026-11-21T12:05:00.5Z', false],
    ['2026-11-21T12:05:00.500000001Z', true],
    ['1970-01-01T00:00:00Z', true],
    ['2100-01-01T00:00:00Z', true],
  ])('of a record at %s: skewed %s', (own, skewed) => {
    expect(effectiveTime(parsed(own), append)).toEqual({ instant: skewed ? append : parsed(own), skewed })
  })
})

describe('fillBelowPrecision', () => {
  it('fills what the source left open with the offset', () => {
    expect(fillBelowPrecision({ seconds: 1, nanos: 123_000_000 }, 42n)).toEqual({ seconds: 1, nanos: 123_000_042 })
    expect(fillBelowPrecision({ seconds: 1, nanos: 123_456_000 }, 1_234_567n)).toEqual({
      seconds: 1,
      nanos: 123_456_567,
    })
  })

  it('leaves a time that is given to the nanosecond alone', () => {
    expect(fillBelowPrecision({ seconds: 1, nanos: 123_456_789 }, 5n)).toEqual({ seconds: 1, nanos: 123_456_789 })
  })

  it('never leaves the second, and never passes the next moment of the source', () => {
    const filled = fillBelowPrecision({ seconds: 1, nanos: 0 }, 9_999_999_999_999n)
    expect(filled.seconds).toBe(1)
    expect(filled.nanos).toBeLessThan(1_000_000_000)
    expect(
      compareInstants(fillBelowPrecision({ seconds: 1, nanos: 5_000_000 }, 999_999n), { seconds: 1, nanos: 6_000_000 }),
    ).toBeLessThan(0)
  })
})
