import { expect, test } from 'vitest'
import { parseMultirange } from './accounts.ts'

test.each([
  ['{}', []],
  ['{[1,2)}', [{ from: 1n, to: 1n }]],
  [
    '{[1,5),[7,9223372036854775807)}',
    [
      { from: 1n, to: 4n },
      { from: 7n, to: 9223372036854775806n },
    ],
  ],
])('%s', (text, ranges) => {
  expect(parseMultirange(text)).toEqual(ranges)
})
