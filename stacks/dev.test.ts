// The program for the stack dev, as the Docker provider is told of it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as pulumi from '@pulumi/pulumi'
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { DATA_SOURCES } from '@runlight/contracts/data-sources'
import { startEngine, type FakeEngine } from './platforms/docker/test/engine.fixture.ts'
import { SECRETS } from './settings/secrets.ts'

// Whatever runs on this machine: refusals.test.ts has taken ports.
vi.mock('./plugin/port-holder.ts', () => ({ portHolder: () => undefined }))

type Inputs = Record<string, unknown>
interface Registered {
  type: string
  name: string
  dependencies: string[]
  inputs: Inputs
  retain: boolean
}

const CREDENTIAL = 'text-of-a-login'
const secretText = (name: string) => `text-of-${name}`
const CLONE = fileURLToPath(new URL('..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'runlight-dev-'))
const registered: Registered[] = []
let engine: FakeEngine
let outputs: Inputs

const short = (type: string) => type.slice(type.lastIndexOf(':') + 1)

beforeAll(async () => {
  engine = await startEngine()
  vi.stubEnv('RUNLIGHT_HOME', home)
  vi.stubEnv('DOCKER_HOST', engine.host)
  vi.stubEnv('DOCKER_CONFIG', home)
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: { 'mirror.example:5000': { auth: CREDENTIAL } } }))
  const register = vi.spyOn(MockMonitor.prototype, 'registerResource')
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource: ({ name, inputs }) => ({ id: name, state: { ...inputs, exitCode: 0, containerLogs: '' } }),
    },
    'runlight',
    'dev',
  )
  const secrets = SECRETS.map((name) => [`runlight:${name}`, secretText(name)])
  pulumi.runtime.setAllConfig(
    // One image is another than the pinned one.
    { ...Object.fromEntries(secrets), 'runlight:images': '{"loki":"mirror.example:5000/loki:1.2.3"}' },
    secrets.map(([key]) => key as string),
  )
  outputs = (await pulumi.runtime.runInPulumiStack(() => import('./index.ts'))) as Inputs
  await pulumi.runtime.disconnect()
  const nameOf = (urn: string) => `${short(urn.split('::')[2] ?? '')} ${urn.slice(urn.lastIndexOf('::') + 2)}`
  for (const [request] of register.mock.calls) {
    registered.push({
      type: short(request.getType()),
      name: request.getName(),
      dependencies: request.getDependenciesList().map(nameOf).sort(),
      inputs: request.getObject().toJavaScript(),
      retain: request.getRetainondelete(),
    })
  }
}, 60_000)

afterAll(async () => {
  await engine.close()
  rmSync(home, { recursive: true })
})

const containers = () => registered.filter(({ type, inputs }) => type === 'Container' && inputs['start'] !== false)
const container = (name: string) => containers().find((each) => each.name === name)?.inputs ?? {}

/** Content decides on the ends of names; what they are is not of interest here. */
const steady = (text: string) =>
  text
    .replace(/-files-[0-9a-f]{12}/g, '-files-<content>')
    .replace(/(:\d+\.\d+\.\d+)-[0-9a-f]{12}/g, '$1-<content>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')

it('registers exactly these resources', () => {
  const counted = registered.filter(({ type }) => type !== 'Stack').map(({ type, name }) => `${type} ${name}`)
  expect(counted.sort()).toMatchSnapshot()
})

it('defines each container so', async () => {
  const definitions = containers()
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, inputs, dependencies }) => {
      const { envs: _, logOpts, capabilities, ...shown } = inputs
      return [
        name,
        {
          ...shown,
          log: logOpts,
          dropped: capabilities,
          after: dependencies.filter((each) => !each.startsWith('Com')),
        },
      ]
    })
  await expect(steady(stringify(Object.fromEntries(definitions), { lineWidth: 0 }))).toMatchFileSnapshot(
    '__snapshots__/dev-containers.yaml',
  )
})

it('lets each run without rights, without a writable root, and within limits', () => {
  for (const { name, inputs } of containers()) {
    // The engine's log files are their owner's.
    const user = name === 'log-collector' ? /^0:0$/ : /^[1-9]\d*:\d+$/
    expect(inputs).toMatchObject({
      readOnly: true,
      capabilities: { drops: ['ALL'] },
      securityOpts: ['no-new-privileges:true'],
      user: expect.stringMatching(user) as string,
      memory: expect.any(Number) as number,
      cpus: expect.any(String) as string,
      logOpts: { 'max-size': '10m', 'max-file': '3' },
    })
    for (const port of (inputs['ports'] ?? []) as Inputs[]) expect(port['ip']).toBe('127.0.0.1')
  }
})

it('gives no rights to what only carries files, either', () => {
  const carriers = registered.filter(({ type, inputs }) => type === 'Container' && inputs['start'] === false)
  expect(carriers.map(({ name }) => name)).toContain('postgres-files')
  for (const { inputs } of carriers) {
    expect(inputs).toMatchObject({
      user: expect.stringMatching(/^[1-9]\d*:\d+$/) as string,
      capabilities: { drops: ['ALL'] },
      securityOpts: ['no-new-privileges:true'],
      networkMode: 'none',
    })
  }
})

it('keeps data on volumes that stay, and files on volumes that are read-only where they are used', () => {
  const volumes = registered.filter(({ type }) => type === 'Volume')
  for (const { name, retain } of volumes) expect([name, retain]).toEqual([name, name.endsWith('-data')])
  for (const { inputs } of containers()) {
    for (const mount of inputs['mounts'] as Inputs[]) {
      expect(mount['readOnly'] ?? false).toBe(mount['target'] === '/etc/runlight' || mount['type'] === 'bind')
    }
  }
})

it("lets the collector read everybody's log, its own too, and nobody else touch the engine's files", () => {
  const binds = containers().flatMap(({ name, inputs }) =>
    (inputs['mounts'] as Inputs[]).flatMap(({ type, source, readOnly }) =>
      type === 'bind' ? [[name, source, readOnly]] : [],
    ),
  )
  expect(binds).toEqual([['log-collector', '/var/lib/docker/containers', true]])
  const variable = (container('log-collector')['envs'] as string[]).find((each) =>
    each.startsWith('RUNLIGHT_COLLECTOR_LOGS='),
  )
  const read = variable?.split(/=(.*)/s)[1]?.split(',')
  const written = containers().map(({ name, inputs }) => {
    const { tag } = inputs['logOpts'] as { tag: string }
    return `${name}=docker:/var/lib/runlight/containers/${tag}`
  })
  expect(read?.sort()).toEqual(written.sort())
  expect(written).toContain('bus=docker:/var/lib/runlight/containers/runlight-dev-bus')
})

it('hands nothing over by a path of this machine, so that the engine may be on another', () => {
  for (const { type, inputs } of registered) {
    // What an image is built from is sent to the engine, and the provider itself reads logins, here.
    if (['Stack', 'Image', 'docker'].includes(type)) continue
    for (const path of [CLONE, home]) expect(JSON.stringify(inputs)).not.toContain(`"${path}`)
    for (const { file } of (inputs['uploads'] ?? []) as Inputs[]) expect(file).toMatch(/^\/etc\/runlight\//)
  }
  const built = registered.filter(({ type }) => type === 'Image')
  for (const { inputs } of built) expect(JSON.stringify(inputs)).toContain(home)
})

it('has credentials nowhere but in secret uploads', () => {
  const uploaded: string[] = []
  for (const { inputs, type } of registered) {
    if (type === 'Stack') continue
    const { uploads = [], ...open } = inputs
    expect(JSON.stringify(open)).not.toContain('text-of-')
    for (const { file, content } of uploads as Inputs[]) {
      if (!JSON.stringify(content).includes('text-of-')) continue
      expect(content).toHaveProperty('4dabf18193072939515e22adb298388d')
      uploaded.push(String(file))
    }
  }
  expect(uploaded.length).toBeGreaterThan(SECRETS.length)
  for (const file of uploaded) expect(file).toMatch(/^\/etc\/runlight\/secrets\//)
  expect(JSON.stringify(outputs)).not.toContain('text-of-')
})

it('pulls from a mirror with what docker login has left, by its file', () => {
  const provider = registered.find(({ type, name }) => type === 'docker' && name === 'engine')
  const logins = JSON.parse(String(provider?.inputs['registryAuth'])) as unknown
  expect(logins).toEqual([{ address: 'mirror.example:5000', configFile: join(home, 'config.json') }])
  expect(container('loki')['image']).toBe('mirror.example:5000/loki:1.2.3')
})

it('has Prometheus scrape each component that has metrics, the views too', () => {
  const uploads = registered
    .filter(({ name }) => name === 'prometheus-files')
    .flatMap(({ inputs }) => (inputs['uploads'] ?? []) as { file: string; content: unknown }[])
  const text = JSON.stringify(uploads.find(({ file }) => file.endsWith('prometheus.yml'))?.content)
  const jobs = [...text.matchAll(/job_name\W+([\w-]+)/g)].map(([, name]) => name)
  const services = ['bridge-loki', 'bridge-postgres', 'observer', 'worker', 'log-collector', 'api']
  expect(jobs.sort()).toEqual(['bus', 'console', 'loki', 'prometheus', 'temporal', ...services].sort())
})

it('provisions the data sources that boards name and the acceptance suite asks', () => {
  const uploads = registered
    .filter(({ name }) => name === 'grafana-files')
    .flatMap(({ inputs }) => (inputs['uploads'] ?? []) as { file: string; content: unknown }[])
  const text = JSON.stringify(uploads.find(({ file }) => file.endsWith('datasources/stores.yaml'))?.content)
  expect([...text.matchAll(/\buid: (\w+)/g)].map(([, uid]) => uid)).toEqual(DATA_SOURCES)
})

it('tells PostgreSQL and Grafana their folders where their images name others', () => {
  expect(container('postgres')['envs']).toContain('PGDATA=/var/lib/postgresql/runlight')
  expect(container('grafana')['envs']).toEqual(
    expect.arrayContaining([
      'GF_PATHS_DATA=/var/lib/grafana',
      'GF_PATHS_PLUGINS=/var/lib/grafana/plugins',
      'GF_PATHS_PROVISIONING=/etc/runlight/files/provisioning',
    ]),
  )
})

it('tells each service the addresses of the stack, and a person those of the machine', () => {
  const environment = new Map(
    (container('api')['envs'] as string[]).map((each) => each.split(/=(.*)/s) as [string, string]),
  )
  expect(environment.get('LOG_KAFKA_BROKERS')).toBe('bus:17092')
  expect(environment.get('RUNLIGHT_POSTGRES_URL')).toBe('postgres://runlight_reader@postgres:17432/runlight')
  expect(environment.get('RUNLIGHT_ORIGINS')).toBe('http://127.0.0.1:17800')
  expect(outputs['addresses']).toMatchObject({
    api: 'http://127.0.0.1:17800',
    broker: '127.0.0.1:17092',
    grafana: 'http://127.0.0.1:17300',
    console: 'http://127.0.0.1:17096',
  })
})
