// How much room each installed package takes, without the packages nested in it.

import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from '@runlight/sdk/execution-context'
import type { Shard, SizeResult } from '../audit.ts'
import { readShard } from '../lock-file.ts'
import { inSteps } from './progress.ts'

const LARGEST = 5

export async function sizes(shard: Shard, context: ExecutionContext, signal: AbortSignal): Promise<SizeResult> {
  const packages = await readShard(shard)
  const measured: { package: string; bytes: number }[] = []
  let notInstalled = 0
  await inSteps(packages, context, signal, async ({ id, folder }) => {
    const bytes = await bytesIn(folder, signal)
    if (bytes === undefined) {
      notInstalled++
      context.logger.debug(`${id} is not installed here: it is optional, or for another platform.`, { folder })
      return
    }
    measured.push({ package: id, bytes })
    context.logger.debug(`${id}: ${bytes} bytes`)
  })
  const bytes = measured.reduce((sum, each) => sum + each.bytes, 0)
  const largest = measured.toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST)
  context.logger.info(`${measured.length} installed packages take ${bytes} bytes.`, { bytes, notInstalled, largest })
  return { packages: packages.length, bytes, largest, notInstalled }
}

/** Bytes of all files below a folder; undefined when there is no such folder. Links are not followed. */
async function bytesIn(folder: string, signal: AbortSignal): Promise<number | undefined> {
  signal.throwIfAborted()
  let entries
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let bytes = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isFile()) bytes += (await lstat(path)).size
    else if (entry.isDirectory() && entry.name !== 'node_modules') bytes += (await bytesIn(path, signal)) ?? 0
  }
  return bytes
}
