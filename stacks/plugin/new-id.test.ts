import { expect, it } from 'vitest'
import { newId } from './new-id.ts'

it('is 128 bits in URL-safe base64', () => {
  expect(newId(Buffer.alloc(16, 0xff))).toBe('_____________________w')
  expect(newId()).toMatch(/^\w[\w-]{21}$/)
})

it('is no option to the program that is given it', () => {
  expect(newId(Buffer.from('-BCDEFGHIJKLMNOPQRSTUw', 'base64url'))).toBe('ABCDEFGHIJKLMNOPQRSTUw')
})
