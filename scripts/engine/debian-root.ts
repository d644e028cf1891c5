// The files of a smallest Debian, for machines that reach Debian's packages but no registry of images. Kept outside the
// clone: it is made once for a release.

import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot } from '../tools/cache.ts'
import { run } from '../tools/command.ts'
import { withLock } from '../process-lock.mjs'

const MAKE_MS = 300_000
/** Documentation and package lists; `debootstrap` has no option for it. */
const LEFT_OUT = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'var/lib/apt/lists', 'var/cache/apt']

/** Where packages of this machine's release come from. */
interface Mirror {
  uri: string
  release: string
}

/**
 * Path of a tar archive with the files of this machine's release.
 * @throws CommandFailed, or the signal's reason
 */
export async function debianRoot(signal: AbortSignal, note: (text: string) => void): Promise<string> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(MAKE_MS)])
  const { uri, release } = await mirrorOfThisMachine(limited)
  const folder = join(cacheRoot(), 'debian')
  const archive = join(folder, `${release}-${process.arch}.tar`)
  await mkdir(folder, { recursive: true })
  return withLock(
    `debian-root:${archive}`,
    async () => {
      if (await isThere(archive)) return archive
      note(`making a base image of Debian ${release}`)
      const work = await mkdtemp(join(folder, 'part-'))
      try {
        const root = join(work, 'root')
        await run({ file: 'debootstrap', args: ['--variant=minbase', release, root, uri], signal: limited })
        const excluded = LEFT_OUT.map((path) => `--exclude=./${path}/*`)
        await run({ file: 'tar', args: [...excluded, '-C', root, '-cf', join(work, 'tar'), '.'], signal: limited })
        await rename(join(work, 'tar'), archive)
      } finally {
        await rm(work, { recursive: true, force: true })
      }
      return archive
    },
    { signal: limited },
  )
}

/** The first of apt's sources is the release itself; updates and security fixes follow. */
async function mirrorOfThisMachine(signal: AbortSignal): Promise<Mirror> {
  const format = '$(REPO_URI) $(CODENAME)'
  const targets = await run({
    file: 'apt-get',
    args: ['indextargets', '--format', format, 'Created-By: Packages'],
    signal,
  })
  const [uri, release] = targets.split('\n')[0]?.split(' ') ?? []
  if (!uri || !release) throw new Error("apt-get has no package lists: 'apt-get update' makes them")
  return { uri, release }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
