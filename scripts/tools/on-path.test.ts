import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './fixtures/temporary.ts'
import { searchPath } from './on-path.ts'
import type { ToolPin } from './versions.ts'

const pin: ToolPin = {
  version: '2.0.0',
  note: '',
  accepts: '>=2.0.0 <3',
  binaries: ['tiny'],
  probe: { binary: 'tiny', args: ['--version'], pattern: 'version v?(\\d+\\.\\d+(?:\\.\\d+)?)' },
  sources: [],
}

/** A program that says this when asked for its version. */
async function program(path: string, says: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${says}\n`, { mode: 0o755 })
  return dirname(path)
}

test('the first copy in the accepted range is taken, not the first copy', async () => {
  const root = await temporaryFolder()
  const old = await program(join(root, 'old', 'tiny'), 'echo tiny version 1.9.9')
  const fitting = await program(join(root, 'fitting', 'tiny'), 'echo tiny version 2.4')
  const search = await searchPath(pin, { env: { PATH: `${old}:${fitting}:/usr/bin:/bin` } })
  expect(search.found).toEqual({ version: '2.4.0', bin: { tiny: join(fitting, 'tiny') }, home: fitting })
})

test('a version told on standard error counts too, as java does it', async () => {
  const folder = await program(join(await temporaryFolder(), 'tiny'), 'echo tiny version v2.1.0 >&2')
  expect((await searchPath(pin, { env: { PATH: folder } })).found?.version).toBe('2.1.0')
})

test('copies that do not fit are named with the reason', async () => {
  const root = await temporaryFolder()
  const tooNew = await program(join(root, 'new', 'tiny'), 'echo tiny version 3.0.0')
  const broken = await program(join(root, 'broken', 'tiny'), 'echo cannot run here >&2; exit 1')
  const search = await searchPath(pin, { env: { PATH: `${tooNew}:${broken}` } })
  expect(search).toEqual({
    unfit:
      `${join(tooNew, 'tiny')} is version 3.0.0, needed is >=2.0.0 <3; ` +
      `${join(broken, 'tiny')} doesn't tell its version: cannot run here`,
  })
})

test('a copy without all the binaries does not fit', async () => {
  const folder = await program(join(await temporaryFolder(), 'tiny'), 'echo tiny version 2.0.0')
  const search = await searchPath({ ...pin, binaries: ['tiny', 'tinytool'] }, { env: { PATH: folder } })
  expect(search).toEqual({ unfit: `${join(folder, 'tiny')} comes without tinytool` })
})

test('npm’s wrappers and our own cache, also by links into it, are passed over', async () => {
  const root = await temporaryFolder()
  const wrapper = await program(join(root, 'node_modules', '.bin', 'tiny'), 'echo tiny version 2.0.0')
  const cached = await program(join(root, 'cache', 'tools', 'tiny', 'tiny'), 'echo tiny version 2.0.0')
  const linked = join(root, 'home', 'bin')
  await mkdir(linked, { recursive: true })
  await symlink(join(cached, 'tiny'), join(linked, 'tiny'))
  const env = { PATH: `${wrapper}:${cached}:${linked}` }
  const search = await searchPath(pin, { env, except: [join(root, 'cache')] })
  expect(search).toEqual({ unfit: '' })
})

test('a home variable goes before PATH', async () => {
  const root = await temporaryFolder()
  const onPath = await program(join(root, 'path', 'tiny'), 'echo tiny version 2.0.0')
  const atHome = await program(join(root, 'home', 'bin', 'tiny'), 'echo tiny version 2.5.0')
  const withHome: ToolPin = { ...pin, onPath: { command: 'tiny', homeVariable: 'TINY_HOME' } }
  const env = { PATH: onPath, TINY_HOME: dirname(atHome) }
  expect((await searchPath(withHome, { env })).found?.home).toBe(atHome)
})

test('files are looked for in the folder of the distribution, where PATH has only a link into it', async () => {
  const root = await temporaryFolder()
  const real = await program(join(root, 'dist', 'bin', 'tiny-start.sh'), 'echo version 2.0.0')
  await mkdir(join(root, 'dist', 'libs'))
  await mkdir(join(root, 'path'))
  await symlink(join(real, 'tiny-start.sh'), join(root, 'path', 'tiny-start.sh'))
  const distribution: ToolPin = {
    ...pin,
    binaries: ['libs'],
    onPath: { command: 'tiny-start.sh', files: { libs: '../libs' } },
  }
  const search = await searchPath(distribution, { env: { PATH: join(root, 'path') } })
  expect(search.found?.bin).toEqual({ libs: join(root, 'dist', 'libs') })
})
