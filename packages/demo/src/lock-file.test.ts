import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApplicationFailure } from '@temporalio/common'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readLockFile, readShard, rereadLockFile } from './lock-file.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runlight-demo-'))
  file = join(folder, 'package-lock.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function lockWith(packages: object): Promise<void> {
  await writeFile(file, JSON.stringify({ lockfileVersion: 3, packages }))
}

test('installed packages are listed; the root, workspaces and links to them are not', async () => {
  await lockWith({
    '': { name: 'root', version: '1.0.0' },
    'packages/own': { name: 'own', version: '1.0.0' },
    'node_modules/own': { resolved: 'packages/own', link: true },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' },
    'node_modules/a/node_modules/@s/b': { version: '2.0.0', inBundle: true },
    'node_modules/alias': { name: 'real', version: '3.0.0' },
  })
  const { lock, packages } = await readLockFile(file)
  expect(lock).toEqual({ file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), packages: 3 })
  expect(packages.map(({ id, bundled }) => ({ id, bundled }))).toEqual([
    { id: 'a@1.0.0', bundled: false },
    { id: '@s/b@2.0.0', bundled: true },
    { id: 'real@3.0.0', bundled: false },
  ])
  expect(packages[0]).toMatchObject({ folder: join(folder, 'node_modules/a'), integrity: 'sha512-x', licence: 'MIT' })
})

test('the shards together are all packages, and one name is in one shard', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `p${i}`)
  const twice = names.flatMap((name) => [`node_modules/${name}`, `node_modules/x/node_modules/${name}`])
  await lockWith(Object.fromEntries(twice.map((place, i) => [place, { version: `1.0.${i}` }])))
  const { lock, packages } = await readLockFile(file)
  const shards = await Promise.all([1, 2, 3].map((index) => readShard({ lock, index, of: 3 })))
  expect(
    shards
      .flat()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(packages.map(({ id }) => id).toSorted())
  for (const name of names) {
    expect(shards.filter((shard) => shard.some((locked) => locked.name === name))).toHaveLength(1)
  }
})

test.each([
  ['no file', undefined],
  ['no JSON', '{'],
  ['no packages', '{"lockfileVersion":1,"dependencies":{}}'],
])('%s is a failure that no attempt can mend', async (_, text) => {
  if (text !== undefined) await writeFile(file, text)
  const failure = await readLockFile(file).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ApplicationFailure)
  expect(failure).toMatchObject({ nonRetryable: true, type: 'LockUnreadable' })
})

test('a lock file that changes under way is noticed', async () => {
  await lockWith({ 'node_modules/a': { version: '1.0.0' } })
  const { lock } = await readLockFile(file)
  expect(await rereadLockFile(lock)).toHaveLength(1)
  await lockWith({ 'node_modules/a': { version: '1.0.1' } })
  await expect(rereadLockFile(lock)).rejects.toMatchObject({ type: 'LockChanged' })
})
