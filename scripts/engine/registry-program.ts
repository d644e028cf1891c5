// A registry of images for the tests that push: the program of Debian's package. It is unpacked and not installed, as
// some machines start what is installed on them, open to their network.

import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandFailed, run } from '../tools/command.ts'

const PACKAGE = 'docker-registry'
const FETCH_MS = 120_000

/**
 * Path of the program, below an own folder.
 * @throws CommandFailed, or the signal's reason
 */
export async function registryProgram(folder: string, signal: AbortSignal): Promise<string> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)])
  await mkdir(folder, { recursive: true })
  const download = () => run({ file: 'apt-get', args: ['download', '-qq', PACKAGE], cwd: folder, signal: limited })
  await download().catch(async (error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error
    // A fresh machine knows no packages, an old one the wrong versions.
    await run({ file: 'apt-get', args: ['update', '-qq'], signal: limited })
    await download()
  })
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb')) ?? ''
  await run({ file: 'dpkg-deb', args: ['--extract', join(folder, archive), folder], signal: limited })
  return join(folder, 'usr', 'bin', PACKAGE)
}
