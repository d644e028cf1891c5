import { expect, test } from 'vitest'
import { isLargerThan } from './json-size.ts'

test.each([
  ['a long text', 'x'.repeat(101)],
  ['a long list', Array.from({ length: 60 }, () => 1)],
  ['many keys', Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key ${index}`, 1]))],
  ['bytes', new Uint8Array(60)],
  ['something deep', { a: [{ b: ['x'.repeat(100)] }] }],
])('%s is larger than 100 characters', (_, value) => {
  expect(isLargerThan(value, 100)).toBe(true)
  expect(JSON.stringify(value).length).toBeGreaterThan(100)
})

test.each([
  ['a short text', 'x'.repeat(98)],
  ['what JSON leaves out', { a: undefined, b: () => 'x'.repeat(200), __proto__: { inherited: 'x'.repeat(200) } }],
  ['a date', new Date(0)],
  ['a list of nothing', Array.from({ length: 15 })],
])('%s is not', (_, value) => {
  expect(isLargerThan(value, 100)).toBe(false)
  expect(JSON.stringify(value).length).toBeLessThanOrEqual(100)
})

test('a cycle is not without end, and what throws is not for certain', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = [cycle]
  expect(isLargerThan(cycle, 100)).toBe(false)
  const hostile = Object.defineProperty({}, 'x', {
    enumerable: true,
    get: () => {
      throw new Error('mine')
    },
  })
  expect(isLargerThan(hostile, 100)).toBe(false)
})

test('no more is looked at than is needed to know', () => {
  let asked = 0
  const endless = new Proxy(
    Array.from({ length: 1_000_000 }, () => 0),
    { get: (target, name) => (asked++, Reflect.get(target, name)) },
  )
  expect(isLargerThan(endless, 100)).toBe(true)
  expect(asked).toBeLessThan(500)
})
