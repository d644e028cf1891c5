import { describe, expect, it } from 'vitest'
import { maybeUnrepresentable, unrepresentableField } from './unrepresentable.ts'

const fault = (value: unknown) => {
  const text = JSON.stringify(value)
  return maybeUnrepresentable(text) ? unrepresentableField(JSON.parse(text), { nul: true }) : undefined
}

describe('unrepresentableField', () => {
  it.each([
    [{ message: 'a\0b' }, 'message holds a NUL character (U+0000)'],
    [{ metadata: { list: [1, { x: '\ud83d' }] } }, 'metadata.list.1.x holds half of a surrogate pair'],
    [{ metadata: { 'k\0': 1 } }, 'A key in metadata holds a NUL character (U+0000)'],
    [{ '\udc00': 1 }, 'A key in the record holds half of a surrogate pair'],
  ])('finds %j', (value, expected) => expect(fault(value)).toBe(expected))

  it.each([
    [{ message: 'a whole pair: 🎉' }],
    [{ message: 'the escape as text: \\u0000 and \\ud83d' }],
    [{ message: '' }],
  ])('lets %j pass', (value) => expect(fault(value)).toBeUndefined())

  it('takes a pair that was written as two escapes for what it is', () => {
    const text = '{"message":"\\ud83c\\udf89"}'
    expect(maybeUnrepresentable(text)).toBe(true)
    expect(unrepresentableField(JSON.parse(text), { nul: true })).toBeUndefined()
  })

  it('leaves NUL to stores that can hold it', () => {
    expect(unrepresentableField({ message: 'a\0b' }, { nul: false })).toBeUndefined()
  })
})
