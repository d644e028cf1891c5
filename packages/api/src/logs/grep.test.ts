import { expect, test } from 'vitest'
import type { ParameterError } from '../http/problem.ts'
import { compileGrep } from './grep.ts'

test.each([
  ['error', 'an error', true],
  ['(?i)ERROR', 'an error', true],
  ['^\\d+$', '12 ', false],
  ['💡|ä', 'ü 💡', true],
])('%s in %j: %s', (expression, message, found) => {
  expect(compileGrep(expression)?.(message)).toBe(found)
})

test('nothing given is no filter', () => expect(compileGrep(undefined)).toBeUndefined())

test.each(['(', 'a{2000}', '(?=x)', '\\1', '(?i)(a|b|ab){300}c', '((a{1,30}){1,30}){1,30}', '[z-a]'])(
  '%s is refused by the name of the parameter',
  (expression) => {
    expect(() => compileGrep(expression)).toThrow(expect.objectContaining({ parameter: 'grep' }) as ParameterError)
  },
)

test('an expression that explodes elsewhere is answered', () => {
  const message = 'a'.repeat(1_000_000)
  for (const expression of ['(a*)*b', '^(a|aa)+$', '(x+x+)+y', '(.*a){10}$']) compileGrep(expression)?.(message)
})
