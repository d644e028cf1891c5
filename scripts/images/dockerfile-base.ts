// The base image that the Dockerfile names, for whoever builds with it alone.

import { readFile, writeFile } from 'node:fs/promises'

const LINE = /^ARG BASE_IMAGE=(\S+)$/m

/**
 * Writes the base image's reference as the default of the Dockerfile's argument; nothing else of the file changes.
 * @returns whether it was another before
 */
export async function writeBase(dockerfile: string, reference: string): Promise<boolean> {
  const text = await readFile(dockerfile, 'utf8')
  const before = LINE.exec(text)?.[1]
  if (before === undefined) throw new Error(`${dockerfile} has no line ARG BASE_IMAGE=<image>`)
  if (before === reference) return false
  await writeFile(
    dockerfile,
    text.replace(LINE, () => `ARG BASE_IMAGE=${reference}`),
  )
  return true
}
