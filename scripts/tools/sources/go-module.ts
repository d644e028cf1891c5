import { mkdir, writeFile } from 'node:fs/promises'
import { freemem } from 'node:os'
import { basename, join } from 'node:path'
import type { GoModuleRecipe } from '../versions.ts'
import type { FillJob, Source } from './source.ts'

interface Replacement {
  Old: { Path: string; Version?: string }
  New: { Path: string; Version?: string }
}

/**
 * Builds programs from a Go module, in a wrapper module of our own: `go install` refuses modules with replace lines,
 * and a wrapper's choices of versions are checked against Go's checksum database like any module's.
 */
export const goModule: Source<'go-module'> = {
  label: 'Go module',
  needs: ['go'],
  async fill(recipe, job) {
    const go = (await job.need('go')).bin['go'] as string
    const env: NodeJS.ProcessEnv = {
      ...job.env,
      GOWORK: 'off',
      GO111MODULE: 'on',
      // Pure Go, as the projects' own releases: no C compiler is needed, and the binary runs on any libc.
      CGO_ENABLED: '0',
      // Folders that an installed Go may have set for itself and that don't fit another one.
      GOROOT: undefined,
      ...compilerMemory(job.env),
    }
    const packages = recipe.packages.map((path) => `${path}@${recipe.version}`)
    await job.downloads.run(
      recipe.weight,
      async () => {
        job.note('reading the module')
        await writeFile(join(job.scratch, 'go.mod'), await wrapperModule(go, recipe, env, job))
        let modules = 0
        const onLine = (line: string): void => {
          if (line.startsWith('go: downloading ')) job.note(`downloading modules (${(modules += 1)})`)
        }
        await job.run({ file: go, args: ['get', ...packages], cwd: job.scratch, env, onLine })
      },
      { signal: job.signal, onWait: () => job.note('waiting for a download slot') },
    )
    await job.builds.run(
      recipe.weight,
      async () => {
        let compiled = 0
        job.note('compiling')
        await mkdir(join(job.into, 'bin'))
        await job.run({
          file: go,
          args: buildArguments(recipe, join(job.into, 'bin')),
          cwd: job.scratch,
          env,
          onLine: () => job.note(`compiling (${(compiled += 1)} packages)`),
        })
      },
      { signal: job.signal, onWait: () => job.note('waiting for other builds') },
    )
    return Object.fromEntries(recipe.packages.map((path) => [basename(path), join('bin', basename(path))]))
  },
}

/**
 * Lets the compiler collect its garbage less often where there is memory for it: about a fifth less processor time,
 * measured on packages of Loki, for up to about a gigabyte a compiler, of which four run at once.
 */
function compilerMemory(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env['GOGC'] === undefined && freemem() > 8e9 ? { GOGC: '400' } : {}
}

/** `-s -w` leaves out the symbol tables: smaller files, and less time to link them. */
function buildArguments(recipe: GoModuleRecipe, into: string): string[] {
  const variables = Object.entries(recipe.variables ?? {}).map(([name, value]) => ` -X ${name}=${value}`)
  return [
    'build',
    '-v',
    '-trimpath',
    '-buildvcs=false',
    ...(recipe.tags ? ['-tags', recipe.tags.join(',')] : []),
    '-ldflags',
    `-s -w${variables.join('')}`,
    '-o',
    `${into}/`,
    ...recipe.packages,
  ]
}

async function wrapperModule(
  go: string,
  recipe: GoModuleRecipe,
  env: NodeJS.ProcessEnv,
  job: FillJob,
): Promise<string> {
  const lines = ['module runlight.invalid/build', '']
  if (recipe.replace === 'from-module') {
    const listed = await job.run({
      file: go,
      args: ['mod', 'download', '-json', `${recipe.module}@${recipe.version}`],
      cwd: job.scratch,
      env,
    })
    const goMod = (JSON.parse(listed) as { GoMod: string }).GoMod
    const parsed = await job.run({ file: go, args: ['mod', 'edit', '-json', goMod], cwd: job.scratch, env })
    for (const { Old, New } of (JSON.parse(parsed) as { Replace: Replacement[] | null }).Replace ?? []) {
      // A replacement by a folder of its own repository (Loki: pkg/push) means nothing outside of it.
      if (New.Version === undefined) continue
      lines.push(`replace ${[Old.Path, Old.Version].filter(Boolean).join(' ')} => ${New.Path} ${New.Version}`)
    }
  }
  return `${lines.join('\n')}\n`
}
