import { parseInstant } from '@runlight/contracts/time'
import type { Instant } from '@runlight/contracts/time'
import { describe, expect, it } from 'vitest'
import { copyText, copyTextArray } from './copy.ts'
import { timestampText } from './row-text.ts'

describe('timestampText', () => {
  it.each([
    ['2026-03-01T12:00:00.123456999Z', '2026-03-01T12:00:00.123456Z'],
    ['2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000000Z'],
    ['1970-01-01T00:00:00+02:00', '1969-12-31T22:00:00.000000Z'],
    ['1700-01-01T00:00:00.000001Z', '1700-01-01T00:00:00.000001Z'],
  ])('of %s has no digit that a double has rounded', (text, expected) => {
    expect(timestampText(parseInstant(text) as Instant)).toBe(expected)
  })
})

describe('texts for COPY', () => {
  it('escapes what ends a column or a row', () => {
    expect(copyText('a\tb\nc\\d\re')).toBe('a\\tb\\nc\\\\d\\re')
    expect(copyText('\\N')).toBe('\\\\N')
    expect(copyText('plain')).toBe('plain')
  })

  it('quotes the items of an array', () => {
    expect(copyTextArray(['1/a/1/NODE_STARTED', 'with "quotes" and \\'])).toBe(
      '{"1/a/1/NODE_STARTED","with \\\\"quotes\\\\" and \\\\\\\\"}',
    )
  })
})
