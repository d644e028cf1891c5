import { expect, test } from 'vitest'
import { json, jsonArray, jsonWith } from './json.ts'

test('members that are JSON already are passed on as they are', () => {
  const text = jsonWith<{ a: number; b: unknown; c: unknown; d: unknown[] }>(
    { a: 1 },
    { b: '12345678901234567890', c: undefined, d: jsonArray([json({ x: 1 }), '{"y":1.10}']) },
  )
  expect(text).toBe('{"a":1,"b":12345678901234567890,"d":[{"x":1},{"y":1.10}]}')
})

test('an object of nothing else', () => {
  expect(jsonWith<{ b: number }>({}, { b: '1' })).toBe('{"b":1}')
  expect(jsonWith<{ b: number }>({}, {})).toBe('{}')
})
