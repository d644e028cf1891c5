import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from './source.ts'

/** Takes a binary out of a Python package. pip unpacks it into our folder and touches nothing else. */
export const pypiWheel: Source<'pypi-wheel'> = {
  label: 'Python package',
  needs: ['python'],
  unsupported: (recipe, platform) =>
    recipe.sha256[platform] === undefined
      ? `the Python package ${recipe.package} has no file for ${platform}`
      : undefined,
  async fill(recipe, job) {
    const python = (await job.need('python')).bin['python3'] as string
    // A pinned hash can be given in a requirements file only.
    const requirements = join(job.scratch, 'requirements.txt')
    await writeFile(requirements, `${recipe.package}==${recipe.version} --hash=sha256:${recipe.sha256[job.platform]}\n`)
    await job.downloads.run(
      1,
      async () => {
        job.note('downloading')
        await job.run({
          file: python,
          args: [
            ...['-m', 'pip', 'install', '--requirement', requirements, '--require-hashes', '--target', job.into],
            ...['--no-deps', '--no-compile', '--only-binary=:all:', '--no-input', '--progress-bar=off'],
          ],
          cwd: job.scratch,
          env: { ...job.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore', PIP_USER: '0' },
        })
      },
      { signal: job.signal, onWait: () => job.note('waiting for a download slot') },
    )
    // Not every wheel marks its programs as such.
    for (const path of Object.values(recipe.files)) await chmod(join(job.into, path), 0o755)
    return recipe.files
  },
}
