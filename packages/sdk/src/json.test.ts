import { expect, test } from 'vitest'
import { boundText, boundedJson, toJson, toJsonObject } from './json.ts'

test('plain values are plain JSON', () => {
  expect(toJson({ a: [1, 'ü', null] })).toBe('{"a":[1,"ü",null]}')
  expect(toJson(undefined)).toBe('null')
})

test('what JSON cannot say becomes text', () => {
  const cycle: Record<string, unknown> = { big: 2n ** 64n }
  cycle['self'] = { again: cycle }
  expect(JSON.parse(toJson(cycle))).toEqual({ big: '18446744073709551616', self: { again: '[circular]' } })
})

test('one object in two places is not a cycle', () => {
  const twice = { x: 1 }
  expect(JSON.parse(toJson({ a: twice, b: twice, big: 1n }))).toEqual({ a: { x: 1 }, b: { x: 1 }, big: '1' })
})

test('an error keeps its name, message, stack and cause', () => {
  const parsed = JSON.parse(toJson({ error: new TypeError('no', { cause: new Error('why') }) }))
  expect(parsed.error).toMatchObject({ name: 'TypeError', message: 'no', cause: { message: 'why' } })
  expect(parsed.error.stack).toContain('TypeError: no')
})

test('whatever throws while it is read is named', () => {
  const hostile = {
    toJSON() {
      throw new Error('mine')
    },
  }
  expect(toJson(hostile)).toBe('"[not serialisable: mine]"')
  const getter = Object.defineProperty({}, 'x', { enumerable: true, get: () => hostile.toJSON() })
  expect(toJson(getter)).toBe('"[not serialisable: mine]"')
})

test('metadata is always an object', () => {
  expect(toJsonObject([1])).toBe('{"value":[1]}')
  expect(toJsonObject('x')).toBe('{"value":"x"}')
  expect(JSON.parse(toJsonObject(new Error('no')))).toMatchObject({ error: { message: 'no' } })
  expect(JSON.parse(toJsonObject(new Date(0)))).toEqual({ value: '1970-01-01T00:00:00.000Z' })
})

test('what is too long says so', () => {
  expect(boundedJson(toJson('x'.repeat(50)), 20)).toBe('{"truncated":true,"characters":52}')
  expect(boundText('abc😀def', 4)).toBe('abc… [cut: 5 more characters]')
})
