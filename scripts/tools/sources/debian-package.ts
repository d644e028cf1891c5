import { access, constants } from 'node:fs/promises'
import { withLock } from '../../process-lock.mjs'
import { CommandFailed } from '../command.ts'
import type { Job, Source } from './source.ts'

const aptGet = '/usr/bin/apt-get'

/** Why packages can't be installed here; undefined where they can. */
export function whyNoDebianPackages(packages: readonly string[]): string | undefined {
  return process.getuid?.() === 0 ? undefined : `installing ${packages.join(', ')} for the machine needs root`
}

export type AptJob = Pick<Job, 'env' | 'note' | 'run' | 'signal'>

/**
 * Installs packages for the whole machine where that is allowed to us: on Debian and its kin, as root, which is how
 * fresh machines of CI are.
 * @throws CommandFailed with apt's words
 */
export async function installDebianPackages(packages: readonly string[], job: AptJob): Promise<void> {
  const options = ['-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600']
  const note = `installing ${packages.join(', ')} for the machine`
  await runAptGet({ args: ['install', ...options, ...packages], note }, job)
}

/**
 * Gets a package's archive into a folder, where nothing is to be installed.
 * @throws CommandFailed with apt's words
 */
export async function downloadDebianPackage(name: string, folder: string, job: AptJob): Promise<void> {
  await runAptGet({ args: ['download', '-qq', name], cwd: folder, note: `fetching the package ${name}` }, job)
}

async function runAptGet(
  { note, ...command }: { args: readonly string[]; cwd?: string; note: string },
  job: AptJob,
): Promise<void> {
  await access(aptGet, constants.X_OK).catch((cause: unknown) => {
    throw new CommandFailed('This machine has no apt-get.', [], { cause })
  })
  const env = { ...job.env, DEBIAN_FRONTEND: 'noninteractive' }
  // apt-get has locks of its own, but `update` fails at them instead of waiting.
  await withLock(
    'debian-packages',
    async () => {
      job.note(note)
      const wanted = { file: aptGet, ...command, env }
      try {
        await job.run(wanted)
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error
        // A fresh image knows no packages, an old one the wrong versions, until its lists are updated.
        await job.run({ file: aptGet, args: ['update', '-qq'], env })
        await job.run(wanted)
      }
    },
    { signal: job.signal, onWait: () => job.note('waiting for another installation') },
  )
}

/** Elsewhere than on Debian the person is told what to install. */
export const debianPackage: Source<'debian-package'> = {
  label: 'Debian package',
  needs: [],
  unsupported: ({ packages }) => whyNoDebianPackages(packages),
  install: ({ packages }, job) => installDebianPackages(packages, job),
}
