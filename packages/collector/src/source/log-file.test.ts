import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { FilePosition, Reading } from './line-source.ts'
import { MAX_LINE_BYTES } from './lines.ts'
import { LogFile } from './log-file.ts'

const READ = 64 * 1024

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlight-log-'))
  path = join(folder, 'x.log')
})

afterEach(async () => {
  for (const log of followed.splice(0)) await log.close()
  rmSync(folder, { recursive: true })
})

const followed: LogFile[] = []

function follow(from?: FilePosition, files?: number): LogFile {
  const log = new LogFile({ path, from, ...(files !== undefined && { rotation: { bytes: 200, files } }) })
  followed.push(log)
  return log
}

const texts = ({ lines }: Reading<FilePosition>): string[] => lines.map(({ bytes }) => bytes.toString())
const read = async (log: LogFile, limit = READ): Promise<string[]> => texts(await log.read(limit))
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index} ${'.'.repeat(30)}`)
const append = (lines: readonly string[]): void => appendFileSync(path, lines.map((line) => `${line}\n`).join(''))

it('waits for a file that is not there yet, and for the end of a line', async () => {
  const log = follow()
  expect(await read(log)).toEqual([])
  writeFileSync(path, 'one\ntw')
  expect(await read(log)).toEqual(['one'])
  expect(await read(log)).toEqual([])
  appendFileSync(path, 'o\n\nthree\n')
  expect(await read(log)).toEqual(['two', '', 'three'])
  expect(await log.behind()).toBe(0)
})

it('goes on at a position after a restart, without loss and without repeat', async () => {
  append(numbered(1, 5))
  const { lines } = await follow().read(READ)
  append(numbered(6, 7))
  const from = lines[2]?.after
  expect(await read(follow(from))).toEqual(numbered(4, 7))
})

it('reads a renamed file to its end, then the one that took its place', async () => {
  const log = follow()
  append(numbered(1, 3))
  expect(await read(log)).toEqual(numbered(1, 3))
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, 'last words\n')
  append(numbered(4, 5))
  const seen: string[] = []
  await vi.waitFor(async () => {
    seen.push(...(await read(log)))
    expect(seen).toEqual(['last words', ...numbered(4, 5)])
  }, 10_000)
})

it('reads what stands in the copy when a file was copied and truncated', async () => {
  const log = follow()
  append(numbered(1, 3))
  expect(await read(log)).toEqual(numbered(1, 3))
  append(numbered(4, 5))
  copyFileSync(path, `${path}.1`)
  truncateSync(path, 0)
  append(numbered(6, 9))
  expect(await read(log)).toEqual(numbered(4, 9))
})

it('notices a file that was truncated and has grown beyond the position since', async () => {
  const log = follow()
  append(numbered(1, 3))
  await read(log)
  await read(log)
  truncateSync(path, 0)
  append(numbered(11, 20))
  const reading = await log.read(READ)
  expect(texts(reading)).toEqual(numbered(11, 20))
  // All of it had been read at the last look.
  expect(reading.lost).toBeUndefined()
})

it.each(['renamed', 'copied'])('finds its place again when files were %s twice while nobody looked', async (how) => {
  const rotate = (): void => {
    if (how === 'renamed') renameSync(path, `${path}.1`)
    else {
      copyFileSync(path, `${path}.1`)
      truncateSync(path, 0)
    }
  }
  append(numbered(1, 3))
  const { lines } = await follow().read(READ)
  append(numbered(4, 4))
  rotate()
  append(numbered(5, 6))
  renameSync(`${path}.1`, `${path}.2`)
  rotate()
  append(numbered(7, 7))
  const log = follow(lines[1]?.after)
  const seen: string[] = []
  await vi.waitFor(async () => {
    seen.push(...(await read(log)))
    expect(seen).toEqual(numbered(3, 7))
  }, 10_000)
  expect(await read(log)).toEqual([])
})

it('rotates by itself under a writer that holds the file, and loses nothing', async () => {
  const writer = openSync(path, 'a')
  const log = follow(undefined, 2)
  const seen: string[] = []
  for (let round = 0; round < 30; round++) {
    for (const line of numbered(round * 10, round * 10 + 9)) writeSync(writer, `${line}\n`)
    // Half of a line stands in the file when it is rotated.
    writeSync(writer, 'begun, ')
    if (round % 3 === 0) seen.push(...(await read(log, 300)))
    await log.maintain()
    writeSync(writer, 'ended\n')
    seen.push(...(await read(log)))
  }
  closeSync(writer)
  seen.push(...(await read(log)))
  const expected = Array.from({ length: 30 }, (_, round) => [...numbered(round * 10, round * 10 + 9), 'begun, ended'])
  expect(seen).toEqual(expected.flat())
  expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2'])
})

it('reads what it has rotated before it had read anything', async () => {
  append(numbered(1, 10))
  const log = follow(undefined, 3)
  await log.maintain()
  append(numbered(11, 20))
  await log.maintain()
  append(numbered(21, 22))
  expect(await read(log)).toEqual(numbered(1, 22))
})

it('knows after a restart what was there before, though nothing was read', async () => {
  writeFileSync(`${path}.1`, 'long past\n')
  const from = await follow().begin()
  append(numbered(1, 10))
  const killed = follow(from, 3)
  await killed.maintain()
  append(numbered(11, 12))
  expect(await read(follow(from))).toEqual(numbered(1, 12))
})

it('tells files apart that begin with the same bytes', async () => {
  const log = follow(undefined, 3)
  const same = Array.from({ length: 50 }, () => 'the same line again and again')
  let count = 0
  for (let round = 0; round < 6; round++) {
    append(same)
    if (round % 2 === 0) count += (await read(log)).length
    await log.maintain()
  }
  count += (await read(log)).length
  expect(count).toBe(300)
})

it('counts what was rotated away before it was read', async () => {
  const log = follow(undefined, 1)
  append(numbered(1, 2))
  await read(log)
  for (let round = 0; round < 3; round++) {
    append(numbered(round * 10 + 11, round * 10 + 20))
    await log.maintain()
  }
  append(['new'])
  const reading = await log.read(READ)
  const lineBytes = numbered(11, 11)[0]?.length ?? 0
  expect(reading.lost).toEqual({ bytes: 20 * (lineBytes + 1) })
  expect(texts(reading)).toEqual([...numbered(31, 40), 'new'])
})

it.each(['before', 'after'])('completes or undoes a rotation that was killed %s the truncation', async (when) => {
  append(numbered(1, 10))
  const { lines } = await follow().read(READ)
  copyFileSync(path, `${path}.rotating`)
  if (when === 'after') truncateSync(path, 0)
  append(numbered(11, 12))
  const log = follow(lines[7]?.after, 2)
  expect(await read(log)).toEqual(numbered(9, 12))
  expect(readdirSync(folder).sort()).toEqual(when === 'after' ? ['x.log', 'x.log.1'] : ['x.log'])
})

it('says so when the file of a position is gone', async () => {
  append(numbered(1, 3))
  const { lines } = await follow().read(READ)
  rmSync(path)
  append(numbered(7, 8))
  const reading = await follow(lines[1]?.after).read(READ)
  expect(reading.lost).toEqual({ bytes: undefined })
  expect(texts(reading)).toEqual(numbered(7, 8))
})

it('begins with the newest file of a log that it does not know', async () => {
  writeFileSync(`${path}.1`, 'old\n')
  append(['new'])
  const log = follow()
  expect(await read(log)).toEqual(['new'])
  expect(await read(log)).toEqual([])
})

it('cuts a very long line with flat memory, and goes on behind it', async () => {
  const long = Buffer.alloc(3_000_000, 'a')
  writeFileSync(path, Buffer.concat([long, Buffer.from('\nnext\n')]))
  const log = follow()
  const lines: Reading<FilePosition>['lines'][number][] = []
  for (let turn = 0; turn < 60; turn++) lines.push(...(await log.read(READ)).lines)
  expect(lines.map(({ bytes, cut }) => [bytes.length, cut])).toEqual([
    [MAX_LINE_BYTES, long.length - MAX_LINE_BYTES],
    [4, 0],
  ])
  expect(lines[0]?.after.offset).toBe(long.length + 1)
  expect(readFileSync(path).length).toBe(long.length + 6)
})
