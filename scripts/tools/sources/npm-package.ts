import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandFailed } from '../command.ts'
import type { Source } from './source.ts'

interface InstalledPackages {
  packages: Record<string, { integrity?: string }>
}

/** Takes binaries out of an npm package, installed alone into a folder of its own. */
export const npmPackage: Source<'npm-package'> = {
  label: 'npm package',
  needs: ['npm'],
  unsupported: (recipe, platform) =>
    recipe.package[platform] === undefined ? `there is no npm package with it for ${platform}` : undefined,
  async fill(recipe, job) {
    const npm = (await job.need('npm')).bin['npm'] as string
    const name = recipe.package[job.platform] as string
    await job.downloads.run(
      1,
      async () => {
        job.note('downloading')
        await job.run({
          file: npm,
          args: [
            ...['install', '--prefix', job.scratch, '--no-save', '--no-package-lock', '--ignore-scripts'],
            ...['--no-audit', '--no-fund', '--loglevel=error', `${name}@${recipe.version}`],
          ],
          cwd: job.scratch,
          env: job.env,
        })
      },
      { signal: job.signal, onWait: () => job.note('waiting for a download slot') },
    )
    await checkIntegrity(job.scratch, name, recipe.integrity[job.platform])
    const content = join(job.scratch, 'node_modules', name)
    if (recipe.script) await job.run({ file: process.execPath, args: [recipe.script], cwd: content, env: job.env })
    await rename(content, join(job.into, 'package'))
    return Object.fromEntries(Object.entries(recipe.files).map(([key, path]) => [key, join('package', path)]))
  },
}

/** npm checks a download against what the registry says; this checks it against what we pinned. */
async function checkIntegrity(prefix: string, name: string, pinned: string | undefined): Promise<void> {
  const installed = JSON.parse(
    await readFile(join(prefix, 'node_modules', '.package-lock.json'), 'utf8'),
  ) as InstalledPackages
  const integrity = installed.packages[`node_modules/${name}`]?.integrity
  if (integrity === pinned) return
  throw new CommandFailed(`The package ${name} isn't the pinned one.`, [
    `integrity of what npm installed: ${integrity ?? 'unknown'}`,
    `integrity in configs/versions.json: ${pinned ?? 'none'}`,
  ])
}
