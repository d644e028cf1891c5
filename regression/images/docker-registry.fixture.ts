// A registry of images on loopback, which wants a login: Debian's docker-registry, which `npm test` brings along with an
// engine of its own. Without one, what needs it is skipped by name.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, startProcess, temporaryFolder, untilReady } from '../fixtures/server-process.ts'

const PROGRAM = process.env['RUNLIGHT_TEST_REGISTRY'] || 'docker-registry'

export const LOGIN = {
  user: 'runlight',
  password: 'word-of-the-registry',
  /** bcrypt, the one form that it takes. */
  hash: '$2y$04$xSg0029/9JubYLnyXnQEzeWa4PlxKf5DRGQId/T1Cy70JbvkxhtRe',
} as const

export interface TestRegistry {
  /** host:port, the beginning of its images' names. */
  host: string
  /** All that it has said and noted of who asked. */
  log: () => string
  /** What was sent to it since the last call, such as `PUT /v2/team/runlight/api/manifests/0.1.0`; asking is left out. */
  written: () => string[]
  /** Digest of an image by its tag. */
  digestOf: (repository: string, tag: string) => Promise<string>
  stop: () => Promise<void>
}

/** Starts it with an empty store. */
export async function startRegistry(): Promise<TestRegistry> {
  const folder = await temporaryFolder('registry')
  const [port] = (await freePorts(1)) as [number]
  const host = `127.0.0.1:${port}`
  const at = (name: string) => join(folder.path, name)
  const configuration = {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: at('images') } },
    http: { addr: host },
    auth: { htpasswd: { realm: 'test', path: at('logins') } },
  }
  writeFileSync(at('logins'), `${LOGIN.user}:${LOGIN.hash}\n`)
  // JSON is YAML.
  writeFileSync(at('config.yml'), JSON.stringify(configuration))
  const server = await startProcess({ file: PROGRAM, args: ['serve', at('config.yml')], folder })
  const ask = (path: string, method = 'GET') => {
    const authorization = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`
    const accept = 'application/vnd.docker.distribution.manifest.v2+json'
    return fetch(`http://${host}${path}`, { method, headers: { authorization, accept } })
  }
  await untilReady(server, folder, async () => {
    const { status } = await ask('/v2/')
    if (status !== 200) throw new Error(`The registry answers ${status}`)
  })
  const log = () => readFileSync(folder.log, 'utf8')
  let read = 0
  return {
    host,
    log,
    written: () => {
      const said = log()
      const part = said.slice(read)
      read = said.length
      return [...part.matchAll(/"((?:POST|PUT|PATCH|DELETE) [^" ]+) [^"]*" 2\d\d /g)].flatMap(
        ([, request]) => request ?? [],
      )
    },
    digestOf: async (repository, tag) =>
      (await ask(`/v2/${repository}/manifests/${tag}`, 'HEAD')).headers.get('docker-content-digest') ?? '',
    stop: async () => {
      await server.kill()
      await folder.remove()
    },
  }
}

/** Why there is none to test with, in brackets to stand behind a name; empty where there is one. */
export const NO_REGISTRY = whyNoRegistry()

function whyNoRegistry(): string {
  const known = process.env['RUNLIGHT_TEST_NO_REGISTRY']
  const { status } = spawnSync(PROGRAM, ['--version'])
  if (status === 0) return ''
  return ` (no registry: ${known || `${PROGRAM} is not to be had; Debian has it as the package docker-registry`})`
}
