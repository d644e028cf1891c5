import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditDuplicates } from './duplicates.ts'
import { auditIntegrity } from './integrity.ts'
import { auditLicences } from './licences.ts'
import type { LockedPackage } from './read-lock.ts'
import { readLock, shard } from './read-lock.ts'
import { summarise, writeReport } from './report.ts'
import { auditSizes } from './sizes.ts'

const strong = `sha512-${Buffer.alloc(64, 1).toString('base64')}`
const lines: string[] = []
const say = (level: string, message: string) => void lines.push(`${level}: ${message}`)

let root: string
let packages: LockedPackage[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'runlight-audit-'))
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { version: '1.0.0' },
      'node_modules/ours': { link: true },
      'packages/ours': { version: '1.0.0' },
      'node_modules/a': { version: '1.0.0', integrity: strong, license: 'MIT' },
      'node_modules/@s/b': { version: '2.0.0', integrity: 'sha1-AAAA' },
      'node_modules/a/node_modules/@s/b': { version: '3.0.0' },
    },
  }
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lock))
  await mkdir(join(root, 'node_modules/a/node_modules/@s/b'), { recursive: true })
  await mkdir(join(root, 'node_modules/a/lib'))
  await writeFile(join(root, 'node_modules/a/package.json'), JSON.stringify({ license: 'ISC' }))
  await writeFile(join(root, 'node_modules/a/lib/index.js'), 'x'.repeat(100))
  await writeFile(join(root, 'node_modules/a/node_modules/@s/b/package.json'), '{}')
  packages = await readLock(join(root, 'package-lock.json'))
})
afterAll(() => rm(root, { recursive: true }))

describe('audit of a dependency tree', () => {
  it('reads third-party packages, scoped and nested ones too, and leaves workspaces out', () => {
    expect(packages.map(({ name, version }) => `${name}@${version}`)).toEqual(['@s/b@2.0.0', 'a@1.0.0', '@s/b@3.0.0'])
  })

  it('splits into shards that together are the whole', () => {
    expect([0, 1].flatMap((index) => shard([1, 2, 3, 4, 5], index, 2))).toEqual([1, 3, 5, 2, 4])
  })

  it("takes a package's own word for its licence, and says where there is none", async () => {
    const findings = await auditLicences(root, packages, say)
    expect(findings).toEqual({ packages: 3, byLicence: { ISC: 1, unknown: 2 }, unknown: ['@s/b@2.0.0', '@s/b@3.0.0'] })
    expect(lines).toContain('warn: @s/b@2.0.0 states no licence')
  })

  it('finds missing, weak and contradictory hashes', () => {
    const twice = [...packages, { name: 'a', version: '1.0.0', path: 'x', integrity: strong.replace('AQEB', 'AQEC') }]
    expect(auditIntegrity(twice, say)).toEqual({
      packages: 4,
      missing: ['@s/b@3.0.0'],
      weak: ['@s/b@2.0.0'],
      contradictory: ['a@1.0.0'],
    })
  })

  it("counts a package's own files only, and says what is not installed", async () => {
    const findings = await auditSizes(root, packages, say)
    expect(findings).toMatchObject({ packages: 3, absent: 1, files: 3, bytes: 100 + 17 + 2 })
    expect(findings.largest[0]).toEqual({ name: 'a', version: '1.0.0', bytes: 117 })
  })

  it('finds what comes in several versions', () => {
    expect(auditDuplicates(packages, say)).toEqual({
      names: 2,
      duplicates: [{ name: '@s/b', versions: ['2.0.0', '3.0.0'] }],
    })
  })

  it('joins the findings of all shards and writes the artefact', async () => {
    const parts = [0, 1].map((index) => shard(packages, index, 2))
    const summary = summarise({
      licences: await Promise.all(parts.map((part) => auditLicences(root, part, say))),
      integrity: parts.map((part) => auditIntegrity(part, say)),
      sizes: await Promise.all(parts.map((part) => auditSizes(root, part, say))),
      duplicates: auditDuplicates(packages, say),
    })
    expect(summary).toMatchObject({ packages: 3, bytes: 119, licences: { unknown: 2, ISC: 1 } })
    const { json, markdown } = await writeReport(join(root, 'out'), 'shipsec-run-1', summary)
    expect(JSON.parse(await readFile(json, 'utf8'))).toEqual(summary)
    expect(await readFile(markdown, 'utf8')).toContain('- @s/b: 2.0.0, 3.0.0')
  })

  it('refuses a file that is no lock file', async () => {
    await writeFile(join(root, 'other.json'), '{}')
    await expect(readLock(join(root, 'other.json'))).rejects.toThrow('is no lock file of version 2 or 3')
  })
})
