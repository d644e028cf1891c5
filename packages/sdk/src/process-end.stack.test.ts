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

/** Runs the program to its end; the test's own time-out is what a program that doesn't end runs into. */
async function run(settings: object): Promise<{ code: number | null; output: string }> {
  const program = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(settings)])
  let output = ''
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(program, 'close')) as [number | null]
  return { code, output }
}

const arrived = async (): Promise<number> => (await readTopic(kafka.brokers, TOPICS.logs)).length

test('a program that just ends has delivered what it logged', async () => {
  const before = await arrived()
  expect(await run({ brokers: kafka.brokers, lines: 5000, end: 'at once' })).toEqual({ code: 0, output: '' })
  expect(await arrived()).toBe(before + 5000)
})

test('an open, idle connection does not keep a program alive', async () => {
  const { code, output } = await run({ brokers: kafka.brokers, lines: 10, end: 'idle' })
  expect({ code, output }).toEqual({ code: 0, output: 'flushed: true\n' })
})

test('a program that closes has delivered everything, its account too', async () => {
  const { code, output } = await run({ brokers: kafka.brokers, lines: 1000, end: 'closed' })
  expect({ code, output }).toEqual({ code: 0, output: 'closed: true\n' })
  const events = (await readTopic(kafka.brokers, TOPICS.events)).map(({ value }) => JSON.parse(value))
  expect(events.at(-1)).toMatchObject({ type: 'PRODUCER_CLOSED', data: { logs: { count: 1000, dropped: [] } } })
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
