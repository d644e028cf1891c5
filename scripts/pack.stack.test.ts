// The packages as somebody else has them: packed, laid into a foreign project, and there compiled, run and bundled.

import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startBus, type TestBus } from '@runlight/sdk/bus.fixture'
import { build, type BuildOptions } from 'esbuild'
import { publint } from 'publint'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts, temporaryFolder, type TemporaryFolder } from '../regression/fixtures/server-process.ts'

const execute = promisify(execFile)
const CLONE = fileURLToPath(new URL('..', import.meta.url))
const INSTALLED = join(CLONE, 'node_modules')
const PACKAGES = ['cli', 'contracts', 'sdk', 'timeline'] as const

interface Manifest {
  version: string
  bin?: Record<string, string>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** Of a program that has ended, well or not. */
interface Output {
  stdout: string
  stderr: string
}

let bus: TestBus
let folder: TemporaryFolder
/** The foreign project. */
let project: string
const packageFolder = (name: string) => join(project, 'node_modules/@runlight', name)
const manifestOf = (name: string) =>
  JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8')) as Manifest
const filesOf = (name: string) =>
  readdirSync(packageFolder(name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
const endingIn = (end: string) => PACKAGES.flatMap(filesOf).filter((file) => file.endsWith(end))
const node = (...args: string[]) => execute(process.execPath, args, { cwd: project })

beforeAll(async () => {
  folder = await temporaryFolder('packages')
  project = join(folder.path, 'project')
  const [started] = await Promise.all([startBus(), layProject()])
  bus = started
}, 300_000)
afterAll(async () => {
  await bus?.stop()
  await folder?.remove()
})

/** Unpacks the tarballs, and links what they ask for and what the sources of the project use; nothing else is found. */
async function layProject(): Promise<void> {
  await execute(process.execPath, ['--import', 'tsx', 'scripts/pack.ts', '--into', folder.path], { cwd: CLONE })
  for (const name of PACKAGES) {
    mkdirSync(packageFolder(name), { recursive: true })
    const tarball = readdirSync(folder.path).find((file) => file.startsWith(`runlight-${name}-`)) ?? ''
    await execute('tar', ['-xzf', join(folder.path, tarball), '--strip-components=1', '-C', packageFolder(name)])
  }
  for (const name of PACKAGES) {
    const { dependencies, peerDependencies } = manifestOf(name)
    for (const wanted of Object.keys({ ...dependencies, ...peerDependencies })) link(wanted, `packages/${name}`)
  }
  for (const name of ['pino', '@types/node']) link(name)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  for (const name of ['worker.ts', 'reader.ts']) {
    copyFileSync(fileURLToPath(new URL(`pack/fixtures/${name}`, import.meta.url)), join(project, name))
  }
}

/** The package that a workspace of the clone has. */
function link(name: string, workspace = ''): void {
  const to = join(project, 'node_modules', name)
  if (existsSync(to)) return
  mkdirSync(dirname(to), { recursive: true })
  const own = join(CLONE, workspace, 'node_modules', name)
  symlinkSync(existsSync(own) ? own : join(INSTALLED, name), to)
}

test('hold JavaScript, declarations and papers, and nothing that only this repository uses', async () => {
  for (const name of PACKAGES) {
    const files = filesOf(name).map((file) => file.slice(packageFolder(name).length + 1))
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    const left = files.filter(
      (file) => !/^(LICENSE|README\.md|package\.json)$|^dist\/[^.]+(\.generated)?(\.d\.ts|\.js)$/.test(file),
    )
    expect(left).toEqual([])
    expect(manifestOf(name)).not.toHaveProperty('devDependencies')
    expect((await publint({ pkgDir: packageFolder(name), pack: false, strict: true })).messages).toEqual([])
  }
})

test('find what they import, as JavaScript and as declarations', async () => {
  const options: BuildOptions = { bundle: true, write: false, packages: 'external', platform: 'node', format: 'esm' }
  await build({ ...options, entryPoints: endingIn('.js'), outdir: folder.path })
  for (const module of [ts.ModuleKind.NodeNext, ts.ModuleKind.ESNext]) {
    const moduleResolution =
      module === ts.ModuleKind.NodeNext ? ts.ModuleResolutionKind.NodeNext : ts.ModuleResolutionKind.Bundler
    const isFound = (specifier: string, file: string) =>
      ts.resolveModuleName(
        specifier,
        file,
        { module, moduleResolution },
        ts.sys,
        undefined,
        undefined,
        ts.ModuleKind.ESNext,
      ).resolvedModule !== undefined
    const lost = endingIn('.d.ts').flatMap((file) =>
      ts
        .preProcessFile(readFileSync(file, 'utf8'))
        .importedFiles.map(({ fileName }) => fileName)
        .filter((specifier) => /\.ts$/.test(specifier) || !(isBuiltin(specifier) || isFound(specifier, file)))
        .map((specifier) => `${specifier} of ${file}`),
    )
    expect(lost).toEqual([])
  }
})

const DIALECT = { target: 'es2022', strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true }

async function compile(settings: { compilerOptions: object; files: readonly string[] }): Promise<string> {
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(settings))
  const { stdout } = await node(join(INSTALLED, 'typescript/bin/tsc'), '-p', '.').catch((error) => error as Output)
  return stdout
}

test('type a page that bundles them, without anything of Node', async () => {
  const compilerOptions = {
    ...{ ...DIALECT, module: 'esnext', moduleResolution: 'bundler', noEmit: true },
    ...{ lib: ['es2023', 'dom', 'dom.iterable'], types: [] },
  }
  expect(await compile({ compilerOptions, files: ['reader.ts'] })).toBe('')
  const { metafile } = await build({
    ...{ absWorkingDir: project, entryPoints: ['reader.ts'], bundle: true, write: false },
    ...{ platform: 'browser', format: 'esm', metafile: true },
  })
  const inputs = Object.keys(metafile.inputs).join('\n')
  expect(inputs).toContain('node_modules/@runlight/sdk/dist/client/log-streaming-service.js')
  // Schemas are not for a page: of the contracts the client needs the types only.
  expect(inputs).not.toMatch(/typebox|kafkajs|contracts/)
})

test('type a program of Node, read for it and send for it, through a transport of pino too', async () => {
  const compilerOptions = { ...DIALECT, module: 'nodenext', lib: ['es2023'], types: ['node'], outDir: 'built' }
  expect(await compile({ compilerOptions, files: ['worker.ts', 'reader.ts'] })).toBe('')
  const [nobody] = await freePorts(1)
  const ask = `import { failedRuns } from './built/reader.js'; console.log(await failedRuns('http://127.0.0.1:${nobody}'))`
  expect(await node('--input-type=module', '-e', ask)).toEqual({ stdout: 'undefined\n', stderr: '' })
  const worker = await node('built/worker.js', ...bus.brokers)
  expect(worker.stderr).toBe('')
  // What Temporal's bundler is given.
  expect(existsSync(worker.stdout)).toBe(true)
  const said = async (key: string) => (await bus.logsOf(key)).map(({ stream, message }) => `${stream} ${message}`)
  expect(await said('foreign-run')).toEqual(['system logged', 'foreign written'])
  expect(await said('foreign-pino')).toEqual(['system through pino'])
  expect((await bus.eventsOf('foreign-run')).map(({ type }) => type)).toEqual([
    'NODE_STARTED',
    'NODE_COMPLETED',
    'PRODUCER_CLOSED',
  ])
})

test('bring the command along', async () => {
  const command = join(packageFolder('cli'), manifestOf('cli').bin?.['runlight'] ?? '')
  expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(await node(command, '--version')).toEqual({ stdout: `${manifestOf('cli').version}\n`, stderr: '' })
  const [nobody] = await freePorts(1)
  await expect(node(command, 'status', '--api', `http://127.0.0.1:${nobody}`)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not answer'),
  })
})
