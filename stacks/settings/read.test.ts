import { describe, expect, it } from 'vitest'
import { readSettings } from './read.ts'
import { SECRETS } from './secrets.ts'

const secrets = Object.fromEntries(SECRETS.map((name) => [`runlight:${name}`, 'generated']))

function read(values: Record<string, string>, stack = 'local') {
  return readSettings({
    stack,
    file: `configs/stacks/Pulumi.${stack}.yaml`,
    values: { ...secrets, ...values },
    isSecret: (key) => key in secrets,
  })
}

describe('readSettings', () => {
  it('fills in every default', () => {
    const settings = read({})
    expect(settings.environment).toBe('local')
    expect(settings.loki).toMatchObject({ port: 17310, grpcPort: 17395, labels: 'perRun' })
    expect(settings.topics).toMatchObject({ logs: 'telemetry.logs', partitions: 4, replication: 1 })
  })

  it('takes the environment from the name of the stack, and its defaults', () => {
    expect(read({}, 'local-e2e').environment).toBe('local')
    expect(read({}, 'staging').loki.labels).toBe('bounded')
    expect(read({}, 'prod-eu').topics.replication).toBe(3)
    expect(read({ 'runlight:environment': 'prod' }, 'acme').loki.labels).toBe('bounded')
  })

  it('takes values as --path writes them, and as text', () => {
    const settings = read({ 'runlight:loki': '{"port":18310,"grpcPort":"18395"}', 'runlight:logLevel': 'debug' })
    expect(settings.loki).toMatchObject({ port: 18310, grpcPort: 18395, labels: 'perRun' })
    expect(settings.logLevel).toBe('debug')
  })

  it('leaves the configuration of others alone', () => {
    expect(() => read({ 'kubernetes:context': 'minikube' })).not.toThrow()
  })

  it.each([
    [{ 'runlight:loki': '{"prot":1}' }, 'runlight:loki.prot is not a setting; did you mean runlight:loki.port?'],
    [{ 'runlight:lokki': '{"port":1}' }, 'runlight:lokki is not a setting'],
    [
      { 'runlight:bridges': '{"loki":5}' },
      'runlight:bridges.loki is a group of settings, such as runlight:bridges.loki.port',
    ],
    [{ 'runlight:bus': 'kafka' }, 'runlight:bus is a group of settings, such as runlight:bus.broker'],
    [
      { 'runlight:loki': '{"port":"many"}' },
      'runlight:loki.port is "many", but must be integer (HTTP API; default 17310 port)',
    ],
    [{ 'runlight:loki': '{"port":70000}' }, 'runlight:loki.port is 70000, but must be <= 65535'],
    [{ 'runlight:loki': '{"labels":"few"}' }, 'must be equal to one of the allowed values: perRun, bounded'],
    [{ 'runlight:topics': '{"logs":"with space"}' }, 'runlight:topics.logs is "with space", but must match pattern'],
    [
      { 'runlight:docker': '{"publishOn":"::1"}' },
      'runlight:docker.publishOn is "::1", but must match format "ipv4" (IPv4 address of the engine',
    ],
    [{ 'runlight:docker': '{"publishOn":"10.0.0.256"}' }, 'publishOn is "10.0.0.256", but must match format "ipv4"'],
    [{ 'runlight:api': '{"port":17310}' }, 'runlight:api.port and runlight:loki.port are both 17310'],
    [{ 'runlight:api': '{"origins":"*"}' }, 'runlight:api.origins is "*", but must match pattern'],
    [
      { 'runlight:api': '{"origins":"https://a.example/page"}' },
      'runlight:api.origins is "https://a.example/page", but',
    ],
    [
      { 'runlight:docker': '{"registry":"registry.example/team/"}' },
      'docker.registry is "registry.example/team/", but',
    ],
    [{ 'runlight:environment': 'moon' }, 'runlight:environment is "moon": must be one of local, dev, staging, prod'],
  ])('refuses %o, naming key and file', (values, message) => {
    expect(() => read(values)).toThrow(message)
    expect(() => read(values)).toThrow('configs/stacks/Pulumi.local.yaml')
  })

  it('reports all faults at once', () => {
    const values = { 'runlight:lok': '{}', 'runlight:api': '{"port":0}' }
    expect(() => read(values)).toThrow(/runlight:lok is not a setting[^]*runlight:api\.port is 0/)
  })

  it('says when the environment cannot be told from the name of the stack', () => {
    expect(() => read({}, 'acme')).toThrow(`runlight:environment is "acme", taken from the stack's name`)
  })

  it('refuses a missing credential and one in plain text', () => {
    const config = { stack: 'local', file: 'configs/stacks/Pulumi.local.yaml' }
    expect(() => readSettings({ ...config, values: {}, isSecret: () => true })).toThrow(
      'runlight:postgresOwnerPassword is missing; `npm run setup -- --stack local` generates it',
    )
    expect(() => readSettings({ ...config, values: secrets, isSecret: () => false })).toThrow(
      'runlight:postgresOwnerPassword is a credential in plain text',
    )
  })
})
