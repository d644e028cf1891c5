// What the packages take on disk.

import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockedPackage } from './read-lock.ts'
import type { Say } from './say.ts'

export interface SizeFindings {
  packages: number
  /** Packages that the lock file names and that are not installed here. */
  absent: number
  files: number
  bytes: number
  /** The largest, biggest first. */
  largest: { name: string; version: string; bytes: number }[]
}

const LARGEST = 10

/** Sizes of the packages' own files; what is nested in their node_modules is another package's. */
export async function auditSizes(root: string, packages: readonly LockedPackage[], say: Say): Promise<SizeFindings> {
  const findings: SizeFindings = { packages: packages.length, absent: 0, files: 0, bytes: 0, largest: [] }
  for (const { name, version, path } of packages) {
    const size = await folderSize(join(root, path))
    if (size === undefined) {
      findings.absent += 1
      say('debug', `${name}@${version} is not installed on this machine`)
      continue
    }
    findings.files += size.files
    findings.bytes += size.bytes
    findings.largest.push({ name, version, bytes: size.bytes })
    say('debug', `${name}@${version}: ${size.bytes} bytes in ${size.files} files`)
  }
  findings.largest = largestOf(findings.largest)
  say('info', `${findings.bytes} bytes in ${findings.files} files`, { absent: findings.absent })
  return findings
}

export function largestOf(sizes: SizeFindings['largest']): SizeFindings['largest'] {
  return [...sizes].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)).slice(0, LARGEST)
}

async function folderSize(folder: string): Promise<{ files: number; bytes: number } | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!entries) return undefined
  const total = { files: 0, bytes: 0 }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (entry.name === 'node_modules') continue
      const inner = await folderSize(path)
      total.files += inner?.files ?? 0
      total.bytes += inner?.bytes ?? 0
    } else {
      total.files += 1
      total.bytes += (await lstat(path)).size
    }
  }
  return total
}
