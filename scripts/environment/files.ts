import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, readlink, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Writes a file as a whole, and only if its text is another one; tells whether it did. */
export async function writeIfChanged(path: string, text: string, mode = 0o644): Promise<boolean> {
  if ((await readIfThere(path)) === text) return false
  await mkdir(dirname(path), { recursive: true })
  const part = `${path}.${process.pid}.part`
  await writeFile(part, text, { mode })
  await chmod(part, mode)
  await rename(part, path)
  return true
}

/** The text of a file, or undefined if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/**
 * Makes sure that a file with a secret is there, readable by its owner alone; tells whether it is new. The file
 * appears with its content or not at all, so a run that was killed leaves no empty secret.
 */
export async function ensureSecretFile(path: string): Promise<boolean> {
  if (await readIfThere(path)) return false
  await mkdir(dirname(path), { recursive: true })
  const part = `${path}.${process.pid}.part`
  await writeFile(part, randomBytes(32).toString('base64url'), { mode: 0o600 })
  try {
    await link(part, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(part)
  }
}

/** Makes `<folder>/<name>` a link to each file, where it isn't one already. */
export async function linkInto(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, target] of Object.entries(files)) {
    const path = join(folder, name)
    if ((await readlink(path).catch(() => undefined)) === target) continue
    const part = `${path}.${process.pid}.part`
    await rm(part, { force: true })
    await symlink(target, part)
    await rename(part, path)
  }
}
