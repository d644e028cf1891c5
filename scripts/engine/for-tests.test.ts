import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { engineForTests } from './for-tests.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlight-engine-test-'))
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
  vi.stubEnv('CI', '')
  vi.stubEnv('RUNLIGHT_TEST_BASE_IMAGE', 'mine/node')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/** A docker command that does what the shell says of `version`, `image` and `pull`. */
function dockerCommand(answers: { version: string; image: string; pull: string }): void {
  const cases = Object.entries(answers).map(([command, does]) => `${command}) ${does};;`)
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\ncase $1 in ${cases.join(' ')} esac\n`)
  chmodSync(join(folder, 'docker'), 0o755)
}
const engine = async () => (await engineForTests({ signal: AbortSignal.timeout(20_000), note: () => undefined })).env

it('takes the engine of this machine, with an image that it has or can pull', async () => {
  dockerCommand({ version: 'exit 0', image: '[ $3 = mine/node ]', pull: 'exit 1' })
  expect(await engine()).toEqual({})
  dockerCommand({ version: 'exit 0', image: 'exit 1', pull: '[ $3 = mine/node ]' })
  expect(await engine()).toEqual({})
})

it('says in CI both why the engine of this machine does not do and why none was brought', async () => {
  vi.stubEnv('CI', 'true')
  // Whatever this machine is: none is brought where packages can't be installed.
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor
  Object.defineProperty(process, 'platform', { ...platform, value: 'plan9' })
  try {
    dockerCommand({ version: 'exit 0', image: 'exit 1', pull: 'echo no way out; exit 1' })
    expect((await engine())['RUNLIGHT_TEST_NO_ENGINE']).toBe(
      'docker ended with exit code 1. no way out; and one of our own cannot be brought: it needs Linux',
    )
  } finally {
    Object.defineProperty(process, 'platform', platform)
  }
})

it.each([
  ['no engine answers', { version: 'echo is the daemon running >&2; exit 1', image: 'exit 0', pull: 'exit 0' }],
  ['the image cannot be had', { version: 'exit 0', image: 'exit 1', pull: 'echo is the daemon running; exit 1' }],
])('says why there is none where %s, and how to get one', async (_, answers) => {
  dockerCommand(answers)
  const { RUNLIGHT_TEST_NO_ENGINE: reason } = await engine()
  expect(reason).toMatch(/^docker ended with exit code 1\. is the daemon running; .*npm run engine/)
})
