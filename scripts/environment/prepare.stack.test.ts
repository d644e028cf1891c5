// `npm run setup` with the real Pulumi CLI, in a home of the test's own.

import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { SECRETS } from '../../stacks/settings/secrets.ts'
import { plainProgress } from '../terminal/plain.ts'
import { run } from '../tools/command.ts'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import { cloneRoot } from './home.ts'
import { prepareEnvironment } from './prepare.ts'
import type { Prepared } from './prepare.ts'

interface Run extends Prepared {
  lines: string[]
}

async function prepare(root: string, env: NodeJS.ProcessEnv = process.env): Promise<Run> {
  const lines: string[] = []
  const prepared = await prepareEnvironment({
    stack: 'dev',
    env: { ...env, RUNLIGHT_HOME: join(root, 'home') },
    progress: plainProgress({ write: (line) => lines.push(line) }),
    signal: AbortSignal.timeout(120_000),
  })
  return { ...prepared, lines }
}

/** The stack's credentials as Pulumi decrypts them. */
async function credentials({ env, stack }: Prepared): Promise<Record<string, string>> {
  const args = ['config', '--show-secrets', '--json', '--stack', stack]
  const config = JSON.parse(await run({ file: 'pulumi', args, env })) as Record<string, { value: string }>
  return Object.fromEntries(SECRETS.map((name) => [name, config[`runlight:${name}`]?.value ?? '']))
}

/** Updates the stack by a program without resources, so that its state has the settings. */
async function deployNothing(folder: string, { env, stack }: Prepared): Promise<void> {
  await mkdir(folder)
  await symlink(join(cloneRoot, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: runlight\nruntime: nodejs\n')
  await writeFile(join(folder, 'package.json'), '{ "main": "index.js" }')
  await writeFile(join(folder, 'index.js'), '')
  await run({ file: 'pulumi', args: ['up', '--yes', '--skip-preview', '--stack', stack], cwd: folder, env })
}

test('the stack gets its credentials once, encrypted, and keeps them', async () => {
  const root = await temporaryFolder()
  const first = await prepare(root)
  const generated = await credentials(first)
  expect(new Set(Object.values(generated)).size).toBe(SECRETS.length)
  expect(Math.min(...Object.values(generated).map((value) => value.length))).toBeGreaterThanOrEqual(32)
  expect((await stat(first.home.passphrase)).mode & 0o777).toBe(0o600)
  const written =
    (await readFile(first.settingsFile, 'utf8')) + first.lines.join('') + (await readFile(first.home.env, 'utf8'))
  for (const value of Object.values(generated)) expect(written).not.toContain(value)

  const tools = await readFile(first.home.tools, 'utf8')
  // Also in a shell that has sourced the environment file.
  await prepare(root, first.env)
  const second = await prepare(root)
  expect(second.lines).toEqual([])
  expect(await credentials(second)).toEqual(generated)
  expect(await readFile(second.home.tools, 'utf8')).toBe(tools)
})

test('two at once make one set of credentials', async () => {
  const root = await temporaryFolder()
  const [first, second] = await Promise.all([prepare(root), prepare(root)])
  expect(await credentials(first)).toEqual(await credentials(second))
  expect([...first.lines, ...second.lines].filter((line) => line.includes('stack dev: done'))).toHaveLength(1)
})

test('a settings file that is gone is brought back from the state, as the stores know its credentials', async () => {
  const root = await temporaryFolder()
  const first = await prepare(root)
  const generated = await credentials(first)
  await deployNothing(join(root, 'project'), first)
  await rm(first.settingsFile)
  expect(await credentials(await prepare(root))).toEqual(generated)
})

test('a settings file that is gone before anything was deployed is made anew', async () => {
  const root = await temporaryFolder()
  await rm((await prepare(root)).settingsFile)
  const after = await credentials(await prepare(root))
  expect(Object.values(after).every((value) => value.length >= 32)).toBe(true)
})

test('a passphrase that is gone is told, and new credentials are made', async () => {
  const root = await temporaryFolder()
  const first = await prepare(root)
  const before = await credentials(first)
  // What `rm -rf .runlight` does in a clone, where the settings file lies elsewhere.
  await rm(first.home.passphrase)
  await rm(first.home.backend, { recursive: true })
  const second = await prepare(root)
  expect(second.lines.join('')).toContain('encrypted with a passphrase that is gone; making new ones')
  const after = await credentials(second)
  expect(Object.values(after).every((value) => value.length >= 32)).toBe(true)
  expect(after).not.toEqual(before)
})
