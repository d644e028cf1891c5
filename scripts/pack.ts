// `npm run pack [-- --into <folder>]`: tarballs of what is used outside this repository, to install from the file or to
// publish: JavaScript with declarations in place of the sources.

import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { transpile } from '../stacks/build/transpile.ts'
import { cloneRoot } from './environment/home.ts'
import { Failure } from './failure.ts'
import { declarations } from './pack/declarations.ts'
import { publishedWorkspaces, type PublishedWorkspace } from './pack/published.ts'
import { progressFor } from './terminal/progress.ts'
import { CommandFailed, run } from './tools/command.ts'
import { runVerb } from './verb.ts'

interface Tarball {
  name: string
  file: string
  bytes: number
}

/**
 * Packs every workspace that says in `publishConfig` how it is published.
 * @param into folder for the tarballs; it is made where it is missing
 * @throws Failure when a declaration can't be written, or npm can't pack
 */
async function pack(into: string, signal: AbortSignal): Promise<Tarball[]> {
  const workspaces = publishedWorkspaces(cloneRoot)
  const types = declarations(
    cloneRoot,
    workspaces.flatMap(({ modules }) => modules),
  )
  const work = await mkdtemp(join(tmpdir(), 'runlight-pack-'))
  try {
    const folders = workspaces.map(({ folder }) => join(work, folder))
    for (const [index, workspace] of workspaces.entries()) await lay(workspace, types, folders[index] ?? work)
    await mkdir(into, { recursive: true })
    const options = ['--pack-destination', resolve(into), '--ignore-scripts', '--silent']
    await run({ file: 'npm', args: ['pack', ...folders, ...options], cwd: work, signal }).catch(explained)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return await Promise.all(
    workspaces.map(async ({ name, version }) => {
      const file = join(into, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
      return { name, file, bytes: (await stat(file)).size }
    }),
  )
}

/** Lays out what a tarball holds: `dist` with each module as JavaScript and declaration, and the papers beside it. */
async function lay(
  { folder, modules, manifest, papers }: PublishedWorkspace,
  types: ReadonlyMap<string, string>,
  into: string,
): Promise<void> {
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(into, path)), { recursive: true })
    await writeFile(join(into, path), text)
  }
  await write('package.json', manifest)
  for (const paper of papers) await cp(join(cloneRoot, paper), join(into, basename(paper)))
  for (const module of modules) {
    const declared = module.replace(/\.ts$/, '.d.ts')
    const path = join('dist', relative(join(folder, 'src'), module)).replace(/\.ts$/, '')
    await write(`${path}.js`, transpile(module, await readFile(join(cloneRoot, module), 'utf8')))
    const declaration = types.get(declared)
    if (declaration === undefined) throw new Error(`The compiler has written no ${declared}`)
    await write(`${path}.d.ts`, declaration)
  }
}

function explained(cause: unknown): never {
  if (!(cause instanceof CommandFailed)) throw cause
  const why = [cause.message, ...cause.tail.slice(-15)].join('\n')
  throw new Failure(
    { what: 'npm packed nothing.', why, next: 'Put right what npm names, then run this again.' },
    { cause },
  )
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { into: { type: 'string', default: join(cloneRoot, 'dist') } } })
  const progress = progressFor()
  try {
    const tarballs = await progress.step('tarballs', () => pack(values.into, signal))
    for (const { file, bytes } of tarballs) progress.say(`${file}  ${(bytes / 1e3).toFixed(0)} kB`)
  } finally {
    progress.close()
  }
  return 0
}

await runVerb('pack', main)
