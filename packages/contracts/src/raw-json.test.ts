import { describe, expect, it } from 'vitest'
import { mayLoseDigits, memberText } from './raw-json.ts'

describe('memberText', () => {
  it.each([
    ['{"a":1,"metadata":{"id":12345678901234567890},"z":0}', '{"id":12345678901234567890}'],
    ['{ "metadata" : [1, {"x":"}],"}] , "z":0}', '[1, {"x":"}],"}]'],
    ['{"metadata":"a \\" } , b"}', '"a \\" } , b"'],
    ['{"metadata":-1.50e10\n}', '-1.50e10'],
    ['{"nested":{"metadata":1},"metadata":2}', '2'],
    ['{"metadata":1,"metadata":2}', '2'],
    ['{"meta\\u0064ata":3}', '3'],
  ])('of %s', (json, expected) => expect(memberText(json, 'metadata')).toBe(expected))

  it('is undefined where there is none', () => {
    expect(memberText('{}', 'metadata')).toBeUndefined()
    expect(memberText('{"a":{"metadata":1}}', 'metadata')).toBeUndefined()
  })
})

describe('mayLoseDigits', () => {
  it.each(['9007199254740993', '0.1234567890123456789', '1e400', '1E-7', '-12345678901234567890'])(
    'sees %s',
    (number) => expect(mayLoseDigits(`{"n":${number}}`)).toBe(true),
  )

  it.each(['1', '0.1', '123456789012345', '1234567890.12345'])('lets %s pass, which a double holds', (number) => {
    expect(mayLoseDigits(`{"n":${number}}`)).toBe(false)
    expect(JSON.stringify(JSON.parse(number))).toBe(number)
  })
})
