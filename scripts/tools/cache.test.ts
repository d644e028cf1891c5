import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cacheRoot, markUsed, publish, readEntry, toolFolder } from './cache.ts'
import type { CacheEntry } from './cache.ts'
import { temporaryFolder } from './fixtures/temporary.ts'
import type { Recipe } from './versions.ts'

const recipe: Recipe = {
  kind: 'maven',
  artifacts: ['a:b:1'],
  plugin: 'p:q:1',
  folder: 'libs',
  megabytes: 10,
}
const entry: CacheEntry = { name: 'k6', version: '1.0.0', source: 'maven', bin: { k6: 'k6' }, seconds: 1 }

test('a changed recipe, version or platform is another folder; its cost is not', () => {
  const folder = (what: Recipe, version = '1.0.0', platform: 'linux-x64' | 'linux-arm64' = 'linux-x64'): string =>
    toolFolder('/cache', 'k6', version, what, platform)
  expect(folder(recipe)).toMatch(/^\/cache\/tools\/k6\/1\.0\.0-[0-9a-f]{12}$/)
  expect(folder({ megabytes: 99, folder: 'libs', plugin: 'p:q:1', artifacts: ['a:b:1'], kind: 'maven' })).toBe(
    folder(recipe),
  )
  const others = [
    folder({ ...recipe, artifacts: ['a:b:2'] }),
    folder(recipe, '1.0.1'),
    folder(recipe, '1.0.0', 'linux-arm64'),
  ]
  expect(new Set([folder(recipe), ...others]).size).toBe(4)
})

test('the cache is where its variable says, else in the cache folder of the person', () => {
  expect(cacheRoot({ RUNLIGHT_CACHE: '/big', HOME: '/home/a' })).toBe('/big')
  expect(cacheRoot({ XDG_CACHE_HOME: '/caches', HOME: '/home/a' })).toBe('/caches/runlight')
  expect(cacheRoot({ HOME: '/home/a' })).toBe('/home/a/.cache/runlight')
})

test('versions that nobody has used for long go when another one comes', async () => {
  const root = await temporaryFolder()
  const make = (version: string) => publish(join(root, version), () => Promise.resolve(entry))
  const long = new Date(Date.now() - 90 * 86_400_000)
  for (const version of ['unused', 'used', 'recent']) await make(version)
  for (const version of ['unused', 'used']) await utimes(join(root, version, 'tool.json'), long, long)
  await markUsed(join(root, 'used'))
  await make('new')
  expect((await readdir(root)).sort()).toEqual(['new', 'recent', 'used'])
})

test('a folder that could not be filled is not there, and nothing is left beside it', async () => {
  const root = await temporaryFolder()
  const folder = join(root, '1.0.0-abc')
  const filling = publish(folder, async (into) => {
    await writeFile(join(into, 'half'), '')
    throw new Error('broke off')
  })
  await expect(filling).rejects.toThrow('broke off')
  expect(await readdir(root)).toEqual([])
  expect(await readEntry(folder)).toBeUndefined()
})

test('what a killed run left beside a folder is removed by the next', async () => {
  const root = await temporaryFolder()
  const folder = join(root, '1.0.0-abc')
  await mkdir(`${folder}.part-x1y2z3/bin`, { recursive: true })
  await mkdir(`${folder}.part-x1y2z3-scratch`)
  await mkdir(join(root, '1.0.0-other.part-x1y2z3'))
  await publish(folder, async (into) => {
    await writeFile(join(into, 'k6'), 'program')
    return entry
  })
  expect((await readdir(root)).sort()).toEqual(['1.0.0-abc', '1.0.0-other.part-x1y2z3'])
  expect(await readEntry(folder)).toEqual(entry)
  expect(await readFile(join(folder, 'k6'), 'utf8')).toBe('program')
})

test('a folder without an entry, as someone may have left it, is replaced', async () => {
  const folder = join(await temporaryFolder(), '1.0.0-abc')
  await mkdir(folder)
  await writeFile(join(folder, 'stray'), '')
  await publish(folder, async () => entry)
  expect(await readdir(folder)).toEqual(['tool.json'])
})
