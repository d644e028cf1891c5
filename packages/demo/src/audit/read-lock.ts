// What is installed, read from an npm lock file.

import { readFile } from 'node:fs/promises'

export interface LockedPackage {
  name: string
  version: string
  /** Where it is installed, relative to the lock file. */
  path: string
  integrity?: string
  licence?: string
}

interface LockFile {
  lockfileVersion?: number
  packages?: Record<string, { version?: string; integrity?: string; license?: string; link?: boolean }>
}

/**
 * Third-party packages of a `package-lock.json` (version 2 or 3), in the order of their paths; links to workspaces are
 * left out.
 * @throws Error when the file is missing, is no JSON, or is no such lock file
 */
export async function readLock(path: string): Promise<LockedPackage[]> {
  const lock = JSON.parse(await readFile(path, 'utf8')) as LockFile
  if (lock.packages === undefined) throw new Error(`${path} is no lock file of version 2 or 3: it has no "packages"`)
  return Object.entries(lock.packages)
    .filter(([place, entry]) => place.includes('node_modules/') && !entry.link)
    .map(([place, { version = '', integrity, license }]) => ({
      name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      path: place,
      ...(integrity === undefined ? {} : { integrity }),
      ...(license === undefined ? {} : { licence: license }),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Part `index` (from 0) of `count` parts of nearly equal length. */
export function shard<T>(items: readonly T[], index: number, count: number): T[] {
  return items.filter((_, position) => position % count === index)
}
