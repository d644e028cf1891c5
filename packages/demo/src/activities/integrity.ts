// Whether the lock file holds for each package a hash that can be trusted
// (https://w3c.github.io/webappsec-subresource-integrity/#the-integrity-attribute).

import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { Finding, IntegrityResult, Shard } from '../audit.ts'
import { readShard } from '../lock-file.ts'
import type { LockedPackage } from '../lock-file.ts'
import { count, inSteps } from './progress.ts'

/** Bytes of a digest. */
const DIGEST_BYTES: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
const STRONG = new Set(['sha256', 'sha384', 'sha512'])

export async function integrity(
  shard: Shard,
  context: ExecutionContext,
  signal: AbortSignal,
): Promise<IntegrityResult> {
  const packages = await readShard(shard)
  const algorithms: Record<string, number> = {}
  const findings: Finding[] = []
  const first = new Map<string, string>()
  await inSteps(packages, context, signal, (locked) => {
    const { id, integrity } = locked
    for (const algorithm of algorithmsOf(locked)) count(algorithms, algorithm)
    const problem = problemOf(locked)
    const known = integrity === undefined ? undefined : (first.get(id) ?? integrity)
    if (integrity !== undefined && !first.has(id)) first.set(id, integrity)
    const problems = [problem, known === integrity ? undefined : 'has different hashes in different places']
    for (const each of problems) {
      if (each === undefined) continue
      findings.push({ package: id, problem: each })
      context.logger.warn(`${id} ${each}.`, { integrity: integrity ?? null, folder: locked.folder })
    }
    return Promise.resolve()
  })
  context.logger.info(`The hashes of ${packages.length} packages have ${findings.length} problems.`, algorithms)
  return { packages: packages.length, algorithms, findings }
}

function algorithmsOf({ integrity, bundled }: LockedPackage): string[] {
  if (integrity === undefined) return [bundled ? 'bundled' : 'none']
  return integrity.split(/\s+/).map((hash) => hash.slice(0, hash.indexOf('-')))
}

/** What is wrong with a package's hash; undefined when nothing is. */
export function problemOf({ integrity, bundled }: Pick<LockedPackage, 'integrity' | 'bundled'>): string | undefined {
  if (integrity === undefined) return bundled ? undefined : 'has no hash'
  const hashes = integrity.split(/\s+/).map((hash) => {
    const [, algorithm = '', digest = ''] = /^([a-z0-9]+)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(hash) ?? []
    return { algorithm, digest: Buffer.from(digest, 'base64'), text: digest }
  })
  for (const { algorithm, digest, text } of hashes) {
    const bytes = DIGEST_BYTES[algorithm]
    if (bytes === undefined) return 'has a hash of an unknown form'
    if (digest.length !== bytes || digest.toString('base64') !== text) return `has a malformed ${algorithm} hash`
  }
  return hashes.some(({ algorithm }) => STRONG.has(algorithm)) ? undefined : 'has only a weak hash (sha1)'
}
