// Our images in a registry that wants a login: pushed by `npm run images` with what `docker login` has left, pinned by
// their digests and pulled by them.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { pinDigests } from '../../scripts/images/pin-digests.ts'
import { referenceOf, type PinnedImage } from '../../stacks/platforms/docker/catalogue.ts'
import { BASE_IMAGE, docker, NO_ENGINE } from './docker-engine.fixture.ts'
import { LOGIN, NO_REGISTRY, startRegistry, type TestRegistry } from './docker-registry.fixture.ts'
import { temporaryFolder, type TemporaryFolder } from '../fixtures/server-process.ts'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const COMMAND_MS = 500_000

const basic = (password: string): string => Buffer.from(`${LOGIN.user}:${password}`).toString('base64')

describe.skipIf(NO_ENGINE !== '' || NO_REGISTRY !== '')(`our images in a registry${NO_ENGINE || NO_REGISTRY}`, () => {
  let folder: TemporaryFolder
  let registry: TestRegistry
  let reference: string
  let tag: string
  const said: string[] = []

  /** What `docker login` leaves, where there is a password. */
  const logIn = (password?: string): void => {
    const auths = password === undefined ? {} : { [registry.host]: { auth: basic(password) } }
    writeFileSync(join(folder.path, 'config.json'), JSON.stringify({ auths }))
  }
  /** `npm run images … --push` for the smallest of our services: its exit code and all that it says. */
  const push = async (): Promise<{ code: number; output: string }> => {
    const where = ['--base', BASE_IMAGE, '--network', 'host', '--registry', `${registry.host}/team`]
    const args = ['--import', 'tsx', 'scripts/images.ts', ...where, '--push', 'provision']
    const env = { ...process.env, DOCKER_CONFIG: folder.path, RUNLIGHT_HOME: join(folder.path, 'home') }
    return new Promise((resolve) => {
      const child = execFile(process.execPath, args, { cwd: CLONE, env, timeout: COMMAND_MS }, (_, stdout, stderr) => {
        said.push(stdout, stderr)
        resolve({ code: child.exitCode ?? -1, output: stdout + stderr })
      })
    })
  }

  beforeAll(async () => {
    folder = await temporaryFolder('registry-login')
    registry = await startRegistry()
  })
  afterEach(() => vi.unstubAllEnvs())
  afterAll(async () => {
    const ours = docker('images', '--quiet', '--no-trunc', '--filter', `reference=${registry.host}/*/*/*`)
    for (const image of new Set(ours.split('\n').filter(Boolean))) docker('image', 'rm', '--force', image)
    await registry.stop()
    await folder.remove()
  })

  it.each([
    ['no login', undefined, 'no basic auth credentials'],
    ['a wrong login', 'another-word', 'unauthorized: authentication required'],
  ])('are not pushed with %s, and it says how to get one', async (_, password, why) => {
    logIn(password)
    const { code, output } = await push()
    expect(code).toBe(1)
    expect(output).toMatch(/✖ \S+\/team\/runlight\/provision:\S+ was not pushed\./)
    expect(output).toContain(why)
    expect(output).toContain(`docker login ${registry.host}`)
    expect(registry.written()).toEqual([])
  })

  it('are pushed with a login, and sent once', async () => {
    logIn(LOGIN.password)
    const { code, output } = await push()
    expect([code, output]).toEqual([0, expect.stringContaining('sbom.cdx.json')])
    ;[reference = '', tag = ''] = /^\S+\/team\/runlight\/provision:(\S+)/m.exec(output) ?? []
    expect(await registry.digestOf('team/runlight/provision', tag)).toMatch(/^sha256:[0-9a-f]{64}$/)
    const layers = () => registry.written().filter((request) => request.includes('/blobs/'))
    expect(layers()).not.toEqual([])
    expect((await push()).code).toBe(0)
    expect(layers()).toEqual([])
  })

  it('are pinned by the digest that the registry gives, and pulled by it', async () => {
    vi.stubEnv('DOCKER_CONFIG', folder.path)
    const image = `${registry.host}/team/runlight/provision`
    const file = join(folder.path, 'versions.json')
    const own = { image, tag, user: '1000:1000' }
    writeFileSync(file, `${JSON.stringify({ images: { own } }, undefined, 2)}\n`)
    const found = await pinDigests(file, { signal: AbortSignal.timeout(COMMAND_MS), note: (text) => said.push(text) })
    const digest = await registry.digestOf('team/runlight/provision', tag)
    expect([...found]).toEqual([['own', digest]])
    const pinned = (JSON.parse(readFileSync(file, 'utf8')) as { images: { own: PinnedImage } }).images.own
    expect(pinned).toEqual({ ...own, digest })
    docker('image', 'rm', reference)
    docker('pull', referenceOf(pinned))
    reference = `${image}@${digest}`
    expect(docker('image', 'inspect', '--format', '{{.RepoDigests}}', reference)).toContain(reference)
  })

  it('show the login nowhere', () => {
    const told = [...said, registry.log(), docker('image', 'inspect', reference), docker('history', reference)]
    for (const text of told)
      for (const word of [LOGIN.password, basic(LOGIN.password)]) expect(text).not.toContain(word)
    expect(registry.log()).toContain('authorized request')
  })
})
