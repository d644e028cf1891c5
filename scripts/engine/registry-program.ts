// A registry of images for the tests that push: the program of Debian's package. It is unpacked and not installed, as
// some machines start what is installed on them, open to their network.

import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadDebianPackage } from '../tools/sources/debian-package.ts'
import type { AptJob } from '../tools/sources/debian-package.ts'

const PACKAGE = 'docker-registry'

/**
 * Path of the program, below an own folder.
 * @throws CommandFailed, or the signal's reason
 */
export async function registryProgram(folder: string, job: AptJob): Promise<string> {
  await mkdir(folder, { recursive: true })
  await downloadDebianPackage(PACKAGE, folder, job)
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb')) ?? ''
  await job.run({ file: 'dpkg-deb', args: ['--extract', join(folder, archive), folder] })
  return join(folder, 'usr', 'bin', PACKAGE)
}
