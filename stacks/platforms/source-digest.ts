// What one of our services is made of: its sources, those of the workspaces it imports, and the exact versions of
// everything from the registry. A change in any of them means a restart or a new image; a change elsewhere does not.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programError } from '../program-error.ts'

/** Folders that no running program reads. */
const LEFT_OUT = /^(node_modules|dist|test|fixtures|coverage|__\w+__|\..*)$|\.(?:test|fixture)\.ts$|\.md$/

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
  /** Digest of what runs when it is run from the clone, by tsx under this Node. */
  sourceDigest: (workspace: string) => string
  /** Digest of what goes into its image; `beside` is what else the image is made by. */
  imageDigest: (workspace: string, beside: string) => string
  /** Folders of the workspace and of those that it imports, with the files that a running program reads. */
  sources: (workspace: string) => { folder: string; files: string[] }[]
  /** Folders of all workspaces. */
  workspaces: readonly string[]
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
  const digest = (seed: string, from: readonly string[]): string => {
    const hash = createHash('sha256').update(seed)
    for (const key of closure(lock.packages, from)) {
      const { version = '', integrity = '' } = lock.packages[key] ?? {}
      hash.update(`${key}\0${version}\0${integrity}\0`)
      if (!isWorkspace(key)) continue
      for (const file of filesBelow(root, key)) hash.update(`${file}\0`).update(readFileSync(join(root, file)))
    }
    return hash.digest('hex')
  }
  return {
    folderOf,
    version: (workspace) => lock.packages[folderOf(workspace)]?.version ?? '',
    sourceDigest: (workspace) => digest(process.version, [folderOf(workspace), 'node_modules/tsx']),
    imageDigest: (workspace, beside) => digest(beside, [folderOf(workspace)]),
    sources: (workspace) =>
      closure(lock.packages, [folderOf(workspace)])
        .filter(isWorkspace)
        .map((folder) => ({ folder, files: filesBelow(root, folder) })),
    workspaces: Object.keys(lock.packages).filter((key) => key !== '' && isWorkspace(key)),
  }
}

const isWorkspace = (key: string): boolean => !key.includes('node_modules/')

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

/** Paths relative to the clone, sorted. */
function filesBelow(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).filter(({ name }) => !LEFT_OUT.test(name))
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(root, path) : [path]
    })
}
