import { expect, test } from 'vitest'
import { fromPino } from './pino-line.ts'

test.each([
  [10, 'debug'],
  [20, 'debug'],
  [25, 'debug'],
  [30, 'info'],
  [35, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'error'],
  ['trace', 'debug'],
  ['WARN', 'warn'],
  ['fatal', 'error'],
  ['house', 'info'],
  [undefined, 'info'],
])('level %s is %s', (level, expected) => {
  expect(fromPino({ level, msg: 'x' }).level).toBe(expected)
})

test('message and time are taken, the rest is metadata', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at x' }
  expect(fromPino({ level: 30, time: 1_700_000_000_123, pid: 1, msg: 'hello', a: { b: 1 }, err })).toEqual({
    level: 'info',
    message: 'hello',
    timestamp: '2023-11-14T22:13:20.123Z',
    metadata: { pid: 1, a: { b: 1 }, err },
  })
})

test('an error without a message of its own is the message', () => {
  expect(fromPino({ level: 50, err: { message: 'no' } }).message).toBe('no')
  expect(fromPino({ level: 50, failure: { message: 'no' } }, { errorKey: 'failure' }).message).toBe('no')
  expect(fromPino({ level: 50, message: 'yes' }, { messageKey: 'message' })).toEqual({ level: 'error', message: 'yes' })
})

test('a time that is none is left out', () => {
  expect(fromPino({ level: 30, time: 1e300, msg: 'x' })).toEqual({ level: 'info', message: 'x' })
})
