// A component's folder: rendered configuration, secret files, and how far they are still what was asked for.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunInputs } from './inputs.ts'
import { layoutOf } from './layout.ts'

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/** Makes the folders and writes exactly the files that are asked for. */
export function renderFolder(inputs: RunInputs): void {
  const layout = layoutOf(inputs.folder)
  mkdirSync(dirname(layout.log), { recursive: true })
  mkdirSync(layout.data, { recursive: true, mode: PRIVATE_FOLDER })
  replaceFiles(layout.files, inputs.files)
  replaceFiles(layout.secrets, inputs.secrets)
}

function replaceFiles(folder: string, files: Readonly<Record<string, string>>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER })
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: PRIVATE_FILE })
  }
}

/** Removes what was rendered, secrets above all; data and log stay. */
export function removeRendered(folder: string): void {
  const { files, secrets } = layoutOf(folder)
  for (const path of [files, secrets]) rmSync(path, { recursive: true, force: true })
}

/** The files as they are on disk; one that cannot be read is missing. */
export function filesIn(folder: string): Record<string, string> {
  try {
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  } catch {
    return {}
  }
}
