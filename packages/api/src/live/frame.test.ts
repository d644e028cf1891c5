import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { deflatePiece, storedPiece } from './frame.ts'

const LAST_BLOCK = deflateRawSync(Buffer.alloc(0))

test.each([0, 1, 200, 65_535, 65_536, 300_000])('pieces of %i bytes, stored or deflated, are one stream', (size) => {
  const bytes = randomBytes(size)
  const text = Buffer.from('the same again and again '.repeat(size / 25 + 1))
  const pieces = [storedPiece(bytes), deflatePiece(text), deflatePiece(bytes), storedPiece(bytes)]
  const whole = inflateRawSync(Buffer.concat([...pieces, LAST_BLOCK]))
  expect(whole.equals(Buffer.concat([bytes, text, bytes, bytes]))).toBe(true)
})

test('a small piece is cut from no piece of 16 KiB, which would live as long as it', () => {
  const text = Buffer.from('{"status":"RUNNING"}'.repeat(50))
  expect(deflatePiece(text).buffer.byteLength).toBeLessThan(16_384)
  expect(deflatePiece(text).length).toBeLessThan(100)
})
