import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** Records that fit into a page or not, fill one to the last byte, or leave too little of it for another header. */
const SIZES = [1, 200, PAGE_BYTES, 3, PAGE_BYTES - HEADER_BYTES, 2 * PAGE_BYTES - 2 * HEADER_BYTES - 5, 9, 90_000, 12]

it('cuts a segment that was written in part behind its last whole record', () => {
  const { bytes, ends } = segment(SIZES)
  const borders = Array.from({ length: Math.ceil(bytes.length / PAGE_BYTES) }, (_, page) => page * PAGE_BYTES)
  const near = (place: number) =>
    Array.from({ length: 4 * HEADER_BYTES }, (_, index) => place - 2 * HEADER_BYTES + index)
  const places = [...ends, ...borders, ...ends.map((end) => end - 1_000)].flatMap(near)
  for (const written of new Set(places.filter((place) => place >= 0 && place <= bytes.length))) {
    writeFileSync(join(folder, '00000007'), bytes.subarray(0, written))
    const cut = cutTornRecord(folder)
    const kept = readFileSync(join(folder, '00000007'))
    expect(kept.length + cut).toBe(written)
    const whole = ends.findLast((end) => end <= written) ?? 0
    expect([written, kept.subarray(0, whole).equals(bytes.subarray(0, whole))]).toEqual([written, true])
    // Nothing but padding is left behind it.
    expect([written, kept.subarray(whole).equals(Buffer.alloc(kept.length - whole))]).toEqual([written, true])
  }
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
