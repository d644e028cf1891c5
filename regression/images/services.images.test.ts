// The images of our services, built from the real Dockerfile by a real engine, and run as a stack runs them (not root,
// nothing writable, no capabilities, limited memory) against real servers: a run goes through, and each stops in time.
// The log collector's is in container-logs.images.test.ts.

import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startAudit } from '@runlight/demo/start-audit'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { buildImage, type BuiltImage } from '../../scripts/images.ts'
import type { Service } from '../../stacks/build/services.ts'
import { BRIDGE_MEMORY } from '../../stacks/components/bridges.ts'
import { API_MEMORY } from '../../stacks/components/telemetry-api.ts'
import { BASE_IMAGE, CONFINED, docker, NO_ENGINE } from './docker-engine.fixture.ts'
import { startKafka, type TestKafka } from '../fixtures/kafka.ts'
import { startLoki, type TestLoki } from '../fixtures/loki.ts'
import { startPostgres, type TestPostgres } from '../fixtures/postgres.ts'
import { freePorts, temporaryFolder, type TemporaryFolder } from '../fixtures/server-process.ts'
import { startTemporal, type TestTemporal } from '../fixtures/temporal.ts'

const PASSWORD = 'word-of-the-test'
const STOP_SECONDS = 30
const BUILD_MS = 900_000
/** As much as the stack gives each. */
const SERVICES: readonly { service: Service; memoryMiB: number }[] = [
  { service: '@runlight/bridge-loki', memoryMiB: BRIDGE_MEMORY.loki.memoryMiB },
  { service: '@runlight/bridge-postgres', memoryMiB: BRIDGE_MEMORY.postgres.memoryMiB },
  { service: '@runlight/observer', memoryMiB: 256 },
  { service: '@runlight/api', memoryMiB: API_MEMORY.memoryMiB },
  { service: '@runlight/demo', memoryMiB: 512 },
]

/** A commit, where the clone is one: others may commit while images are built. Nothing in an unpacked archive. */
const REVISION = expect.stringMatching(
  existsSync(new URL('../../.git', import.meta.url)) ? /^[0-9a-f]{40}$/ : /^$/,
) as string

const nameOf = (service: Service): string => `runlight-test-${process.pid}-${service.replace('@runlight/', '')}`

describe.skipIf(NO_ENGINE !== '')(`images of our services${NO_ENGINE}`, () => {
  const images = new Map<Service, BuiltImage>()
  const ports = new Map<Service, number>()
  let folder: TemporaryFolder
  let kafka: TestKafka
  let loki: TestLoki
  let postgres: TestPostgres
  let temporal: TestTemporal

  const variables = (service: Service, role: string): Record<string, string> => ({
    LOG_KAFKA_BROKERS: kafka.brokers.join(','),
    RUNLIGHT_LOKI_URL: loki.url.href.replace(/\/$/, ''),
    RUNLIGHT_POSTGRES_URL: postgres.url(role).href,
    RUNLIGHT_POSTGRES_PASSWORD_FILE: '/etc/runlight/password',
    RUNLIGHT_POSTGRES_WRITER_PASSWORD_FILE: '/etc/runlight/password',
    RUNLIGHT_POSTGRES_READER_PASSWORD_FILE: '/etc/runlight/password',
    RUNLIGHT_POSTGRES_GRAFANA_PASSWORD_FILE: '/etc/runlight/password',
    RUNLIGHT_TEMPORAL_ADDRESS: temporal.address,
    ...(ports.has(service) ? { RUNLIGHT_LISTEN: `127.0.0.1:${ports.get(service)}` } : {}),
  })

  /** Arguments of `docker run`, as little as a stack gives. */
  const confined = (service: Service, role: string, memoryMiB: number): string[] => [
    ...['--name', nameOf(service), '--network', 'host', '--user', '10001:10001', ...CONFINED],
    ...['--memory', `${memoryMiB}m`],
    ...['--volume', `${join(folder.path, 'secrets')}:/etc/runlight:ro`],
    ...Object.entries(variables(service, role)).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    images.get(service)?.reference ?? '',
  ]
  const address = (service: Service): string => `http://127.0.0.1:${ports.get(service)}`

  beforeAll(async () => {
    folder = await temporaryFolder('images')
    const all = [...SERVICES.map((each) => each.service), '@runlight/provision' as const]
    const signal = AbortSignal.timeout(BUILD_MS)
    const build = async (service: Service) =>
      images.set(service, await buildImage(service, { base: BASE_IMAGE, into: folder.path, network: 'host', signal }))
    // The first makes what all share.
    await build(all[0] as Service)
    await Promise.all(
      [1, 0].map(async (half) => {
        for (const service of all.slice(1).filter((_, index) => index % 2 === half)) await build(service)
      }),
    )
    mkdirSync(join(folder.path, 'secrets'))
    writeFileSync(join(folder.path, 'secrets', 'password'), PASSWORD)
    // Whoever runs the test may not be the user of the container.
    for (const path of [folder.path, join(folder.path, 'secrets')]) chmodSync(path, 0o755)
    ;[kafka, loki, postgres, temporal] = await Promise.all([
      startKafka(),
      startLoki(),
      startPostgres(),
      startTemporal(),
    ])
    const free = await freePorts(SERVICES.length)
    for (const [index, { service }] of SERVICES.entries()) ports.set(service, free[index] ?? 0)
    docker('run', ...confined('@runlight/provision', 'postgres', 256), 'up')
    for (const { service, memoryMiB } of SERVICES) {
      const role = service === '@runlight/api' ? 'runlight_reader' : 'runlight_writer'
      docker('run', '--detach', ...confined(service, role, memoryMiB))
    }
    const isReady = (service: Service) =>
      fetch(`${address(service)}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    for (const { service } of SERVICES) {
      await vi
        .waitUntil(() => isReady(service), { timeout: 90_000, interval: 250 })
        .catch((cause: unknown) => {
          throw new Error(
            `${service} does not get ready. Its log:\n${docker('logs', '--tail', '20', nameOf(service))}`,
            { cause },
          )
        })
    }
  }, 1_200_000)

  afterAll(async () => {
    // Not all are there where the bring-up failed.
    const made = docker('ps', '--all', '--format', '{{.Names}}').split('\n')
    for (const name of [...images.keys()].map(nameOf)) if (made.includes(name)) docker('rm', '--force', name)
    for (const { reference } of images.values()) docker('image', 'rm', reference)
    await Promise.all([kafka, loki, postgres, temporal].map((server?: { stop: () => Promise<void> }) => server?.stop()))
    await folder.remove()
  })

  it('say what they are, and run nothing but built JavaScript', () => {
    for (const [service, { reference, bom }] of images) {
      const [image] = JSON.parse(docker('image', 'inspect', reference)) as [{ Config: Record<string, unknown> }]
      expect(image.Config).toMatchObject({
        User: '1000:1000',
        Healthcheck: { Test: ['CMD', 'node', '/app/health.js'] },
        Labels: {
          'org.opencontainers.image.title': service,
          'org.opencontainers.image.version': '0.1.0',
          'org.opencontainers.image.revision': REVISION,
          'org.opencontainers.image.licenses': 'Apache-2.0',
        },
      })
      expect(execFileSync('grep', ['-c', '"bom-ref"', bom], { encoding: 'utf8' })).not.toBe('0\n')
      const find = ['find', '/app', '-path', '*/node_modules/*', '-prune', '-o', '-name', '*.ts', '-print']
      // Without a network the engine has nothing to warn of where its machine forwards nothing.
      const look = ['run', '--rm', '--network', 'none', '--entrypoint'] as const
      expect(docker(...look, '', reference, ...find)).toBe('')
      const parts = docker(...look, 'ls', reference, '/app/node_modules')
      expect(parts.split('\n')).not.toEqual(expect.arrayContaining(['tsx']))
      expect(parts.split('\n')).not.toEqual(expect.arrayContaining(['typescript']))
    }
  })

  it('are well to the engine, which asks each as its image says', async () => {
    const health = (service: Service) => docker('inspect', '--format', '{{.State.Health.Status}}', nameOf(service))
    const all = () => SERVICES.map(({ service }) => health(service))
    await expect.poll(all, { timeout: 60_000, interval: 500 }).toEqual(SERVICES.map(() => 'healthy'))
  })

  it('bring a run through, whole in both stores', async () => {
    const connection = await Connection.connect({ address: temporal.address })
    const { workflowId } = await startAudit(new Client({ connection, namespace: temporal.namespace }), {
      taskQueue: 'runlight-demo',
      lockFile: '/app/package-lock.json',
      outputFolder: '/tmp/reports',
    })
    await connection.close()
    const api = createApiClient({ baseUrl: address('@runlight/api') })
    const whole = async () => {
      const { status, telemetry } = await api.status(workflowId).catch(() => ({ status: 'unknown', telemetry: {} }))
      return [status, ...Object.values(telemetry).map(({ state }: { state: string }) => state)]
    }
    await expect.poll(whole, { timeout: 120_000 }).toEqual(['COMPLETED', 'complete', 'complete'])
  })

  it('show their credentials nowhere', () => {
    const provision = '@runlight/provision'
    for (const service of images.keys()) {
      const name = nameOf(service)
      const told = [
        docker('inspect', name),
        docker('logs', name),
        docker('history', '--no-trunc', images.get(service)?.reference ?? ''),
      ]
      for (const text of told) expect(text).not.toContain(PASSWORD)
      // That these do tell of the container, and of its secret's place.
      expect(told[0]).toContain('RUNLIGHT_POSTGRES_PASSWORD_FILE=/etc/runlight/password')
      if (service !== provision) expect(told[1]).not.toBe('')
      expect(told[2]).toContain('health.js')
    }
  })

  it('stop in time when they are asked to, and well', () => {
    for (const { service } of SERVICES) docker('stop', '--time', String(STOP_SECONDS), nameOf(service))
    for (const { service } of SERVICES) {
      const [state] = JSON.parse(docker('inspect', '--format', '[{{json .State}}]', nameOf(service))) as [object]
      // 137 would be the engine's SIGKILL after its time.
      expect([service, state]).toMatchObject([service, { ExitCode: 0, OOMKilled: false }])
    }
  })
})
