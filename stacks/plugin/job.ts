// A program that runs to its end: once, and again when its inputs or the data it works on have changed.

import { removeRendered, renderFolder } from './folder.ts'
import type { JobInputs } from './inputs.ts'
import { layoutOf } from './layout.ts'
import { lastLines, sizeOf } from './log-file.ts'
import { runToEnd } from './spawn.ts'
import { stop } from './stop.ts'

/** @throws Error with the last lines of its log; nothing is left running then */
export async function runJob(inputs: JobInputs, signal: AbortSignal): Promise<void> {
  const { component, folder, workingFolder, command, env, limitSeconds } = inputs
  const { log } = layoutOf(folder)
  const limit = AbortSignal.timeout(limitSeconds * 1000)
  // One that an interrupted `up` has left must not work beside the new one.
  await stop(folder, 'SIGTERM', 5)
  renderFolder(inputs)
  const logStart = sizeOf(log)
  try {
    await runToEnd({ folder, workingFolder, command, env, log }, 'it', AbortSignal.any([signal, limit]))
  } catch (cause) {
    await stop(folder, 'SIGTERM', 5)
    if (signal.aborted) throw new Error(`${component} was not finished: the update was cancelled`, { cause })
    const reason = limit.aborted ? `it took longer than ${limitSeconds} s` : (cause as Error).message
    throw new Error(`${component} failed: ${reason}\nLast lines of ${log}:\n${lastLines(log, logStart)}`, { cause })
  }
}

export async function removeJob({ folder }: JobInputs): Promise<void> {
  await stop(folder, 'SIGTERM', 5)
  removeRendered(folder)
}
