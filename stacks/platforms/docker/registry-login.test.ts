import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Settings } from '../../settings/schema.ts'
import { pulledImages, registryLogins } from './registry-login.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'runlight-login-'))
  mkdirSync(join(home, '.docker'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** A configuration as `docker login` writes it; gives its path. */
function configure(config: object, name = '.docker/config.json'): string {
  const file = join(home, name)
  writeFileSync(file, JSON.stringify(config))
  return file
}

const IMAGES = [
  'mirror.example:5000/grafana/loki:3',
  'mirror.example:5000/a/b@sha256:0',
  'other.example/c:1',
  'redis:7',
  '',
]

it('names each registry that has a login once, with the file that holds it', () => {
  const file = configure({ auths: { 'mirror.example:5000': { auth: 'c2VjcmV0' }, 'unused.example': {} } })
  const logins = registryLogins(IMAGES, { HOME: home })
  expect(logins).toEqual([{ address: 'mirror.example:5000', configFile: file }])
})

it('logs in, too, where our own images are pushed: an engine that lacks one pulls it', () => {
  const configFile = configure({ auths: { 'registry.example:5000': {}, 'mirror.example': {} } })
  const loginsFor = (registry: string) => {
    const settings = { images: { loki: 'mirror.example/loki:3' }, docker: { registry } } as unknown as Settings
    return registryLogins(pulledImages(settings), { HOME: home }).map(({ address }) => address)
  }
  expect(loginsFor('registry.example:5000')).toEqual(['mirror.example', 'registry.example:5000'])
  expect(loginsFor('')).toEqual(['mirror.example'])
  expect(registryLogins(['registry.example:5000/runlight'], { HOME: home })).toMatchObject([{ configFile }])
})

it('knows logins of credential helpers, and those kept as addresses', () => {
  const configFile = configure({
    auths: { 'https://mirror.example:5000/v1/': {} },
    credHelpers: { 'other.example': 'pass' },
  })
  expect(registryLogins(IMAGES, { HOME: home })).toEqual([
    { address: 'mirror.example:5000', configFile },
    { address: 'other.example', configFile },
  ])
})

it('takes the folder or the file that DOCKER_CONFIG names', () => {
  const file = configure({ auths: { 'other.example': {} } }, 'config.json')
  for (const DOCKER_CONFIG of [home, file]) {
    expect(registryLogins(IMAGES, { HOME: '/nowhere', DOCKER_CONFIG })).toEqual([
      { address: 'other.example', configFile: file },
    ])
  }
})

it('gives none where there is no configuration, or no image of a registry is named', () => {
  expect(registryLogins(IMAGES, { HOME: home })).toEqual([])
  configure({ auths: { library: {} } })
  expect(registryLogins(['library/redis:7', 'redis:7', ''], { HOME: home })).toEqual([])
})

it('says which configuration is broken, and nothing of what is in it', () => {
  writeFileSync(join(home, '.docker/config.json'), '{"auths": {"mirror.example:5000": secret')
  expect(() => registryLogins(IMAGES, { HOME: home })).toThrow(
    `The Docker configuration ${home}/.docker/config.json cannot be read as JSON. Correct it, or log in again: docker login`,
  )
})
