import { execFile, spawn } from 'node:child_process'
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from './tools/fixtures/temporary.ts'

const execute = promisify(execFile)
const patience = { timeout: 20_000 }

/**
 * A clone with the real entry and one verb. Its only dependency is a package called tsx, in a file, that hands over to
 * the real one: npm can install it without a network.
 */
async function clone(): Promise<string> {
  const root = await temporaryFolder()
  await mkdir(join(root, 'scripts'))
  for (const name of ['bootstrap.mjs', 'process-lock.mjs'])
    await copyFile(new URL(name, import.meta.url), join(root, 'scripts', name))
  await writeFile(
    join(root, 'scripts', 'hello.ts'),
    `const words: string[] = process.argv.slice(2)
     console.log('hello', import.meta.filename === process.argv[1], ...words)
     if (words[0] === 'wait') {
       process.once('SIGTERM', () => process.exit(7))
       setInterval(() => undefined, 1000)
     }
     process.exitCode = Number(words[1] ?? 0)`,
  )
  await dependOnTsx(root, '1.0.0')
  return root
}

async function dependOnTsx(root: string, version: string): Promise<void> {
  const content = join(root, version, 'package')
  await mkdir(content, { recursive: true })
  const manifest = { name: 'tsx', version, type: 'module', exports: './index.js' }
  await writeFile(join(content, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(content, 'index.js'), `await import(${JSON.stringify(import.meta.resolve('tsx'))})\n`)
  await execute('tar', ['-czf', join(root, `${version}.tgz`), '-C', join(root, version), 'package'])
  await writeManifest(root, { tsx: `file:${version}.tgz` })
  await execute('npm', ['install', '--package-lock-only', '--loglevel=error'], { cwd: root })
}

async function writeManifest(root: string, dependencies: Record<string, string>): Promise<void> {
  const scripts = { hello: 'node scripts/bootstrap.mjs hello', later: 'node scripts/bootstrap.mjs later' }
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'clone', type: 'module', scripts, dependencies }))
}

async function bootstrap(root: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const output = await execute(process.execPath, ['scripts/bootstrap.mjs', ...args], { cwd: root })
    return { code: 0, ...output }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

test('dependencies are installed once, and again when the lock file has changed', async () => {
  const root = await clone()
  const first = await bootstrap(root, 'hello', 'world', '3')
  expect(first.stdout).toContain('Installing the dependencies of package-lock.json')
  expect(first.stdout).toContain('hello true world 3')
  expect(first.code).toBe(3)
  expect((await bootstrap(root, 'hello')).stdout).toBe('hello true\n')

  await dependOnTsx(root, '1.0.1')
  expect((await bootstrap(root, 'hello')).stdout).toContain('Installing')
  const installed = JSON.parse(await readFile(join(root, 'node_modules/tsx/package.json'), 'utf8')) as object
  expect(installed).toMatchObject({ version: '1.0.1' })
})

test('what a person installed with npm is not installed again', async () => {
  const root = await clone()
  await execute('npm', ['ci', '--loglevel=error'], { cwd: root })
  const before = await stat(join(root, 'node_modules/tsx'))
  expect((await bootstrap(root, 'hello')).stdout).toBe('hello true\n')
  expect((await stat(join(root, 'node_modules/tsx'))).ino).toBe(before.ino)
})

test('of two at once on a fresh clone, one installs', async () => {
  const root = await clone()
  const both = await Promise.all([bootstrap(root, 'hello', 'a'), bootstrap(root, 'hello', 'b')])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(both.filter(({ stdout }) => stdout.includes('Installing'))).toHaveLength(1)
})

test('a failed installation says why and what to do, and the verb does not start', async () => {
  const root = await clone()
  // npm ci refuses a manifest that the lock file doesn't fit.
  await writeManifest(root, { tsx: 'file:1.0.0.tgz', missing: '1.0.0' })
  const { code, stdout, stderr } = await bootstrap(root, 'hello')
  expect(code).toBe(1)
  expect(stderr).toMatch(/npm ci failed \(1\).*\n {2}next: /)
  expect(stdout).not.toContain('hello')
})

test('an unknown verb is told with those that there are', async () => {
  const root = await clone()
  for (const verb of ['nonsense', 'later', '../hello']) {
    const { code, stderr } = await bootstrap(root, verb)
    expect(code).toBe(1)
    expect(stderr).toContain(`There is no verb '${verb}'.`)
    expect(stderr).toContain('Use one of: hello;')
  }
  expect((await bootstrap(root)).stderr).toContain('No verb was given.')
})

test('a signal reaches the verb, whose exit code is passed on', async () => {
  const root = await clone()
  const running = spawn(process.execPath, ['scripts/bootstrap.mjs', 'hello', 'wait'], { cwd: root })
  let output = ''
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const exit = new Promise((resolve) => running.once('close', resolve))
  await expect.poll(() => output, patience).toContain('hello true wait')
  running.kill('SIGTERM')
  expect(await exit).toBe(7)
})

test('an older Node is told which one is needed', async () => {
  const root = await clone()
  const preload = join(root, 'old.cjs')
  await writeFile(preload, "Object.defineProperty(process.versions, 'node', { value: '20.18.3' })\n")
  const running = execute(process.execPath, ['--require', preload, 'scripts/bootstrap.mjs', 'hello'], { cwd: root })
  await expect(running).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Runlight needs Node 20\.19 or newer; this is 20\.18\.3/) as string,
  })
})
