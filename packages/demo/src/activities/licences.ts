// Which licence each package has, by its own manifest, else by the lock file.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { Finding, LicenceResult, Shard } from '../audit.ts'
import { readShard } from '../lock-file.ts'
import type { LockedPackage } from '../lock-file.ts'
import { count, inSteps } from './progress.ts'

const UNKNOWN = 'unknown'

export async function licences(shard: Shard, context: ExecutionContext, signal: AbortSignal): Promise<LicenceResult> {
  const packages = await readShard(shard)
  const found: Record<string, number> = {}
  const findings: Finding[] = []
  await inSteps(packages, context, signal, async (locked) => {
    const licence = (await manifestLicence(locked)) ?? locked.licence ?? UNKNOWN
    count(found, licence)
    context.logger.debug(`${locked.id}: ${licence}`)
    if (licence !== UNKNOWN) return
    findings.push({ package: locked.id, problem: 'names no licence' })
    context.logger.warn(`${locked.id} names no licence.`, { folder: locked.folder })
  })
  context.logger.info(`${packages.length} packages have ${Object.keys(found).length} different licences.`, found)
  return { packages: packages.length, licences: found, findings }
}

/** The licence in the installed manifest, also in its old forms; undefined when it is not installed or names none. */
async function manifestLicence({ folder }: LockedPackage): Promise<string | undefined> {
  let manifest: { license?: unknown; licenses?: unknown }
  try {
    manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as typeof manifest
  } catch {
    return undefined
  }
  const licences = [manifest.license, manifest.licenses].flat().map((licence) => {
    if (typeof licence === 'string') return licence
    const type = (licence as { type?: unknown } | null | undefined)?.type
    return typeof type === 'string' ? type : undefined
  })
  return licences.find((licence) => licence !== undefined && licence !== '')
}
