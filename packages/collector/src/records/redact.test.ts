import { expect, it } from 'vitest'
import { createRedactor } from './redact.ts'

it('finds a credential wherever it stands, and in the forms in which it is written', () => {
  let found = 0
  const redactor = createRedactor(['s3cret/with+signs"', 's3cret/with+signs"-longer', 'short', ''], () => found++)
  expect(redactor.line(`the role's word is s3cret/with+signs", twice`)).toBe("the role's word is [redacted], twice")
  expect(redactor.line(JSON.stringify({ p: 's3cret/with+signs"-longer' }))).toBe('{"p":"[redacted]"}')
  expect(redactor.line(`see ${encodeURIComponent('s3cret/with+signs"')}@h`)).toBe('see [redacted]@h')
  expect(found).toBe(3)
  // Too short to be told from a word.
  expect(redactor.line('a short line')).toBe('a short line')
})

it('finds what looks like a secret: in a line, over lines, and by the name of a field', () => {
  let found = 0
  const redactor = createRedactor([], () => found++)
  expect(redactor.line('connecting to postgres://runlight:hunter2hunter2@127.0.0.1/db')).not.toContain('hunter2')
  const key = [['-----BEGIN PRIVATE', 'KEY-----'].join(' '), 'MIIEvQIBADANBgkqhkiG9w0B']
  expect(key.map(redactor.line).join()).not.toContain('MIIE')
  expect(redactor.metadata({ dbPassword: 'x', tokens: 3 })).toEqual({ dbPassword: '[redacted]', tokens: 3 })
  expect(found).toBe(4)
})
