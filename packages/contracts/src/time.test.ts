import { describe, expect, it } from 'vitest'
import {
  compareInstants,
  effectiveTime,
  fillBelowPrecision,
  fractionDigits,
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

describe('fractionDigits', () => {
  it.each([
    ['2026-11-21T11:14:23Z', 3],
    ['2026-11-21T11:14:23.1Z', 3],
    ['2026-11-21T11:14:23.120+02:00', 3],
    ['2026-11-21T11:14:23.1234Z', 6],
    ['2026-11-21T11:14:23.123000Z', 6],
    ['2026-11-21T11:14:23.120000000Z', 6],
    ['2026-11-21T11:14:23.1234567Z', 9],
    ['2026-11-21T11:14:23.123456780Z', 9],
  ])('of %s is %i', (text, digits) => {
    expect(fractionDigits(text)).toBe(digits)
  })
})

describe('fillBelowPrecision', () => {
  it('fills what the source left open with the offset', () => {
    expect(fillBelowPrecision({ seconds: 1, nanos: 123_000_000 }, 42n, 3)).toEqual({ seconds: 1, nanos: 123_000_042 })
    expect(fillBelowPrecision({ seconds: 1, nanos: 123_456_000 }, 1_234_567n, 6)).toEqual({
      seconds: 1,
      nanos: 123_456_567,
    })
  })

  it('leaves a time that is given to the nanosecond alone', () => {
    expect(fillBelowPrecision({ seconds: 1, nanos: 123_456_780 }, 5n, 9)).toEqual({ seconds: 1, nanos: 123_456_780 })
  })

  it('never passes the next moment of the source, however many zeros its time ends in', () => {
    const later = (before: number, after: number, digits: 3 | 6) =>
      compareInstants(
        fillBelowPrecision({ seconds: 1, nanos: before }, 9_999_999_999_999n, digits),
        fillBelowPrecision({ seconds: 1, nanos: after }, 10_000_000_000_000n, digits),
      )
    expect(later(0, 1_000_000, 3)).toBeLessThan(0)
    expect(later(120_000_000, 121_000_000, 3)).toBeLessThan(0)
    expect(later(123_450_000, 123_451_000, 6)).toBeLessThan(0)
    expect(later(123_000_000, 123_001_000, 6)).toBeLessThan(0)
  })
})
