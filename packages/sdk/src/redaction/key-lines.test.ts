import { expect, test } from 'vitest'
import { KeyLines } from './key-lines.ts'
import { Redactor } from './redactor.ts'

const BEGIN = ['-----BEGIN PRIVATE', 'KEY-----'].join(' ')
const END = ['-----END PRIVATE', 'KEY-----'].join(' ')

function run(lines: readonly (readonly [stream: string, line: string])[]) {
  let count = 0
  const keyLines = new KeyLines(new Redactor())
  const clean = lines.map(([stream, line]) => keyLines.line(stream, line, (_, values) => (count += values)))
  return { clean, count }
}

test('a key that is printed line by line is taken out line by line, on its own stream only', () => {
  const { clean, count } = run([
    ['stdout', 'before'],
    ['stdout', `key: ${BEGIN}`],
    ['stdout', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'],
    ['stderr', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'],
    ['stdout', 'BKcwggSjAgEAAoIBAQ=='],
    ['stdout', END],
    ['stdout', 'after'],
  ])
  expect(clean).toEqual([
    'before',
    `key: ${BEGIN}[redacted]`,
    '[redacted]',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    '[redacted]',
    '[redacted]',
    'after',
  ])
  expect(count).toBe(4)
})

test('a key in one line, and one that never ends, leave the lines after them alone', () => {
  expect(
    run([
      ['stdout', `${BEGIN}\nAAAA\n${END}`],
      ['stdout', 'AAAA'],
    ]).clean[1],
  ).toBe('AAAA')
  expect(
    run([
      ['stdout', BEGIN],
      ['stdout', 'AAAA'],
      ['stdout', 'a line of {text}'],
      ['stdout', 'AAAA'],
    ]).clean,
  ).toEqual([`${BEGIN}[redacted]`, '[redacted]', 'a line of {text}', 'AAAA'])
  const endless = run([['stdout', BEGIN], ...Array.from({ length: 500 }, () => ['stdout', 'word'] as const)]).clean
  expect(endless.at(-1)).toBe('word')
})
