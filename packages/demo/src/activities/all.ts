// The activities of the audit, by the names that the workflow calls them.

import type { AuditFindings, DuplicateResult, IntegrityResult, LicenceResult, Lock, SizeResult } from '../audit.ts'
import { readLockFile, rereadLockFile } from '../lock-file.ts'
import { integrity } from './integrity.ts'
import { joinResults } from './join.ts'
import type { ShardResults } from './join.ts'
import { licences } from './licences.ts'
import { node } from './node.ts'
import { removeOldReports } from './old-reports.ts'
import { writeReport } from './report.ts'
import { sizes } from './sizes.ts'

/** What the worker has, as it sees it: used where a run names none. */
export interface WorkerFiles {
  /** The package-lock.json that is audited. */
  lockFile: string
  /** Where reports go; the newest are kept. */
  outputFolder: string
}

export const auditActivities = (own: WorkerFiles) => ({
  readLock: node(async ({ file = own.lockFile }: { file?: string | undefined }, context): Promise<Lock> => {
    const { lock } = await readLockFile(file)
    context.logger.info(`${file} locks ${lock.packages} packages.`, { ...lock })
    return lock
  }),
  licences: node<Parameters<typeof licences>[0], LicenceResult>(licences),
  integrity: node<Parameters<typeof integrity>[0], IntegrityResult>(integrity),
  sizes: node<Parameters<typeof sizes>[0], SizeResult>(sizes),
  duplicates: node(async (lock: Lock, context): Promise<DuplicateResult> => {
    const versions = new Map<string, Set<string>>()
    for (const { name, version } of await rereadLockFile(lock)) {
      versions.set(name, (versions.get(name) ?? new Set()).add(version))
    }
    const duplicates = [...versions]
      .filter(([, found]) => found.size > 1)
      .map(([name, found]) => ({ name, versions: [...found].sort() }))
    for (const { name, versions: found } of duplicates) {
      context.logger.info(`${name} is there in ${found.length} versions: ${found.join(', ')}.`)
    }
    return { duplicates }
  }),
  join: node((results: ShardResults, context) => Promise.resolve(joinResults(results, context))),
  report: node(
    async (
      { outputFolder = own.outputFolder, findings }: { outputFolder?: string | undefined; findings: AuditFindings },
      context,
    ) => {
      // A folder that a run names is somebody's.
      if (outputFolder === own.outputFolder) {
        await removeOldReports(outputFolder).catch((cause: unknown) => {
          context.logger.warn('Old reports could not be removed.', { folder: outputFolder, cause: String(cause) })
        })
      }
      return writeReport({ outputFolder, findings }, context)
    },
  ),
})
export type AuditActivities = ReturnType<typeof auditActivities>
