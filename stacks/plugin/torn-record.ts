// The end of a write-ahead log in the format of Prometheus, which Loki's is too.
//
// A segment is a row of pages of 32 KiB. A record is one or more fragments, none across the border of a page: a byte that
// tells which (below its compression), two of length, four of checksum, then the data. Zeros fill a page.
// (prometheus/prometheus, tsdb/docs/format/wal.md)

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const PAGE_BYTES = 32 * 1024
const HEADER_BYTES = 7
const TYPE_MASK = 7
const PADDING = 0
/** Fragments that a record ends with: the only one, and the last of several. */
const ENDS = [1, 4]

/**
 * Cuts off the record that the last segment ends in the middle of, as a process leaves it that is killed while it writes.
 * Nobody was told that this record is safe. Checksums are not looked at: a kill, unlike a loss of power, leaves the beginning
 * of what was written. Left there it is no harm once; but the next process writes on in a new
 * segment, and when that one is killed, too, Loki's replay ends at the torn record: all that was acknowledged since is
 * lost (Prometheus cuts its own log by itself).
 * @param folder of the log; it need not be there
 * @returns how many bytes were cut off
 */
export function cutTornRecord(folder: string): number {
  const segment = lastSegment(folder)
  if (segment === undefined) return 0
  const file = openSync(join(folder, segment), 'r+')
  try {
    const { size } = fstatSync(file)
    const end = endOfRecords(file, size)
    if (end === size) return 0
    ftruncateSync(file, end)
    return size - end
  } finally {
    closeSync(file)
  }
}

function lastSegment(folder: string): string | undefined {
  try {
    const segments = readdirSync(folder).filter((name) => /^\d+$/.test(name))
    return segments.sort((a, b) => Number(a) - Number(b)).at(-1)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where the last whole record ends, with the padding behind it. Pages are looked at from the last one back. */
function endOfRecords(file: number, size: number): number {
  const page = Buffer.alloc(PAGE_BYTES)
  for (let start = Math.floor(Math.max(0, size - 1) / PAGE_BYTES) * PAGE_BYTES; start >= 0; start -= PAGE_BYTES) {
    const length = readSync(file, page, 0, PAGE_BYTES, start)
    const end = endInPage(page.subarray(0, length))
    if (end !== undefined) return start + end
  }
  return 0
}

/** Where the last record ends that ends in the page; undefined where none does. */
function endInPage(page: Buffer): number | undefined {
  let end: number | undefined
  for (let at = 0; at < page.length;) {
    const type = (page[at] as number) & TYPE_MASK
    if (type === PADDING) return end === at ? page.length : end
    if (at + HEADER_BYTES > page.length) return end
    at += HEADER_BYTES + page.readUInt16BE(at + 1)
    if (at > page.length) return end
    if (ENDS.includes(type)) end = at
  }
  return end
}
