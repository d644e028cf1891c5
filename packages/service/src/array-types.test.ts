import { expect, it } from 'vitest'
import { arrayItems, arrayLiteral } from './array-types.ts'

it.each([
  [[], '{}'],
  [['a', 'b c'], '{"a","b c"}'],
  [['', '{}', ',', 'NULL'], '{"","{}",",","NULL"}'],
  [['"', '\\', '\\"', 'a\nb'], '{"\\"","\\\\","\\\\\\"","a\nb"}'],
])('writes %j as the server reads it, and reads it again', (items, literal) => {
  expect(arrayLiteral(items)).toBe(literal)
  expect(arrayItems(literal)).toEqual(items)
})

it('reads what the server leaves without quotes, and writes numbers and null', () => {
  expect(arrayItems('{1/fetch/1/NODE_STARTED,"a b",ü}')).toEqual(['1/fetch/1/NODE_STARTED', 'a b', 'ü'])
  expect(arrayLiteral([1, null, 2n])).toBe('{"1",NULL,"2"}')
})
