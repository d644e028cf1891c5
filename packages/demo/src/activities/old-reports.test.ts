import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeOldReports } from './old-reports.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'runlight-reports-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

async function report(name: string, writtenAt: number): Promise<void> {
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'audit.json'), '{}')
  await writeFile(join(folder, name, 'audit.md'), '')
  await utimes(join(folder, name, 'audit.json'), writtenAt, writtenAt)
}

test('the oldest reports go, the newest stay, and so does what is no report', async () => {
  for (const [name, at] of Object.entries({ c: 3, a: 1, d: 4, b: 2 })) await report(name, at)
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await mkdir(join(folder, 'mine'))
  await removeOldReports(folder, 2)
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['c', 'd', 'mine', 'notes.txt']))
  expect(await readdir(folder)).toHaveLength(4)
})

test('a folder that is not there yet has no old reports', async () => {
  await expect(removeOldReports(join(folder, 'later'))).resolves.toBeUndefined()
})
