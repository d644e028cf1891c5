import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cutTornRecord } from './torn-record.ts'

const PAGE_BYTES = 32 * 1024
const HEADER_BYTES = 7

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runlight-wal-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** A segment with records of these sizes, as Prometheus writes it, and where each record ends. */
function segment(sizes: readonly number[]): { bytes: Buffer; ends: number[] } {
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size + PAGE_BYTES, 2 * PAGE_BYTES))
  const ends: number[] = []
  let at = 0
  for (const size of sizes) {
    for (let left = size, first = true; first || left > 0; first = false) {
      const room = PAGE_BYTES - (at % PAGE_BYTES)
      // No header, and no byte behind it, would fit: zeros to the end of the page.
      if (room <= HEADER_BYTES) at += room
      const length = Math.min(left, PAGE_BYTES - (at % PAGE_BYTES) - HEADER_BYTES)
      const isLast = length === left
      bytes[at] = (first ? (isLast ? 1 : 2) : isLast ? 4 : 3) | (size % 2 ? 8 : 0)
      bytes.writeUInt16BE(length, at + 1)
      bytes.fill(0xff, at + 3, at + HEADER_BYTES + length)
      at += HEADER_BYTES + length
      left -= length
    }
    ends.push(at)
  }
  return { bytes: bytes.subarray(0, at), ends }
}

const size = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 4 * PAGE_BYTES }))

it('cuts a segment that was written in part behind its last whole record', () => {
  fc.assert(
    fc.property(fc.array(size, { maxLength: 12 }), fc.double({ min: 0, max: 1, noNaN: true }), (sizes, share) => {
      const { bytes, ends } = segment(sizes)
      const written = Math.round(share * bytes.length)
      writeFileSync(join(folder, '00000007'), bytes.subarray(0, written))
      const cut = cutTornRecord(folder)
      const kept = readFileSync(join(folder, '00000007'))
      expect(kept.length + cut).toBe(written)
      const whole = ends.findLast((end) => end <= written) ?? 0
      expect(kept.subarray(0, whole).equals(bytes.subarray(0, whole))).toBe(true)
      // Nothing but padding is left behind it.
      expect(kept.subarray(whole).equals(Buffer.alloc(kept.length - whole))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

it('looks at the last segment only, and at no checkpoint', () => {
  const { bytes } = segment([40_000])
  const torn = bytes.subarray(0, 35_000)
  for (const name of ['00000009', '00000010']) writeFileSync(join(folder, name), torn)
  mkdirSync(join(folder, 'checkpoint.000011'))
  expect(cutTornRecord(folder)).toBe(35_000)
  expect(readFileSync(join(folder, '00000009'))).toHaveLength(35_000)
})

it('has nothing to do where there is no log yet', () => {
  expect(cutTornRecord(join(folder, 'none'))).toBe(0)
  writeFileSync(join(folder, '00000000'), '')
  expect(cutTornRecord(folder)).toBe(0)
})
