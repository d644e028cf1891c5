// All results as one.

import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { AuditFindings, DuplicateResult, IntegrityResult, LicenceResult, Lock, SizeResult } from '../audit.ts'

const LARGEST = 10

export interface ShardResults {
  lock: Lock
  licences: LicenceResult[]
  integrity: IntegrityResult[]
  sizes: SizeResult[]
  duplicates: DuplicateResult
}

/** @throws Error when the shards together are not the packages of the lock */
export function joinResults(results: ShardResults, context: ExecutionContext): AuditFindings {
  const { lock, licences, integrity, sizes, duplicates } = results
  for (const shards of [licences, integrity, sizes]) {
    const seen = shards.reduce((sum, shard) => sum + shard.packages, 0)
    if (seen !== lock.packages) throw new Error(`The shards have seen ${seen} packages, the lock has ${lock.packages}`)
  }
  const findings = [...licences, ...integrity].flatMap((shard) => shard.findings)
  const summary = {
    packages: lock.packages,
    bytes: sizes.reduce((sum, shard) => sum + shard.bytes, 0),
    notInstalled: sizes.reduce((sum, shard) => sum + shard.notInstalled, 0),
    licences: addUp(licences.map((shard) => shard.licences)),
    algorithms: addUp(integrity.map((shard) => shard.algorithms)),
    duplicates: duplicates.duplicates.length,
    findings: findings.length,
  }
  context.logger.info(`Packages: ${summary.packages}, findings: ${summary.findings}.`, summary)
  const largest = sizes
    .flatMap((shard) => shard.largest)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST)
  return { summary, findings, duplicates: duplicates.duplicates, largest }
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [key, count] of counts.flatMap((each) => Object.entries(each))) sum[key] = (sum[key] ?? 0) + count
  return sum
}
