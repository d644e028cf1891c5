import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as pulumi from '@pulumi/pulumi'
import { readEnvironment } from '@runlight/contracts/environment'
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { platform } from './platforms/platform.ts'
import { loadSecrets } from './settings/load.ts'
import { readSettings } from './settings/read.ts'
import { SECRETS } from './settings/secrets.ts'

interface Registered {
  type: string
  dependencies: string[]
  /** As they go over the wire: secrets are in envelopes. */
  inputs: Record<string, unknown>
}

const SECRET_ENVELOPE = '4dabf18193072939515e22adb298388d'
const ORIGINS = '{"origins":"https://viewer.example,http://localhost:5173"}'
const PROCESS = 'runlight:processes:Process'
const secretText = (name: string) => `text-of-${name}`

const home = mkdtempSync(join(tmpdir(), 'runlight-program-'))
const registered = new Map<string, Registered>()
let outputs: Record<string, unknown>

beforeAll(async () => {
  vi.stubEnv('RUNLIGHT_HOME', home)
  const tool = (name: string, ...binaries: string[]) => ({
    name,
    version: `1.0-${name}`,
    bin: Object.fromEntries(binaries.map((binary) => [binary, `/tools/${binary}`])),
  })
  const tools = Object.fromEntries(
    [
      tool('java', 'java'),
      tool('kafka', 'libs'),
      tool('loki', 'loki'),
      tool('postgres', 'postgres', 'initdb'),
      tool('prometheus', 'prometheus'),
      tool('temporal', 'temporal'),
    ].map((each) => [each.name, each]),
  )
  writeFileSync(join(home, 'tools.json'), JSON.stringify({ tools }))

  const register = vi.spyOn(MockMonitor.prototype, 'registerResource')
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource: ({ name, inputs }) => ({ id: name, state: { ...inputs, pid: 4711, dataId: `data-of-${name}` } }),
    },
    'runlight',
    'local',
  )
  const secrets = SECRETS.map((name) => [`runlight:${name}`, secretText(name)])
  pulumi.runtime.setAllConfig(
    { ...Object.fromEntries(secrets), 'runlight:loki': '{"port":18310}', 'runlight:api': ORIGINS },
    secrets.map(([key]) => key as string),
  )
  outputs = (await pulumi.runtime.runInPulumiStack(() => import('./index.ts'))) as Record<string, unknown>
  await pulumi.runtime.disconnect()
  for (const [request] of register.mock.calls) {
    const nameOf = (urn: string) => urn.slice(urn.lastIndexOf('::') + 2)
    registered.set(request.getName(), {
      type: request.getType(),
      dependencies: request.getDependenciesList().map(nameOf).sort(),
      inputs: request.getObject().toJavaScript(),
    })
  }
})

afterAll(() => rmSync(home, { recursive: true }))

const inputsOf = (name: string) => registered.get(name)?.inputs ?? {}

describe('the program for the stack local', () => {
  it('registers exactly these resources, each after what it needs', () => {
    const resources = [...registered].filter(([, { type }]) => type !== 'pulumi:pulumi:Stack')
    const table = Object.fromEntries(resources.map(([name, { type, dependencies }]) => [name, [type, ...dependencies]]))
    expect(table).toEqual({
      bus: [PROCESS],
      postgres: [PROCESS],
      loki: [PROCESS],
      temporal: [PROCESS],
      provision: ['runlight:processes:Job', 'bus', 'postgres'],
      'bridge-loki': [PROCESS, 'bus', 'loki', 'provision'],
      'bridge-postgres': [PROCESS, 'bus', 'postgres', 'provision'],
      observer: [PROCESS, 'bus', 'provision', 'temporal'],
      api: [PROCESS, 'bus', 'loki', 'postgres', 'provision', 'temporal'],
      worker: [PROCESS, 'bus', 'provision', 'temporal'],
      'log-collector': [PROCESS, 'bus', 'provision'],
      prometheus: [PROCESS],
    })
  })

  it('keeps each in a folder of its own', () => {
    for (const [name, { type, inputs }] of registered) {
      if (type !== 'pulumi:pulumi:Stack') expect(inputs['folder']).toBe(join(home, 'local', name))
    }
  })

  it('runs the pinned tools and our packages', () => {
    expect(inputsOf('loki')).toMatchObject({ version: '1.0-loki', command: ['/tools/loki', expect.any(String)] })
    expect(inputsOf('bus')['command']).toEqual(expect.arrayContaining(['/tools/java', '/tools/libs/*', 'kafka.Kafka']))
    expect(inputsOf('api')).toMatchObject({
      command: [process.execPath, '--import', 'tsx', 'packages/api/src/main.ts'],
      sources: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(inputsOf('provision')['command']).toEqual([
      ...[process.execPath, '--import', 'tsx', 'packages/provision/src/main.ts'],
      'up',
    ])
  })

  it('carries a setting to everybody whom it concerns', () => {
    expect(inputsOf('loki')['listeners']).toContainEqual({
      endpoint: 'http',
      host: '127.0.0.1',
      port: 18310,
      setting: 'loki.port',
    })
    expect(inputsOf('bridge-loki')['env']).toMatchObject({ RUNLIGHT_LOKI_URL: 'http://127.0.0.1:18310' })
    expect(inputsOf('api')['env']).toMatchObject({ RUNLIGHT_LOKI_URL: 'http://127.0.0.1:18310' })
    expect(outputs['addresses']).toMatchObject({ loki: 'http://127.0.0.1:18310' })
  })

  it('tells the API from where browsers may use it', () => {
    const origins = 'http://127.0.0.1:17800,https://viewer.example,http://localhost:5173'
    expect(inputsOf('api')['env']).toMatchObject({ RUNLIGHT_ORIGINS: origins })
    expect(readEnvironment(['origins'], { RUNLIGHT_ORIGINS: origins }).origins).toEqual(origins.split(','))
  })

  it('scrapes exactly the components that have metrics', () => {
    const files = inputsOf('prometheus')['files'] as Record<string, string>
    const jobs = [...(files['prometheus.yml'] ?? '').matchAll(/"job_name":"([^"]+)"/g)].map(([, job]) => job)
    expect(jobs.sort()).toEqual([
      ...[
        'api',
        'bridge-loki',
        'bridge-postgres',
        'log-collector',
        'loki',
        'observer',
        'prometheus',
        'temporal',
        'worker',
      ],
    ])
  })

  it('tells the API whose health it can ask, and the worker what it audits', () => {
    const { RUNLIGHT_COMPONENT_PAGES: pages } = inputsOf('api')['env'] as Record<string, string>
    const asked = (pages ?? '').split(',')
    expect(asked.map((page) => page.split('=')[0])).toEqual([
      ...['bridge-loki', 'bridge-postgres', 'observer', 'worker', 'log-collector'],
    ])
    for (const page of asked) expect(page).toMatch(/^[a-z-]+=http:\/\/127\.0\.0\.1:\d+\/readyz$/)
    expect(inputsOf('worker')['env']).toMatchObject({
      RUNLIGHT_DEMO_LOCK_FILE: expect.stringMatching(/package-lock\.json$/) as string,
      RUNLIGHT_DEMO_REPORT_FOLDER: join(home, 'reports'),
    })
  })

  it('lets the collector read the log of everybody, its own too', () => {
    const { RUNLIGHT_COLLECTOR_LOGS: logs } = inputsOf('log-collector')['env'] as Record<string, string>
    const others = [...registered].filter(([, { type }]) => type !== 'pulumi:pulumi:Stack').map(([name]) => name)
    const expected = others.map((name) => `${name}=file:${join(home, 'local', name, 'log', `${name}.log`)}`)
    expect(logs?.split(',').sort()).toEqual(expected.sort())
  })

  it('runs provision again when the data of the bus or the database is new', () => {
    expect(inputsOf('provision')['data']).toEqual(['data-of-bus', 'data-of-postgres'])
  })

  it('has credentials nowhere but in secrets', () => {
    for (const { inputs } of registered.values()) {
      const { secrets, ...open } = inputs
      expect(JSON.stringify(open)).not.toContain('text-of-')
      const members = Object.values((secrets ?? {}) as Record<string, object>)
      for (const member of members) expect(member).toHaveProperty(SECRET_ENVELOPE)
    }
    expect(inputsOf('provision')['secrets']).toMatchObject({
      owner: { value: secretText('postgresOwnerPassword') },
      writer: { value: secretText('postgresWriterPassword') },
      reader: { value: secretText('postgresReaderPassword') },
      grafana: { value: secretText('postgresGrafanaPassword') },
    })
    expect(JSON.stringify(outputs)).not.toContain('text-of-')
  })

  it('tells where everything is', () => {
    expect(outputs['addresses']).toEqual({
      api: 'http://127.0.0.1:17800',
      temporalUi: 'http://127.0.0.1:17280',
      temporal: '127.0.0.1:17233',
      broker: '127.0.0.1:17092',
      loki: 'http://127.0.0.1:18310',
      postgres: 'postgres://runlight_reader@127.0.0.1:17432/runlight',
      prometheus: 'http://127.0.0.1:17090',
    })
    const components = outputs['components'] as Record<string, object>
    expect(Object.keys(components)).toHaveLength(11)
    expect(components['loki']).toMatchObject({
      title: 'Log store (Loki)',
      version: '1.0-loki',
      health: 'http://127.0.0.1:18310/ready',
      ports: { http: 18310, grpc: 17395 },
      log: join(home, 'local', 'loki', 'log', 'loki.log'),
    })
  })
})

describe('the platform of an environment', () => {
  it('says what is available when it is not there yet', async () => {
    const values = Object.fromEntries(SECRETS.map((name) => [`runlight:${name}`, 'x']))
    const settings = readSettings({ stack: 'prod', file: 'Pulumi.prod.yaml', values, isSecret: () => true })
    await expect(platform(settings, loadSecrets())).rejects.toThrow(
      /prod runs on Kubernetes, which is not available yet. Available: local .* dev/,
    )
  })
})
