import { realpathSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Source } from './source.ts'

/** Lets Maven resolve artifacts with all that they need at run time, and copies the jars into one folder. */
export const maven: Source<'maven'> = {
  label: 'Maven artifacts',
  needs: ['java', 'maven'],
  async fill(recipe, job) {
    const mvn = (await job.need('maven')).bin['mvn'] as string
    const java = await job.need('java')
    await writeFile(join(job.scratch, 'pom.xml'), pom(recipe.artifacts))
    await job.downloads.run(
      1,
      async () => {
        job.note('downloading')
        await job.run({
          file: mvn,
          args: [
            ...['--batch-mode', '--quiet', '--strict-checksums', `${recipe.plugin}:copy-dependencies`],
            ...['-DincludeScope=runtime', `-DoutputDirectory=${join(job.into, recipe.folder)}`],
          ],
          cwd: job.scratch,
          // Left to itself, mvn takes JAVA_HOME or the first java of PATH, which may be an older one.
          env: { ...job.env, JAVA_HOME: dirname(dirname(realpathSync(java.bin['java'] as string))) },
        })
      },
      { signal: job.signal, onWait: () => job.note('waiting for a download slot') },
    )
    return { [recipe.folder]: recipe.folder }
  },
}

function pom(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>runlight</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`
}
