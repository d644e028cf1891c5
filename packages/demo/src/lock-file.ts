// package-lock.json, version 2 or 3 (https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json).

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ApplicationFailure } from '@temporalio/common'
import type { Lock, Shard } from './audit.ts'

export interface LockedPackage {
  /** Folder of the installed package. */
  folder: string
  name: string
  version: string
  /** `name@version`. */
  id: string
  integrity: string | undefined
  licence: string | undefined
  /** Comes inside another package's archive, and has no integrity of its own. */
  bundled: boolean
}

interface Entry {
  name?: string
  version?: string
  integrity?: string
  license?: string
  link?: boolean
  inBundle?: boolean
}

const MODULES = 'node_modules/'

/**
 * Reads a lock file: its installed packages (without workspaces and links to them), sorted by place.
 * @throws ApplicationFailure, not to be retried: it can't be read, or is not a lock file of version 2 or 3
 */
export async function readLockFile(file: string): Promise<{ lock: Lock; packages: LockedPackage[] }> {
  let text: string
  let packages: Record<string, Entry> | undefined
  try {
    text = await readFile(file, 'utf8')
    packages = (JSON.parse(text) as { packages?: Record<string, Entry> }).packages
  } catch (cause) {
    throw ApplicationFailure.nonRetryable(`${file} cannot be read: ${(cause as Error).message}`, 'LockUnreadable')
  }
  if (typeof packages !== 'object') {
    throw ApplicationFailure.nonRetryable(`${file} lists no packages; it must be of version 2 or 3`, 'LockUnreadable')
  }
  const locked: LockedPackage[] = []
  for (const [place, entry] of Object.entries(packages)) {
    const at = place.lastIndexOf(MODULES)
    if (at < 0 || entry.link || entry.version === undefined) continue
    const name = entry.name ?? place.slice(at + MODULES.length)
    locked.push({
      folder: join(dirname(file), place),
      name,
      version: entry.version,
      id: `${name}@${entry.version}`,
      integrity: entry.integrity,
      licence: entry.license,
      bundled: entry.inBundle === true,
    })
  }
  locked.sort((a, b) => (a.folder < b.folder ? -1 : 1))
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { lock: { file, sha256, packages: locked.length }, packages: locked }
}

/**
 * The packages of a lock file that was read before.
 * @throws ApplicationFailure, not to be retried: the file has changed since, or can't be read
 */
export async function rereadLockFile(expected: Lock): Promise<LockedPackage[]> {
  const { lock, packages } = await readLockFile(expected.file)
  if (lock.sha256 !== expected.sha256) {
    throw ApplicationFailure.nonRetryable(`${lock.file} has changed since the audit began`, 'LockChanged')
  }
  return packages
}

/** The packages of one shard. All versions of one name fall into one shard, so that they can be compared. */
export async function readShard({ lock, index, of }: Shard): Promise<LockedPackage[]> {
  const packages = await rereadLockFile(lock)
  return packages.filter(({ name }) => (createHash('sha256').update(name).digest().readUInt32BE() % of) + 1 === index)
}
