import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openTelemetry } from '@runlight/sdk/telemetry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Shard } from '../audit.ts'
import { readLockFile } from '../lock-file.ts'
import { integrity, problemOf } from './integrity.ts'
import { joinResults } from './join.ts'
import { licences } from './licences.ts'
import { writeReport } from './report.ts'
import { sizes } from './sizes.ts'

const HASH = `sha512-${Buffer.alloc(64, 1).toString('base64')}`
const OTHER = `sha512-${Buffer.alloc(64, 2).toString('base64')}`

// The bus is away: what the activities report is kept and thrown away.
const telemetry = openTelemetry({ brokers: ['127.0.0.1:1'], exitTimeoutMs: 0, onDiagnostic: () => undefined })
const context = telemetry.context({ runId: 'run-1', nodeRef: 'n' })
const { signal } = new AbortController()

let folder: string
let shard: Shard

async function install(place: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, place, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runlight-demo-'))
  const file = join(folder, 'package-lock.json')
  const packages = {
    'node_modules/own': { version: '1.0.0', integrity: HASH, license: 'wrong' },
    'node_modules/old': { version: '1.0.0', integrity: HASH },
    'node_modules/old/node_modules/own': { version: '1.0.0', integrity: OTHER, license: 'ISC' },
    'node_modules/none': { version: '1.0.0', integrity: 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
    'node_modules/absent': { version: '1.0.0', license: 'MIT' },
  }
  await writeFile(file, JSON.stringify({ packages }))
  await install('node_modules/own', { 'package.json': '{"license":"MIT"}', 'lib/a.js': 'x'.repeat(100) })
  await install('node_modules/old', { 'package.json': '{"licenses":[{"type":"BSD-2-Clause"}]}' })
  await install('node_modules/old/node_modules/own', { 'package.json': '{}' })
  await install('node_modules/none', { 'package.json': 'no JSON' })
  const { lock } = await readLockFile(file)
  shard = { lock, index: 1, of: 1 }
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await telemetry.close(0)
})

test('a licence comes from the installed manifest, also in its old form, else from the lock', async () => {
  const { licences: found, findings } = await licences(shard, context, signal)
  expect(found).toEqual({ MIT: 2, 'BSD-2-Clause': 1, ISC: 1, unknown: 1 })
  expect(findings).toEqual([{ package: 'none@1.0.0', problem: 'names no licence' }])
})

test('hashes are there, strong, well-formed and the same in all places', async () => {
  const { algorithms, findings } = await integrity(shard, context, signal)
  expect(algorithms).toEqual({ sha512: 3, sha1: 1, none: 1 })
  expect(findings.toSorted((a, b) => (a.package < b.package ? -1 : 1))).toEqual([
    { package: 'absent@1.0.0', problem: 'has no hash' },
    { package: 'none@1.0.0', problem: 'has only a weak hash (sha1)' },
    { package: 'own@1.0.0', problem: 'has different hashes in different places' },
  ])
})

test.each([
  [HASH, undefined],
  [`sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= ${HASH}?x`, undefined],
  ['sha512-tooShort', 'has a malformed sha512 hash'],
  [HASH.slice(0, -2), 'has a malformed sha512 hash'],
  ['md5-AAAA', 'has a hash of an unknown form'],
  ['nonsense', 'has a hash of an unknown form'],
])('the hash %s: %s', (hash, problem) => {
  expect(problemOf({ integrity: hash, bundled: false })).toBe(problem)
})

test('a bundled package needs no hash', () => {
  expect(problemOf({ integrity: undefined, bundled: true })).toBeUndefined()
})

test('sizes leave out nested packages and count what is not installed', async () => {
  const { bytes, largest, notInstalled, packages } = await sizes(shard, context, signal)
  expect({ notInstalled, packages }).toEqual({ notInstalled: 1, packages: 5 })
  expect(largest[0]).toEqual({ package: 'own@1.0.0', bytes: 117 })
  expect(bytes).toBe(117 + 38 + 2 + 7)
})

test('a cancelled activity stops', async () => {
  const cancelled = AbortSignal.abort(new Error('cancelled'))
  await expect(sizes(shard, context, cancelled)).rejects.toThrow('cancelled')
})

test('results are joined, and shards that do not fit together are an error', async () => {
  const results = {
    lock: shard.lock,
    licences: [await licences(shard, context, signal)],
    integrity: [await integrity(shard, context, signal)],
    sizes: [await sizes(shard, context, signal)],
    duplicates: { duplicates: [{ name: 'a', versions: ['1.0.0', '2.0.0'] }] },
  }
  const findings = joinResults(results, context)
  expect(findings.summary).toMatchObject({ packages: 5, bytes: 164, notInstalled: 1, duplicates: 1, findings: 4 })
  expect(() => joinResults({ ...results, licences: [] }, context)).toThrow('seen 0 packages, the lock has 5')

  const outputFolder = join(folder, 'reports')
  const { json, markdown } = await writeReport({ outputFolder, findings }, context)
  expect(JSON.parse(await readFile(json, 'utf8'))).toEqual({ runId: 'run-1', ...findings })
  const text = await readFile(markdown, 'utf8')
  expect(text).toContain('- own@1.0.0 has different hashes in different places')
  expect(text).toContain('- a: 1.0.0, 2.0.0')
})
