import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readClone } from './source-digest.ts'

interface Lock {
  packages: Record<string, Record<string, unknown>>
}

let root: string
let lock: Lock

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runlight-clone-'))
  lock = {
    packages: {
      'node_modules/@kit/api': { resolved: 'packages/api', link: true },
      'node_modules/@kit/contracts': { resolved: 'packages/contracts', link: true },
      'node_modules/@kit/viewer': { resolved: 'packages/viewer', link: true },
      'node_modules/fast': { version: '1.0.0', dependencies: { deep: '1' } },
      'node_modules/fast/node_modules/deep': { version: '2.0.0' },
      'node_modules/deep': { version: '1.0.0' },
      'node_modules/other': { version: '1.0.0' },
      'packages/api': { version: '0.3.0', dependencies: { '@kit/contracts': '0.1.0', fast: '1' } },
      'packages/contracts': {},
      'packages/viewer': { dependencies: { other: '1' } },
    },
  }
  write('packages/api/src/main.ts', 'api')
  write('packages/api/package.json', '{}')
  write('packages/contracts/src/names.ts', 'names')
  write('packages/viewer/src/page.ts', 'page')
})

afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function digest(): string {
  write('package-lock.json', JSON.stringify(lock))
  return readClone(root).sourceDigest('@kit/api')
}

/** Whether what `change` does changes the digest. */
function changesWith(change: () => void): boolean {
  const before = digest()
  change()
  return digest() !== before
}

it('tells folder and version of a workspace', () => {
  digest()
  expect(readClone(root).folderOf('@kit/api')).toBe('packages/api')
  expect(readClone(root).version('@kit/api')).toBe('0.3.0')
  expect(() => readClone(root).folderOf('@kit/gone')).toThrow('@kit/gone is not a workspace')
})

it.each<[string, () => void]>([
  ['its own source', () => write('packages/api/src/main.ts', 'changed')],
  ['a new file', () => write('packages/api/src/deep/new.ts', '')],
  ['a migration', () => write('packages/api/migrations/1.sql', '')],
  ['the source of a workspace that it imports', () => write('packages/contracts/src/names.ts', 'changed')],
  ['the version of a package', () => (lock.packages['node_modules/fast'] = { version: '1.0.1' })],
  [
    'the version of the very package that a package imports',
    () => (lock.packages['node_modules/fast/node_modules/deep'] = { version: '2.0.1' }),
  ],
])('changes with %s', (_, change) => {
  expect(changesWith(change)).toBe(true)
})

it.each<[string, () => void]>([
  ['nothing', () => undefined],
  ['a test', () => write('packages/api/src/main.test.ts', '')],
  ['a page of text', () => write('packages/api/README.md', '')],
  ['a workspace that it does not import', () => write('packages/viewer/src/page.ts', 'changed')],
  ['a package that it does not import', () => (lock.packages['node_modules/other'] = { version: '9.0.0' })],
  ['another version of a package than it gets', () => (lock.packages['node_modules/deep'] = { version: '9.0.0' })],
])('stays the same with %s', (_, change) => {
  expect(changesWith(change)).toBe(false)
})
