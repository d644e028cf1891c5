import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { livesOf } from './lives.ts'

const ROTATIONS = 300
const FILES = 4

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlight-lives-'))
  path = join(folder, 'log')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** As an engine does it, one file after the other. */
async function rotateOnce(next: number): Promise<void> {
  for (let age = FILES - 1; age > 0; age--) {
    await rename(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`)
  }
  await writeFile(path, String(next))
}

it('misses no file of a log that is rotated meanwhile', async () => {
  for (let file = 1; file < FILES; file++) await writeFile(`${path}.${FILES - file}`, String(file))
  await writeFile(path, String(FILES))
  const inodes = new Map<string, number>()
  for (let last = FILES; last < FILES + ROTATIONS; last++) {
    for (const life of await livesOf(path)) inodes.set(life.inode, Number(await readFile(life.path, 'utf8')))
    const [looked] = await Promise.all([livesOf(path), rotateOnce(last + 1)])
    // The newest may be there already, and the oldest gone.
    const known = looked.flatMap(({ inode }) => inodes.get(inode) ?? []).filter((file) => file > last - FILES + 1)
    expect(known.filter((file) => file <= last)).toEqual([last - 2, last - 1, last])
  }
})
