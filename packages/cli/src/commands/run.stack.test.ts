// `runlight run` as a person uses it, on a real bus.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { readTopic } from '../../../../regression/oracle/topic-records.ts'

const BIN = fileURLToPath(new URL('../../bin/runlight.mjs', import.meta.url))

let kafka: TestKafka
beforeAll(async () => {
  kafka = await startKafka()
  await kafka.createTopics([{ topic: TOPICS.logs }, { topic: TOPICS.events }])
})
afterAll(() => kafka?.stop())

interface Outcome {
  code: number | null
  out: string
  err: string
}

/** A bus that is there is waited for, also where the machine is busy; of two bounds the later one counts. */
const PATIENT = ['--flush-timeout', '60']

/** Runs it; `signal` is sent as soon as the command has said `ready`. */
async function run(args: string[], { env = {}, signal }: { env?: NodeJS.ProcessEnv; signal?: NodeJS.Signals } = {}) {
  const child = spawn(process.execPath, [BIN, 'run', ...PATIENT, ...args], {
    env: { ...process.env, LOG_KAFKA_BROKERS: kafka.brokers.join(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    out.push(chunk)
    if (signal && Buffer.concat(out).includes('ready')) child.kill(signal)
  })
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return {
    code,
    out: Buffer.concat(out).toString('latin1'),
    err: Buffer.concat(err).toString('latin1'),
  } satisfies Outcome
}

async function records(topic: string, key: string) {
  const all = await readTopic(kafka.brokers, topic)
  return all.filter((record) => record.key === key).map(({ value }) => JSON.parse(value) as Record<string, unknown>)
}

const node = (code: string): string[] => ['--', process.execPath, '-e', code]

test('output stays what it was, byte for byte, and its lines are those of the component', async () => {
  const bytes = `Buffer.from([0, 0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xc3, 0xbc, 13, 10, 10, 0x61])`
  const { code, out, err } = await run([
    '--component',
    'bytes',
    ...node(`process.stdout.write(${bytes}); process.stderr.write('password=hunter2\\n'); process.exitCode = 7`),
  ])
  expect(code).toBe(7)
  expect(out).toBe('\u0000\u00ff\u001b[31m\u00c3\u00bc\r\n\na')
  expect(err).toBe('password=hunter2\n')
  const logs = await records(TOPICS.logs, 'bytes')
  expect(logs.map(({ type, stream, level, message }) => [type, stream, level, message]).toSorted()).toEqual(
    [
      ['system', 'stdout', 'info', '\u0000\ufffd\u001b[31mü'],
      ['system', 'stdout', 'info', ''],
      ['system', 'stdout', 'info', 'a'],
      ['system', 'stderr', 'warn', 'password=[redacted]'],
    ].toSorted(),
  )
})

test('much output arrives whole on both sides', async () => {
  const { code, out } = await run([
    '--component',
    'much',
    ...node(`for (let i = 0; i < 50000; i++) console.log('line ' + i)`),
  ])
  expect(code).toBe(0)
  expect(out.trimEnd().split('\n')).toHaveLength(50_000)
  expect(await records(TOPICS.logs, 'much')).toHaveLength(50_000)
})

test('a run named by the environment, a node by an option: entries, an account, and the command knows it too', async () => {
  const { code, out } = await run(
    [
      '--node',
      'build',
      '--attempt',
      '2',
      '--ansi',
      'strip',
      ...node(
        `console.log('\\u001b[1m' + [process.env.RUNLIGHT_RUN_ID, process.env.RUNLIGHT_NODE, process.env.RUNLIGHT_ATTEMPT].join())`,
      ),
    ],
    { env: { RUNLIGHT_RUN_ID: 'run-7', RUNLIGHT_ORG_ID: 'acme', RUNLIGHT_NODE: 'other' } },
  )
  expect({ code, out }).toEqual({ code: 0, out: '\u001b[1mrun-7,build,2\n' })
  expect(await records(TOPICS.logs, 'run-7')).toMatchObject([
    { type: 'task', runId: 'run-7', orgId: 'acme', nodeRef: 'build', attempt: 2, message: 'run-7,build,2' },
  ])
  expect(await records(TOPICS.events, 'run-7')).toMatchObject([
    { type: 'PRODUCER_CLOSED', nodeRef: 'build', data: { logs: { count: 1, lastSeq: 1 } } },
  ])
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGUSR2', 140],
] as const)('%s reaches the command, which ends by it: exit code %i', async (signal, expected) => {
  const { code } = await run([...node(`setInterval(() => 0, 1000); console.log('ready')`)], { signal })
  expect(code).toBe(expected)
})

test('a command that handles a signal decides itself', async () => {
  const handler = `process.on('SIGTERM', () => { console.log('bye'); process.exit(9) }); setInterval(() => 0, 1000); console.log('ready')`
  const { code, out } = await run(['--component', 'polite', ...node(handler)], { signal: 'SIGTERM' })
  expect({ code, out }).toEqual({ code: 9, out: 'ready\nbye\n' })
  expect((await records(TOPICS.logs, 'polite')).map(({ message }) => message)).toEqual(['ready', 'bye'])
})

test('without a bus the command runs all the same, and what was not sent is said', async () => {
  const env = { LOG_KAFKA_BROKERS: '127.0.0.1:1' }
  const three = node(`for (let i = 0; i < 3; i++) console.log(i); process.exitCode = 4`)
  const { code, out, err } = await run(['--flush-timeout', '1', ...three], { env })
  expect({ code, out }).toEqual({ code: 4, out: '0\n1\n2\n' })
  expect(err).toMatch(/^runlight: 3 of 3 lines were not sent: the telemetry bus has not taken them in time/)
})

test('what cannot be run, and what is wrong on the command line, is said', async () => {
  expect(await run(['--', '/nonexistent/program'])).toMatchObject({ code: 127, err: expect.stringContaining('ENOENT') })
  expect(await run(['--', '/etc/passwd'])).toMatchObject({ code: 126, err: expect.stringContaining('EACCES') })
  expect(await run([])).toMatchObject({ code: 2 })
  expect(await run(['--', 'true'], { env: { RUNLIGHT_ANSI: 'maybe' } })).toMatchObject({
    code: 2,
    err: expect.stringContaining('RUNLIGHT_ANSI must be one of keep, strip'),
  })
})
