// Whether the lock file vouches for what it names.

import type { LockedPackage } from './read-lock.ts'
import type { Say } from './say.ts'

export interface IntegrityFindings {
  packages: number
  /** `name@version` without a hash. */
  missing: string[]
  /** `name@version` whose hash is not well formed, or of an algorithm that is broken. */
  weak: string[]
  /** `name@version` with two different hashes in the lock file. */
  contradictory: string[]
}

/** Length of a digest in bytes, by algorithm (https://www.w3.org/TR/SRI/). */
const DIGEST_BYTES: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 }

export function auditIntegrity(packages: readonly LockedPackage[], say: Say): IntegrityFindings {
  const findings: IntegrityFindings = { packages: packages.length, missing: [], weak: [], contradictory: [] }
  const seen = new Map<string, string>()
  for (const { name, version, integrity } of packages) {
    const id = `${name}@${version}`
    if (integrity === undefined) {
      findings.missing.push(id)
      say('warn', `${id} has no hash in the lock file`)
      continue
    }
    if (!integrity.split(/\s+/).some(isStrong)) {
      findings.weak.push(id)
      say('warn', `${id} has no strong hash: ${integrity}`)
    }
    const before = seen.get(id)
    if (before !== undefined && before !== integrity) {
      findings.contradictory.push(id)
      say('error', `${id} has two different hashes`)
    }
    seen.set(id, integrity)
  }
  say('info', `${packages.length} hashes checked`, {
    missing: findings.missing.length,
    weak: findings.weak.length,
    contradictory: findings.contradictory.length,
  })
  return findings
}

function isStrong(hash: string): boolean {
  const match = /^(sha\d+)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(hash)
  if (!match) return false
  const [, algorithm, digest] = match as unknown as [string, string, string]
  return Buffer.from(digest, 'base64').length === DIGEST_BYTES[algorithm]
}
