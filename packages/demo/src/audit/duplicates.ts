// Packages that are installed in several versions.

import type { LockedPackage } from './read-lock.ts'
import type { Say } from './say.ts'

export interface DuplicateFindings {
  names: number
  /** Names with more than one version, most versions first. */
  duplicates: { name: string; versions: string[] }[]
}

export function auditDuplicates(packages: readonly LockedPackage[], say: Say): DuplicateFindings {
  const versions = new Map<string, Set<string>>()
  for (const { name, version } of packages) versions.set(name, (versions.get(name) ?? new Set()).add(version))
  const duplicates = [...versions]
    .filter(([, of]) => of.size > 1)
    .map(([name, of]) => ({ name, versions: [...of].sort() }))
    .sort((a, b) => b.versions.length - a.versions.length || (a.name < b.name ? -1 : 1))
  for (const { name, versions: found } of duplicates) say('warn', `${name} comes in ${found.join(', ')}`)
  say('info', `${duplicates.length} of ${versions.size} names come in several versions`)
  return { names: versions.size, duplicates }
}
