// Logging never keeps a process alive, and an orderly end loses nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'

let kafka: TestKafka
beforeAll(async () => {
  kafka = await startKafka()
  await kafka.createTopics([{ topic: TOPICS.logs }, { topic: TOPICS.events }])
})
afterAll(() => kafka?.stop())

const PROGRAM = fileURLToPath(new URL('./process-end.fixture.ts', import.meta.url))

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  output: string
}

/** A bus that is there is waited for, also where the machine is busy: tests about the bound set their own. */
const PATIENT = { exitTimeoutMs: 60_000 }

/**
 * Runs the program to its end; the test's own time-out is what a program that doesn't end runs into. A program that says
 * it is ready is told to end.
 */
async function run(settings: object): Promise<Ended> {
  const program = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify({ ...PATIENT, ...settings })])
  let output = ''
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk)
      if (output.endsWith('ready\n')) program.kill('SIGTERM')
    })
  }
  const [code, signal] = (await once(program, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, output }
}

const lastAccount = async (): Promise<unknown> => {
  const events = (await readTopic(kafka.brokers, TOPICS.events)).map(({ value }) => JSON.parse(value))
  return events.findLast(({ type }) => type === 'PRODUCER_CLOSED')?.data
}

const arrived = async (): Promise<number> => (await readTopic(kafka.brokers, TOPICS.logs)).length

test('a program that just ends has delivered what it logged', async () => {
  const before = await arrived()
  expect(await run({ brokers: kafka.brokers, lines: 5000, end: 'at once' })).toEqual({
    code: 0,
    signal: null,
    output: '',
  })
  expect(await arrived()).toBe(before + 5001)
  expect(await lastAccount()).toMatchObject({ logs: { count: 5000, lastSeq: 5000, dropped: [] } })
})

test('an open, idle connection does not keep a program alive', async () => {
  const { code, output } = await run({ brokers: kafka.brokers, lines: 10, end: 'idle' })
  expect({ code, output }).toEqual({ code: 0, output: 'flushed: true\n' })
})

test('a program that closes has delivered everything, its account too', async () => {
  const { code, output } = await run({ brokers: kafka.brokers, lines: 1000, end: 'closed' })
  expect({ code, output }).toEqual({ code: 0, output: 'closed: true\n' })
  expect(await lastAccount()).toMatchObject({ logs: { count: 1000, dropped: [] } })
})

test('without a bus a program ends all the same, and says that it could not be reached', async () => {
  const settings = { brokers: ['127.0.0.1:1'], lines: 10, end: 'at once' }
  const patient = await run({ ...settings, exitTimeoutMs: 500 })
  expect(patient.code).toBe(0)
  expect(patient.output).toContain('The telemetry bus takes no records')
  expect((await run({ ...settings, exitTimeoutMs: 0 })).code).toBe(0)
})

test('a program that only logs in vain, for as long as it lives, is not slowed or stopped by it', async () => {
  const { code, output } = await run({ brokers: ['127.0.0.1:1'], lines: 200_000, end: 'at once', exitTimeoutMs: 0 })
  expect(code).toBe(0)
  expect(output).toContain('Records for telemetry.logs are being dropped')
})

test('SIGTERM, and nobody else listens: everything is sent and closed, and the signal ends the program', async () => {
  const before = await arrived()
  const settings = { brokers: kafka.brokers, lines: 700, end: 'waits' }
  expect(await run(settings)).toEqual({ code: null, signal: 'SIGTERM', output: 'ready\n' })
  expect(await arrived()).toBe(before + 701)
  expect(await lastAccount()).toMatchObject({ logs: { count: 700, lastSeq: 700, dropped: [] } })
})

test('SIGTERM, and the application listens: its end is its own, and what it still logs arrives', async () => {
  const before = await arrived()
  const settings = { brokers: kafka.brokers, lines: 700, end: 'waits', listeners: 'application' }
  expect(await run(settings)).toEqual({ code: 5, signal: null, output: 'ready\n' })
  expect(await arrived()).toBe(before + 702)
  expect(await lastAccount()).toMatchObject({ logs: { count: 701, lastSeq: 701, dropped: [] } })
})

test('SIGTERM ends a program also beside a library that counts listeners, without a bus, and where it is switched off', async () => {
  const ended = { code: null, signal: 'SIGTERM' }
  const settings = { brokers: kafka.brokers, lines: 1, end: 'waits' }
  expect(await run({ ...settings, listeners: 'library' })).toMatchObject(ended)
  expect(await run({ ...settings, brokers: ['127.0.0.1:1'], exitTimeoutMs: 300 })).toMatchObject(ended)
  expect(await run({ ...settings, closeOnExit: false })).toMatchObject(ended)
})
