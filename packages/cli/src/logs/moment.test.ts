import { expect, test } from 'vitest'
import { momentText } from './moment.ts'

test.each([
  ['15m', '15m'],
  ['1h30m', '5400s'],
  ['1d2h', '93600s'],
  ['1767225600', '2026-01-01T00:00:00.000Z'],
  ['2026-01-31T10:00:00.123456789Z', '2026-01-31T10:00:00.123456789Z'],
  ['2026-01-31 10:00:00', new Date(2026, 0, 31, 10).toISOString()],
  ['2026-01-31T10:00', new Date(2026, 0, 31, 10).toISOString()],
  ['2026-01-31', new Date(2026, 0, 31).toISOString()],
  ['2026-13-31', '2026-13-31'],
  ['yesterday', 'yesterday'],
])('%s is %s', (text, moment) => {
  expect(momentText(text)).toBe(moment)
})
