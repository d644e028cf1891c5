import { expect, test } from 'vitest'
import { visible, visibleText } from './visible-text.ts'

test.each([
  ['plain, ü, \t and\nline ends', 'plain, ü, \t and\nline ends'],
  ['a title \u001b]0;gotcha\u0007', 'a title \\x1b]0;gotcha\\x07'],
  ['up \u001b[1A and \u009b2J', 'up \\x1b[1A and \\x9b2J'],
  ['10 %\r20 %\r\n', '10 %\\x0d20 %\n'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['admin \u202etxt.exe\u2066', 'admin \\u202etxt.exe\\u2066'],
  ['👩‍👧 漢字', '👩‍👧 漢字'],
])('what could steer a terminal is written out: %j', (text, shown) => {
  expect(visibleText(text, false)).toBe(shown)
})

test('so is every text of an answer, each in one line', () => {
  const answer = { a: ['\u001b[2J', 7], b: { c: 'one\r\n  two' }, d: undefined }
  expect(visible(answer)).toEqual({ a: ['\\x1b[2J', 7], b: { c: 'one two' } })
})

test('colours stay where they are wanted, and end with the text', () => {
  expect(visibleText('\u001b[1;31mred\u0007', true)).toBe('\u001b[1;31mred\\x07\u001b[0m')
})
