import { expect, test } from 'vitest'
import { compareNames, linearExtension } from './order.ts'

test('a node comes after those that it names, free ones by name', () => {
  const after = new Map([
    ['z', []],
    ['join', ['b', 'a']],
    ['b', ['z']],
    ['a', ['z']],
  ])
  expect(linearExtension(after)).toEqual(['z', 'a', 'b', 'join'])
})

test('the order in which nodes are given does not matter', () => {
  const pairs: [string, string[]][] = [
    ['a', ['c']],
    ['b', []],
    ['c', []],
    ['d', ['a', 'b']],
  ]
  expect(linearExtension(new Map(pairs.toReversed()))).toEqual(linearExtension(new Map(pairs)))
})

test('nodes on a cycle come last, and names that are no nodes are ignored', () => {
  const after = new Map([
    ['y', ['x']],
    ['x', ['y']],
    ['free', ['unknown', 'free']],
  ])
  expect(linearExtension(after)).toEqual(['free', 'x', 'y'])
})

test('numbers in names count by value', () => {
  expect(['s10', 's9', 's', 's09', 's9a', 't1'].sort(compareNames)).toEqual(['s', 's09', 's9', 's9a', 's10', 't1'])
})
