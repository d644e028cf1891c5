// The data folder of a component: made once, completely or not at all.

import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ProcessInputs } from './inputs.ts'
import { layoutOf } from './layout.ts'
import { runStep } from './spawn.ts'

/**
 * Initialises a new data folder and gives it an identity. A folder whose initialisation was interrupted is emptied
 * and begun again; one that holds files which are not ours is never touched.
 */
export async function initialise(inputs: ProcessInputs, signal: AbortSignal): Promise<void> {
  const { data, dataId, initialising, log } = layoutOf(inputs.folder)
  const isNew = !existsSync(dataId) || (inputs.initialise.length > 0 && isEmpty(data))
  if (!isNew) return
  if (!isEmpty(data) && !existsSync(initialising)) {
    throw new Error(`${data} holds files, but was not made by Runlight; move them away and try again`)
  }
  writeFileSync(initialising, '')
  rmSync(dataId, { force: true })
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { mode: 0o700 })
  for (const step of inputs.initialise) {
    await runStep(step, { folder: inputs.folder, workingFolder: inputs.workingFolder, log }, signal)
  }
  writeFileSync(dataId, randomUUID())
  rmSync(initialising)
}

/** Identity of an initialised data folder; empty when somebody has removed it. */
export function dataIdOf(folder: string): string {
  const { dataId } = layoutOf(folder)
  return existsSync(dataId) ? readFileSync(dataId, 'utf8') : ''
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0
}
