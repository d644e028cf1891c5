import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { imageContext } from './image-context.ts'
import { builtManifest, transpile } from './transpile.ts'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const BASE = 'node:22@sha256:0'
const service = { workspace: '@runlight/demo', entry: 'src/main.ts' }
let into: string
beforeEach(() => (into = mkdtempSync(join(tmpdir(), 'runlight-context-'))))
afterEach(() => rmSync(into, { recursive: true }))

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

it('holds the built service and what it imports, and nothing else of the clone', () => {
  const { folder, tag } = imageContext(CLONE, into, service, BASE)
  expect(tag).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/)
  const files = filesBelow(join(folder, 'built'))
  expect(files).toEqual(
    expect.arrayContaining(['main.js', 'health.js', 'packages/demo/src/main.js', 'packages/sdk/src/temporal.js']),
  )
  expect(files.filter((file) => /\.ts$|\.test\.js$|\.fixture\.js$|packages\/(?:api|cli|bridges)/.test(file))).toEqual(
    [],
  )
  expect(readFileSync(join(folder, 'built/main.js'), 'utf8')).toBe("import './packages/demo/src/main.js'\n")
  const manifest = readFileSync(join(folder, 'built/packages/contracts/package.json'), 'utf8')
  expect(JSON.parse(manifest)).toMatchObject({ exports: { './*': './src/*.js' } })
})

it('is installed by what is locked, without what only tests and optional peers want', () => {
  const { folder } = imageContext(CLONE, into, service, BASE)
  const manifests = join(folder, 'manifests')
  const lock = readFileSync(join(manifests, 'package-lock.json'), 'utf8')
  const { packages } = JSON.parse(lock) as { packages: Record<string, object> }
  for (const key of ['', 'packages/sdk', 'packages/observer']) {
    const manifest = JSON.parse(readFileSync(join(manifests, key, 'package.json'), 'utf8')) as object
    for (const entry of [packages[key], manifest]) {
      expect(Object.keys(entry ?? {})).not.toEqual(expect.arrayContaining(['devDependencies']))
      expect(Object.keys(entry ?? {})).not.toEqual(expect.arrayContaining(['peerDependencies']))
    }
  }
  expect(packages['node_modules/kafkajs']).toHaveProperty('integrity')
})

it('is made once for a content', () => {
  const first = imageContext(CLONE, into, service, BASE)
  const mark = join(first.folder, 'mark')
  writeFileSync(mark, '')
  expect(imageContext(CLONE, into, service, BASE)).toEqual(first)
  expect(readFileSync(mark, 'utf8')).toBe('')
})

it('has another name on another base: under the same, what runs would stay on the one before', () => {
  const first = imageContext(CLONE, into, service, BASE)
  expect(imageContext(CLONE, into, service, 'node:22@sha256:1').tag).not.toBe(first.tag)
})

it('takes types away, and leads imports to what is built', () => {
  const source = `import type { A } from './a.ts'
import { b } from './b.ts'
import { c } from '@runlight/contracts/c'
const path = import.meta.resolve('./workflow.ts')
export const value: A = { b, c, path }
`
  const built = transpile('x.ts', source)
  expect(built).not.toContain('a.js')
  expect(built).toMatch(/from ['"]\.\/b\.js['"]/)
  expect(built).toContain("from '@runlight/contracts/c'")
  expect(built).toContain("import.meta.resolve('./workflow.js')")
  expect(() => transpile('x.ts', 'const =')).toThrow('x.ts: ')
  const manifest = { exports: { './a': './bin/a.mjs', './*': './src/*.ts' }, devDependencies: {}, publishConfig: {} }
  expect(JSON.parse(builtManifest(JSON.stringify(manifest)))).toEqual({ exports: { './*': './src/*.js' } })
})
