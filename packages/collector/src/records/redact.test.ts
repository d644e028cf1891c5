import { expect, it } from 'vitest'
import { createRedactor } from './redact.ts'

it('finds a credential wherever it stands, and in the forms in which it is written', () => {
  let found = 0
  const redact = createRedactor(['s3cret/with+signs"', 's3cret/with+signs"-longer', 'short', ''], () => found++)
  expect(redact(`ALTER ROLE x PASSWORD 's3cret/with+signs"';`)).toBe("ALTER ROLE x PASSWORD '[redacted]';")
  expect(redact(JSON.stringify({ p: 's3cret/with+signs"-longer' }))).toBe('{"p":"[redacted]"}')
  expect(redact(`postgres://u:${encodeURIComponent('s3cret/with+signs"')}@h`)).toBe('postgres://u:[redacted]@h')
  expect(found).toBe(3)
  // Too short to be told from a word.
  expect(redact('a short line')).toBe('a short line')
})
