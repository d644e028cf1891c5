// The log collector's image, with the rights that a stack gives it, on the files of a real engine: killed again and again
// while others write, are rotated by the engine, and are replaced.

import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { buildImage, type BuiltImage } from '../../scripts/images.ts'
import { engineHost, readEngine } from '../../stacks/platforms/docker/engine.ts'
import { logsOf, tagOf } from '../../stacks/platforms/docker/logs.ts'
import { BASE_IMAGE, CONFINED, docker, NO_ENGINE } from './docker-engine.fixture.ts'
import { startKafka, type TestKafka } from '../fixtures/kafka.ts'
import { freePorts, temporaryFolder, type TemporaryFolder } from '../fixtures/server-process.ts'
import { readTopic } from '../oracle/topic-records.ts'

const PREFIX = `runlight-test-${process.pid}`
const COLLECTOR = `${PREFIX}-log-collector`
const TOPIC = 'logs'
const WRITERS = ['one', 'two', 'three'] as const
const LINES = 4_000
const CANARY = 'credential-of-the-test-0123456789'
const WAIT = { timeout: 60_000, interval: 500 }

/** Some lines are longer than what the engine takes in one piece; both streams are one log, each in its own order. */
const PROGRAM = `
  const fs = require('node:fs')
  const say = (fd, text) => { for (let left = Buffer.from(text); left.length > 0;) left = left.subarray(fs.writeSync(fd, left)) }
  let line = 0
  const timer = setInterval(() => {
    for (let count = 0; count < 5; count++, line++) {
      say(line % 3 === 0 ? 2 : 1, 'line ' + line + ' of ' + process.argv[1] + ' ' + '.'.repeat(line % 500 === 7 ? 40000 : line % 90) + '\\n')
    }
    if (line % 1000 === 0) say(1, 'password is ${CANARY}\\n')
    if (line >= ${LINES}) { clearInterval(timer); say(1, 'done\\n') }
  }, 10)
  process.on('SIGTERM', () => { say(1, 'done\\n'); process.exit() })
`

describe.skipIf(NO_ENGINE !== '')(`logs of containers${NO_ENGINE}`, () => {
  let kafka: TestKafka
  let port: number
  let folder: TemporaryFolder
  let image: BuiltImage

  const startWriter = (name: string, words: string): void => {
    docker(
      ...['run', '--detach', '--name', `${PREFIX}-${name}`, '--network', 'none', '--init'],
      ...['--log-driver', 'json-file', '--log-opt', `tag=${tagOf(PREFIX, name)}`],
      ...['--log-opt', 'max-size=500k', '--log-opt', 'max-file=9'],
      ...[BASE_IMAGE, 'node', '-e', PROGRAM, words],
    )
  }

  const messages = async (component: string): Promise<string[]> =>
    (await readTopic(kafka.brokers, TOPIC))
      .map(({ value }) => JSON.parse(value) as LogEntry)
      .filter((entry) => entry.component === component)
      .map(({ message }) => message)

  beforeAll(async () => {
    kafka = await startKafka()
    await kafka.createTopics([{ topic: TOPIC }])
    ;[port] = (await freePorts(1)) as [number]
    folder = await temporaryFolder('container-logs')
    const options = { base: BASE_IMAGE, into: join(folder.path, 'images'), network: 'host' }
    image = await buildImage('@runlight/collector', { ...options, signal: AbortSignal.timeout(300_000) })
    writeFileSync(join(folder.path, 'credentials'), CANARY)
    // Without capabilities, user 0 is stopped by rights like anybody else.
    chmodSync(folder.path, 0o755)
    const engine = await readEngine(engineHost('', process.env), process.env)
    const { user, data, mount, output } = logsOf(engine, PREFIX)
    const environment = {
      LOG_KAFKA_BROKERS: kafka.brokers.join(),
      LOG_KAFKA_TOPIC: TOPIC,
      RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
      RUNLIGHT_COLLECTOR_LOGS: WRITERS.map((name) => `${name}=${output(name)}`).join(),
      RUNLIGHT_COLLECTOR_STATE: data,
      RUNLIGHT_COLLECTOR_LINES_PER_SECOND: '100000',
      RUNLIGHT_COLLECTOR_CREDENTIALS_FILE: '/etc/runlight/credentials',
      HOME: '/tmp',
    }
    docker(
      ...['create', '--name', COLLECTOR, '--network', 'host', '--user', user, ...CONFINED, '--memory', '256m'],
      ...['--mount', `type=${mount.type},source=${mount.source},target=${mount.target},readonly`],
      ...['--mount', `type=volume,source=${COLLECTOR}-data,target=${data}`],
      ...['--volume', `${folder.path}:/etc/runlight:ro`],
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      image.reference,
    )
  }, 300_000)

  afterAll(async () => {
    for (const name of [COLLECTOR, ...WRITERS.map((each) => `${PREFIX}-${each}`)]) docker('rm', '--force', name)
    docker('volume', 'rm', '--force', `${COLLECTOR}-data`)
    docker('image', 'rm', image.reference)
    await kafka.stop()
    await folder.remove()
  })

  it('reach the bus once and in order, with the collector killed and a container replaced in between', async () => {
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    const startCollector = async () => {
      docker('start', COLLECTOR)
      await vi.waitUntil(isReady, WAIT).catch((cause: unknown) => {
        throw new Error(`The collector does not get ready. Its log:\n${docker('logs', '--tail', '20', COLLECTOR)}`, {
          cause,
        })
      })
    }
    await startCollector()
    for (const name of WRITERS) startWriter(name, name)
    for (let kills = 0; kills < 2; kills++) {
      const before = (await messages('one')).length
      await vi.waitUntil(async () => (await messages('one')).length > before + 300, WAIT)
      docker('kill', '--signal', 'KILL', COLLECTOR)
      await startCollector()
    }
    docker('stop', `${PREFIX}-three`)
    // What the collector has not read of a container's rotated files goes with the container.
    await vi.waitUntil(async () => (await messages('three')).includes('done'), WAIT)
    docker('rm', `${PREFIX}-three`)
    startWriter('three', 'three again')
    for (const name of WRITERS) {
      await vi.waitUntil(
        async () =>
          (await messages(name)).filter((message) => message === 'done').length === (name === 'three' ? 2 : 1),
        WAIT,
      )
    }
    for (const name of WRITERS) {
      const all = await messages(name)
      expect(all.join()).not.toContain(CANARY)
      const of = (words: string) =>
        all.flatMap((message) => {
          const match = /^line (\d+) of ([a-z ]+?) (\.*)$/.exec(message)
          return match?.[2] === words ? [{ line: Number(match[1]), dots: match[3]?.length }] : []
        })
      // Streams are pipes of their own: which comes first of two neighbours is the engine's choice.
      for (const stream of [0, 1]) {
        const lines = of(name).filter(({ line }) => (line % 3 === 0) === (stream === 0))
        // One was stopped somewhere: all that it said until then.
        const count = name === 'three' ? of(name).length : LINES
        expect(lines).toEqual(expected(count).filter(({ line }) => (line % 3 === 0) === (stream === 0)))
      }
      if (name === 'three') expect(of('three again').length).toBe(LINES)
    }
    docker('stop', '--time', '30', COLLECTOR)
    expect(docker('inspect', '--format', '{{.State.ExitCode}} {{.State.OOMKilled}}', COLLECTOR)).toBe('0 false')
  }, 600_000)
})

function expected(count: number): { line: number; dots: number }[] {
  return Array.from({ length: count }, (_, line) => ({ line, dots: line % 500 === 7 ? 40_000 : line % 90 }))
}
