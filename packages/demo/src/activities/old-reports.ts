// Keeps the worker's own folder of reports from growing for good: in a container it is small, and a full one would fail
// every run.

import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { REPORT_JSON } from './report.ts'

/** At some 16 kB each, 8 MB. */
const KEPT = 500

/** Removes the oldest reports beyond the newest ones. What is no report stays, whatever its name. */
export async function removeOldReports(outputFolder: string, keep = KEPT): Promise<void> {
  const names = await readdir(outputFolder).catch(unlessMissing([]))
  if (names.length <= keep) return
  const reports = await Promise.all(
    names.map(async (name) => {
      const written = await stat(join(outputFolder, name, REPORT_JSON)).catch(unlessMissing(undefined))
      return written ? [{ name, at: written.mtimeMs }] : []
    }),
  )
  const old = reports
    .flat()
    .sort((a, b) => b.at - a.at)
    .slice(keep)
  for (const { name } of old) await rm(join(outputFolder, name), { recursive: true, force: true })
}

/** Another run's report may have removed it at the same moment, and a file has no folder's content. */
function unlessMissing<T>(instead: T): (cause: NodeJS.ErrnoException) => T {
  return (cause) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return instead
    throw cause
  }
}
