// Under which licences the packages come.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockedPackage } from './read-lock.ts'
import type { Say } from './say.ts'

export interface LicenceFindings {
  packages: number
  /** Packages by licence, `unknown` among them. */
  byLicence: Record<string, number>
  /** `name@version` of packages whose licence is not stated anywhere. */
  unknown: string[]
}

/** Takes a package's own word, else the lock file's; a package that is not installed here has only the latter. */
export async function auditLicences(
  root: string,
  packages: readonly LockedPackage[],
  say: Say,
): Promise<LicenceFindings> {
  const byLicence: Record<string, number> = {}
  const unknown: string[] = []
  for (const each of packages) {
    const licence = (await ownLicence(root, each)) ?? each.licence ?? 'unknown'
    byLicence[licence] = (byLicence[licence] ?? 0) + 1
    if (licence === 'unknown') {
      unknown.push(`${each.name}@${each.version}`)
      say('warn', `${each.name}@${each.version} states no licence`)
    } else say('debug', `${each.name}@${each.version}: ${licence}`)
  }
  say('info', `${packages.length} packages under ${Object.keys(byLicence).length} licences`, { byLicence })
  return { packages: packages.length, byLicence, unknown }
}

async function ownLicence(root: string, { path }: LockedPackage): Promise<string | undefined> {
  let manifest: { license?: string | { type?: string }; licenses?: { type?: string }[] }
  try {
    manifest = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8')) as typeof manifest
  } catch (error) {
    // Left out on this machine: another platform's build.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (typeof manifest.license === 'string') return manifest.license
  return manifest.license?.type ?? manifest.licenses?.[0]?.type
}
