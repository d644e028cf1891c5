// Which of our images is built again, as the provider is told of it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as pulumi from '@pulumi/pulumi'
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Settings } from '../../settings/schema.ts'
import { readEngine } from './engine.ts'
import { imagesOf } from './images.ts'
import { startEngine, type FakeEngine } from './test/engine.fixture.ts'

const CLONE = fileURLToPath(new URL('../../..', import.meta.url))
const program = { kind: 'package', workspace: '@runlight/provision', entry: 'src/main.ts' } as const
const into = mkdtempSync(join(tmpdir(), 'runlight-images-'))

let engine: FakeEngine
beforeEach(async () => {
  engine = await startEngine()
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await engine.close()
})
afterAll(() => rmSync(into, { recursive: true }))

/** What the provider is told of the provision job's image: its name, and the arguments whose change builds nothing. */
async function registered(docker: Partial<Settings['docker']> = {}) {
  const register = vi.spyOn(MockMonitor.prototype, 'registerResource').mockClear()
  const settings = { docker: { registry: '', baseImage: '', ...docker }, images: {} } as unknown as Settings
  await pulumi.runtime.runInPulumiStack(async () => {
    imagesOf(settings, await readEngine(engine.host, {}), CLONE, into)('provision', program, {})
    return {}
  })
  await pulumi.runtime.disconnect()
  const request = register.mock.calls
    .map(([each]) => each)
    .find((each) => each.getType() === 'docker:index/image:Image')
  const inputs = request?.getObject().toJavaScript() as { imageName: string; build: { args: Record<string, string> } }
  return { name: inputs.imageName, args: inputs.build.args, ignored: request?.getIgnorechangesList() }
}

it('builds one that the engine lacks, though its name is the same; one that it has stays as it is', async () => {
  const lacking = await registered()
  expect(lacking.ignored).toEqual(['build.args.REVISION'])
  expect(Date.parse(lacking.args['BUILT'] ?? '')).toBeGreaterThan(0)
  engine.images = ['runlight/api:0.1.0-0123456789ab', lacking.name]
  const there = await registered()
  expect(there).toMatchObject({ name: lacking.name, ignored: ['build.args.REVISION', 'build.args.BUILT'] })
})

it('builds none again that was pushed: the engine pulls it', async () => {
  const { name, ignored } = await registered({ registry: 'registry.example/team' })
  expect(name).toMatch(/^registry\.example\/team\/runlight\/provision:/)
  expect(ignored).toContain('build.args.BUILT')
})

it('gives one on another base another name, which the containers then run', async () => {
  const [pinned, other] = [await registered(), await registered({ baseImage: 'mirror.example/node:22' })]
  expect(other.args['BASE_IMAGE']).toBe('mirror.example/node:22')
  expect(other.name).not.toBe(pinned.name)
})
