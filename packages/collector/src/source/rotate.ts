// Rotation by copying and truncating: the only way for a file that a process holds as its standard output, because the
// process would go on writing to a file that was renamed.

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { constants, copyFile, rename, rm } from 'node:fs/promises'
import { holds, lifeAt } from './lives.ts'

export interface Rotation {
  /** A file is rotated when it has so many bytes. */
  bytes: number
  /** How many rotated files are kept: `name.1` is the newest. */
  files: number
}

const PIECE = 1024 * 1024
/** Pieces that are copied while nothing else runs here, before it is given up for this time. */
const MAX_PIECES = 64

/**
 * Copies the file, truncates it, and shifts the older ones. The writer has to append (O_APPEND). It does not know of
 * it, so a line that it writes in the microseconds between the look at the size and the truncation is lost.
 * @returns false when the file grew too fast; the next time may do
 */
export async function rotate(path: string, { files }: Rotation): Promise<boolean> {
  const copy = copyOf(path)
  await copyFile(path, copy, constants.COPYFILE_FICLONE)
  if (!copyRestAndTruncate(path, copy)) {
    await rm(copy, { force: true })
    return false
  }
  await shift(path, files)
  return true
}

/** Finishes or undoes a rotation in which the collector was killed. */
export async function completeRotation(path: string, { files }: Rotation): Promise<void> {
  const copy = await lifeAt(copyOf(path))
  if (!copy) return
  const main = await lifeAt(path)
  const isWhole = main && (await holds(main, copy.head, copy.size))
  if (isWhole) await rm(copyOf(path), { force: true })
  else await shift(path, files)
}

function copyOf(path: string): string {
  return `${path}.rotating`
}

/** Synchronous, so that as little time as possible passes between the last look and the truncation. */
function copyRestAndTruncate(path: string, copy: string): boolean {
  const from = openSync(path, 'r+')
  const to = openSync(copy, 'a')
  try {
    const buffer = Buffer.allocUnsafe(PIECE)
    let copied = fstatSync(to).size
    for (let piece = 0; piece < MAX_PIECES; piece++) {
      if (fstatSync(from).size === copied) {
        ftruncateSync(from, 0)
        return true
      }
      const bytes = readSync(from, buffer, 0, PIECE, copied)
      if (bytes === 0) return false // somebody else has truncated it
      writeSync(to, buffer, 0, bytes)
      copied += bytes
    }
    return false
  } finally {
    closeSync(from)
    closeSync(to)
  }
}

async function shift(path: string, files: number): Promise<void> {
  for (let age = files; age > 1; age--) await renameIfThere(`${path}.${age - 1}`, `${path}.${age}`)
  await rename(copyOf(path), `${path}.1`)
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}
