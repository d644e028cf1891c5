// Folders as a Docker engine makes them: one recorded (engine 20.10, max-size 20k), the others written here as its log
// driver writes: a file is closed, renamed, and another one opened.

import { appendFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ContainerFolder } from './container-folder.ts'
import { ContainerLog } from './container-log.ts'
import type { ContainerPosition, Reading } from './line-source.ts'
import { MAX_LINE_BYTES } from './lines.ts'

const RECORDED = fileURLToPath(new URL('../../fixtures/containers', import.meta.url))
const TAG = 'runlight-dev-api'
const READ = 64 * 1024
const PIECE = 16 * 1024
/** A new folder is noticed within a second. */
const WAIT = { timeout: 10_000, interval: 50 }

let root: string
const followed: ContainerLog[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runlight-engine-'))
})

afterEach(async () => {
  vi.useRealTimers()
  for (const log of followed.splice(0)) await log.close()
  rmSync(root, { recursive: true })
})

function follow(from?: ContainerPosition, folder = root): ContainerLog {
  const log = new ContainerLog({ folder: new ContainerFolder(folder), tag: TAG, from })
  followed.push(log)
  return log
}

/** What comes after a container's beginning was written down, from the beginning of all. */
const NOTHING_YET: ContainerPosition = {
  container: '',
  file: { inode: '', head: { bytes: 0, digest: '' }, offset: 0, past: [] },
  skip: 0,
  past: [],
}

const pathOf = (id: string): string => join(root, id, `${id}-json.log`)
let written = 0
function say(id: string, log: string, { stream = 'stdout', tag = TAG } = {}): void {
  mkdirSync(join(root, id), { recursive: true })
  const time = new Date(Date.UTC(2026, 10, 21) + ++written).toISOString()
  appendFileSync(pathOf(id), `${JSON.stringify({ log, stream, attrs: { tag }, time })}\n`)
}
function rotate(id: string, files = 3): void {
  for (let age = files - 1; age > 1; age--)
    if (existsSync(`${pathOf(id)}.${age - 1}`)) renameSync(`${pathOf(id)}.${age - 1}`, `${pathOf(id)}.${age}`)
  renameSync(pathOf(id), `${pathOf(id)}.1`)
}
const remove = (id: string): void => rmSync(join(root, id), { recursive: true })

const texts = ({ lines }: Reading<ContainerPosition>): string[] => lines.map(({ bytes }) => bytes.toString())
const read = async (log: ContainerLog): Promise<string[]> => texts(await log.read(READ))
/** Reads when a container has been quiet for long enough, and the folder may be looked at again. */
async function readLater(log: ContainerLog): Promise<string[]> {
  vi.advanceTimersByTime(2_500)
  return read(log)
}

it('reads what an engine has recorded: pieces, two streams, rotated, without an end', async () => {
  const reading = await follow(NOTHING_YET, RECORDED).read(READ)
  const lines = texts(reading)
  expect(lines.slice(0, 4)).toEqual([
    '{"level":"info","time":"2026-11-21T16:00:00.5Z","msg":"out 1"}',
    'err 1 \u00e9\u001b[31m red\u001b[0m',
    `${'a'.repeat(20_000)} end`,
    'between the pieces',
  ])
  expect(lines.slice(4, -1)).toEqual(Array.from({ length: 59 }, (_, index) => `out ${index + 2} ${'.'.repeat(60)}`))
  expect(lines.at(-1)).toBe('last words without an end')
  expect(reading.lines.at(-1)?.time).toBe('2026-11-21T16:31:44.72028147Z')
})

it('goes on after any of its lines without loss and without repeat', async () => {
  const { lines } = await follow(NOTHING_YET, RECORDED).read(READ)
  const all = lines.map(({ bytes }) => bytes.toString())
  for (const [index, { after }] of lines.entries()) {
    const kept = JSON.parse(JSON.stringify(after)) as ContainerPosition
    expect(await read(follow(kept, RECORDED))).toEqual(all.slice(index + 1))
  }
})

it('begins a log that is new to it with the newest file, and reads all of what is made later', async () => {
  say('a', 'long past\n')
  rotate('a')
  say('a', 'one\n')
  say('other', 'not ours\n', { tag: 'runlight-dev2-api' })
  const log = follow()
  expect(await read(log)).toEqual(['one'])
  remove('a')
  say('b', 'two\n')
  rotate('b')
  say('b', 'three\n')
  const seen: string[] = []
  await vi.waitFor(async () => {
    seen.push(...(await read(log)))
    expect(seen).toEqual(['two', 'three'])
  }, WAIT)
})

it('begins with the newest of several containers, and never reads the older ones', async () => {
  for (const id of ['b', 'a', 'c']) say(id, `of ${id}\n`)
  say('b', 'of b again\n')
  vi.useFakeTimers({ toFake: ['performance'] })
  const log = follow()
  expect(await read(log)).toEqual(['of c'])
  remove('c')
  say('d', 'of d\n')
  expect([...(await readLater(log)), ...(await readLater(log))]).toEqual(['of d'])
})

it('waits for a container that is not there yet, and reads it whole after a restart', async () => {
  const from = await follow().begin()
  say('a', 'first\n')
  rotate('a')
  say('a', 'second\n')
  expect(await read(follow(from))).toEqual(['first', 'second'])
})

it('follows the rotation of the engine without waiting and without loss', async () => {
  say('a', 'line 0\n')
  const log = follow()
  const seen = await read(log)
  for (let round = 1; round <= 12; round++) {
    // Said between the last look and the renaming.
    say('a', `line ${round}\n`)
    rotate('a')
    say('a', `rotated ${round}\n`)
    seen.push(...(await read(log)))
  }
  expect(seen).toEqual([
    'line 0',
    ...Array.from({ length: 12 }, (_, i) => [`line ${i + 1}`, `rotated ${i + 1}`]).flat(),
  ])
})

it.each([
  { rotations: 2, seen: ['line 1', 'line 2', 'next'], lost: [] },
  // All three files that the engine keeps came after one that nobody has read.
  { rotations: 4, seen: ['line 2', 'line 3', 'line 4', 'next'], lost: [{ bytes: undefined }] },
])('tells of whole files that went away unread, after $rotations rotations', async ({ rotations, seen, lost }) => {
  say('a', 'line 0\n')
  const log = follow()
  await read(log)
  for (let round = 1; round <= rotations; round++) {
    rotate('a')
    say('a', `line ${round}\n`)
  }
  const readings = [await log.read(READ)]
  rotate('a')
  say('a', 'next\n')
  readings.push(await log.read(READ))
  expect(readings.flatMap(texts)).toEqual(seen)
  expect(readings.flatMap((reading) => reading.lost ?? [])).toEqual(lost)
})

it('reads the last words of a container that is removed, then the one in its place', async () => {
  say('a', 'one\n')
  const log = follow()
  expect(await read(log)).toEqual(['one'])
  say('a', 'last words\n')
  remove('a')
  say('b', 'reborn\n')
  const readings: Reading<ContainerPosition>[] = []
  await vi.waitFor(async () => {
    readings.push(await log.read(READ))
    expect(readings.flatMap(texts)).toEqual(['last words', 'reborn'])
  }, WAIT)
  expect(readings.filter(({ lost }) => lost)).toEqual([])
})

it('takes nothing for lost of a container that was looked at a moment before its removal, however long it was there', async () => {
  say('a', 'one\n')
  vi.useFakeTimers({ toFake: ['performance'] })
  const log = follow()
  for (let look = 0; look < 10; look++) await readLater(log)
  say('a', 'last words\n')
  remove('a')
  vi.advanceTimersByTime(1_000)
  const reading = await log.read(READ)
  // Something else may be there, so nobody waits before the next look.
  expect([texts(reading), reading.atEnd, reading.lost]).toEqual([['last words'], false, undefined])
  say('b', 'two\n')
  expect(await readLater(log)).toEqual(['two'])
  vi.advanceTimersByTime(10_000)
  remove('b')
  expect((await log.read(READ)).lost).toEqual({ bytes: undefined })
})

it('leaves a container for the next one when it is quiet, with what it has not ended, and repeats nothing after a restart', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const log = follow(NOTHING_YET)
  say('a', 'one\n')
  say('b', 'of b\n')
  expect(await read(log)).toEqual(['one'])
  vi.advanceTimersByTime(1_500)
  say('a', 'two\n')
  expect(await read(log)).toEqual(['two'])
  vi.advanceTimersByTime(1_500)
  say('a', 'x'.repeat(PIECE))
  expect(await read(log)).toEqual([])
  vi.advanceTimersByTime(2_500)
  const { lines } = await log.read(READ)
  expect(lines.map(({ bytes }) => bytes.toString())).toEqual(['x'.repeat(PIECE)])
  const again = follow(lines[0]?.after)
  const rest = [...(await readLater(again)), ...(await readLater(again)), ...(await readLater(again))]
  expect(rest).toEqual(['of b'])
  expect(await readLater(log)).toEqual(['of b'])
})

it('remembers no more containers than it must', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const log = follow(NOTHING_YET)
  let after: ContainerPosition | undefined
  for (let count = 0; count < 60; count++) {
    say(`c${count}`, 'x\n')
    vi.advanceTimersByTime(2_500)
    const { lines } = await log.read(READ)
    after = lines[0]?.after ?? after
    remove(`c${count}`)
    vi.advanceTimersByTime(2_500)
    await log.read(READ)
  }
  expect(after?.past).toHaveLength(50)
})

it('says that lines may be missing when a container was removed while nobody looked', async () => {
  say('a', 'one\n')
  const { lines } = await follow().read(READ)
  say('a', 'unread\n')
  remove('a')
  say('b', 'two\n')
  const log = follow(lines[0]?.after)
  const reading = await log.read(READ)
  expect(reading.lost).toEqual({ bytes: undefined })
  expect(texts(reading)).toEqual(['two'])
  // It says so once.
  expect(await log.read(READ)).toEqual({ lines: [], atEnd: true })
  expect(await follow(reading.lines[0]?.after).read(READ)).toEqual({ lines: [], atEnd: true })
})

it('cuts a very long line, and does not hold others up for ever', async () => {
  for (let piece = 0; piece < 40; piece++) say('a', 'x'.repeat(PIECE))
  say('a', 'y\n')
  say('a', 'z'.repeat(PIECE), { stream: 'stderr' })
  for (let count = 0; count < 300; count++) say('a', `${count} ${'.'.repeat(8_000)}\n`)
  const log = follow()
  const lines: Reading<ContainerPosition>['lines'][number][] = []
  for (let turn = 0; turn < 60; turn++) lines.push(...(await log.read(READ)).lines)
  expect(lines.slice(0, 2).map(({ bytes, cut }) => [bytes.length, cut])).toEqual([
    [MAX_LINE_BYTES, 40 * PIECE + 1 - MAX_LINE_BYTES],
    [PIECE, 0],
  ])
  expect(lines.slice(2).map(({ bytes }) => parseInt(bytes.toString(), 10))).toEqual(
    Array.from({ length: 300 }, (_, index) => index),
  )
})

it('takes a line that the engine did not finish as it stands', async () => {
  say('a', 'one\n')
  appendFileSync(pathOf('a'), '{"log":"torn off by a cr\n')
  say('a', 'two\n')
  expect(await read(follow())).toEqual(['one', '{"log":"torn off by a cr', 'two'])
})

it('counts what waits, in all containers', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  say('a', 'one\n')
  const log = follow()
  await read(log)
  expect(await log.behind()).toBe(0)
  say('a', 'two\n')
  expect(await log.behind()).toBeGreaterThan(50)
  await read(log)
  expect(await log.behind()).toBe(0)
  say('b', 'three\n')
  vi.advanceTimersByTime(1_000)
  const inB = await log.behind()
  expect(inB).toBeGreaterThan(50)
  say('a', 'four\n')
  expect(await log.behind()).toBeGreaterThan(inB + 50)
  expect([...(await readLater(log)), ...(await readLater(log)), ...(await readLater(log))]).toEqual(['four', 'three'])
  // Of a it has read all there is, and goes on with b.
  expect(await log.behind()).toBe(0)
})

it('says why it cannot read', async () => {
  await expect(follow(undefined, join(root, 'gone')).begin()).rejects.toThrow(/ENOENT.*gone/)
})
