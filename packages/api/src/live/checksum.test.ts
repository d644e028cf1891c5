import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumOf, crcOfBoth } from './checksum.ts'

test('the sum of bytes behind others is that of all of them', () => {
  const bytes = fc.uint8Array({ maxLength: 3_000 })
  fc.assert(
    fc.property(bytes, bytes, (first, second) => {
      expect(crcOfBoth(crc32(first), checksumOf(second))).toBe(crc32(Buffer.concat([first, second])))
    }),
  )
})

test('also of very many', () => {
  const [first, second] = [Buffer.alloc(7_000_001, 'first'), Buffer.alloc(20_000_003, 'second')]
  expect(crcOfBoth(crc32(first), checksumOf(second))).toBe(crc32(second, crc32(first)))
})
