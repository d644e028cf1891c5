// What one of our services is made of: its sources, those of the workspaces it imports, and the exact versions of
// everything from the registry. A change in any of them means a restart; a change elsewhere does not.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programError } from '../program-error.ts'

/** Folders that no running program reads. */
const LEFT_OUT = /^(node_modules|dist|test|fixtures|coverage|__\w+__|\..*)$|\.test\.ts$|\.md$/

/** The parts of package-lock.json (version 3) that are read here. */
interface LockEntry {
  version?: string
  integrity?: string
  link?: boolean
  resolved?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

export interface Clone {
  /** Folder of a workspace, relative to the clone. */
  folderOf: (workspace: string) => string
  version: (workspace: string) => string
  sourceDigest: (workspace: string) => string
}

/** Reads a clone's lock file once. */
export function readClone(root: string): Clone {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>
  }
  const folderOf = (workspace: string): string => {
    const folder = lock.packages[`node_modules/${workspace}`]?.resolved
    if (!folder) throw programError(`${workspace} is not a workspace in package-lock.json; run \`npm install\``)
    return folder
  }
  return {
    folderOf,
    version: (workspace) => lock.packages[folderOf(workspace)]?.version ?? '',
    sourceDigest: (workspace) => {
      const hash = createHash('sha256').update(process.version)
      for (const key of closure(lock.packages, [folderOf(workspace), 'node_modules/tsx'])) {
        const { version = '', integrity = '' } = lock.packages[key] ?? {}
        hash.update(`${key}\0${version}\0${integrity}\0`)
        if (!key.includes('node_modules/')) hashFolder(hash, root, key)
      }
      return hash.digest('hex')
    },
  }
}

/** Every entry of the lock file that the given ones need, sorted. */
function closure(packages: Readonly<Record<string, LockEntry>>, from: readonly string[]): string[] {
  const found = new Set<string>()
  const open = [...from]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (found.has(key)) continue
    found.add(key)
    const { dependencies, optionalDependencies, peerDependencies } = packages[key] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const resolved = resolve(packages, key, name)
      if (resolved) open.push(resolved)
    }
  }
  return [...found].sort()
}

/** Node's way of looking for a package: beside the one that asks, then outwards. */
function resolve(packages: Readonly<Record<string, LockEntry>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(^|\/)[^/]+$/, '')) {
    const key = join(folder, 'node_modules', name)
    const entry = packages[key]
    if (entry) return entry.link ? entry.resolved : key
    if (folder === '') return undefined // an optional one that is not installed
  }
}

function hashFolder(hash: ReturnType<typeof createHash>, root: string, folder: string): void {
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).filter(({ name }) => !LEFT_OUT.test(name))
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) hashFolder(hash, root, path)
    else hash.update(`${path}\0`).update(readFileSync(join(root, path)))
  }
}
