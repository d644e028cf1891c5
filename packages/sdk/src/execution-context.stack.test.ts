// What an execution context leaves on the bus.

import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { checkTraceEvent } from '@runlight/contracts/trace-event'
import type { ProducerClosedData, TraceEvent } from '@runlight/contracts/trace-event'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { currentContext, runInContext } from './current-context.ts'
import { openTelemetry } from './telemetry.ts'
import type { Telemetry } from './telemetry.ts'

let kafka: TestKafka
let telemetry: Telemetry
beforeAll(async () => {
  kafka = await startKafka()
  await kafka.createTopics([{ topic: TOPICS.logs }, { topic: TOPICS.events }])
  telemetry = openTelemetry({ brokers: kafka.brokers, onDiagnostic: () => undefined, maxBackoffMs: 200 })
})
afterAll(async () => {
  await telemetry?.close(10_000)
  await kafka?.stop()
})

const CLOSE_MS = 60_000

async function readLogs(runId: string): Promise<LogEntry[]> {
  const records = await readTopic(kafka.brokers, TOPICS.logs)
  return records
    .filter(({ key }) => key === runId)
    .map(({ value }) => {
      const checked = checkLogEntry(JSON.parse(value))
      if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}: ${value}`)
      return checked.value
    })
}

async function readEvents(runId: string): Promise<TraceEvent[]> {
  const records = await readTopic(kafka.brokers, TOPICS.events)
  return records
    .filter(({ key }) => key === runId)
    .map(({ value }) => {
      const checked = checkTraceEvent(JSON.parse(value))
      if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}: ${value}`)
      return checked.value
    })
}

const closedData = (event: TraceEvent | undefined): ProducerClosedData => event?.data as unknown as ProducerClosedData

test('one attempt of a node: entries, steps with their causes, the account', async () => {
  const identity = { runId: 'run-a', workflowId: 'audit', orgId: 'acme', execution: 2, nodeRef: 'n', attempt: 1 }
  const context = telemetry.context(identity)
  context.started()
  context.logger.info('hello', { a: 1 })
  context.logger.debug('details')
  context.stdout(Buffer.from('two\nli'))
  context.stderr('careful\n')
  context.stdout(Buffer.from('nes'))
  context.emitProgress({ message: 'half way', data: { done: 5, total: 10 } })
  context.completed({ files: 3 })
  expect(await context.close(CLOSE_MS)).toBe(true)

  const logs = await readLogs('run-a')
  expect(
    logs.map(({ type, level, stream, message, metadata }) => ({ type, level, stream, message, metadata })),
  ).toEqual([
    { type: 'task', level: 'info', stream: 'system', message: 'hello', metadata: { a: 1 } },
    { type: 'task', level: 'debug', stream: 'system', message: 'details' },
    { type: 'task', level: 'info', stream: 'stdout', message: 'two' },
    { type: 'task', level: 'warn', stream: 'stderr', message: 'careful' },
    { type: 'task', level: 'info', stream: 'stdout', message: 'lines' },
  ])
  for (const log of logs) expect(log).toMatchObject(identity)
  expect(logs.map(({ producer }) => producer?.seq)).toEqual([1, 2, 3, 4, 5])

  const events = await readEvents('run-a')
  for (const event of events) expect(event).toMatchObject(identity)
  expect(events.map(({ type, causes }) => ({ type, causes }))).toEqual([
    { type: 'NODE_STARTED', causes: ['2/n/1/NODE_SCHEDULED'] },
    { type: 'NODE_PROGRESS', causes: ['2/n/1/NODE_STARTED'] },
    { type: 'NODE_COMPLETED', causes: ['2/n/1/NODE_STARTED'] },
    { type: 'PRODUCER_CLOSED', causes: ['2/n/1/NODE_COMPLETED'] },
  ])
  expect(events[1]).toMatchObject({ message: 'half way', data: { done: 5, total: 10 } })
  expect(events[2]?.outputSummary).toEqual({ files: 3 })
  const records = await readTopic(kafka.brokers, TOPICS.events)
  const completed = records.findLast(({ value }) => value.includes('"type":"NODE_COMPLETED"'))
  expect(closedData(events[3])).toMatchObject({
    logs: { producerId: logs[0]?.producer?.id, count: 5, lastSeq: 5, dropped: [], redacted: 0, limited: 0 },
    events: {
      producerId: events[0]?.producer?.id,
      count: 3,
      lastSeq: 3,
      positions: [{ partition: completed?.partition, offset: String(completed?.offset) }],
    },
  })
  const times = [...logs, ...events].map(({ timestamp }) => timestamp)
  expect(new Set(times).size).toBe(times.length)
})

test('a later attempt that fails: an identity of its own, the error with its type', async () => {
  const context = telemetry.context({ runId: 'run-b', nodeRef: 'n', attempt: 3 })
  context.started()
  context.failed(new RangeError('out of reach'), { retryable: false })
  expect(await context.close(CLOSE_MS)).toBe(true)
  const [started, failed, closed] = await readEvents('run-b')
  expect(started?.causes).toEqual(['1/n/3/NODE_RETRYING'])
  expect(failed).toMatchObject({
    type: 'NODE_FAILED',
    level: 'error',
    error: { type: 'RangeError', message: 'out of reach', retryable: false },
  })
  expect(closed?.causes).toEqual(['1/n/3/NODE_FAILED'])
  expect(closedData(closed).logs).toMatchObject({ count: 0, lastSeq: 0, positions: [] })
})

test('without a node: job entries, steps as entries, an account', async () => {
  const context = telemetry.context({ runId: 'run-c' })
  context.logger.info('for the run')
  context.emitProgress({ message: 'so far', data: { x: 1 } })
  expect(await context.close(CLOSE_MS)).toBe(true)
  const logs = await readLogs('run-c')
  expect(logs.map(({ type, message, metadata }) => ({ type, message, metadata }))).toEqual([
    { type: 'job', message: 'for the run' },
    { type: 'job', message: 'so far', metadata: { data: { x: 1 } } },
  ])
  expect((await readEvents('run-c')).map(({ type }) => type)).toEqual(['PRODUCER_CLOSED'])
})

test('steps stay small enough for the bus, whatever is put into them', async () => {
  const context = telemetry.context({ runId: 'run-d', nodeRef: 'n' })
  const huge = 'x'.repeat(20_000_000)
  context.emitProgress({ message: huge, data: { huge } })
  context.failed(Object.assign(new Error(huge), { stack: huge }))
  context.completed({ huge, cycle: context })
  expect(await context.close(CLOSE_MS)).toBe(true)
  const events = await readEvents('run-d')
  expect(events.map(({ type }) => type)).toEqual(['NODE_PROGRESS', 'NODE_FAILED', 'NODE_COMPLETED', 'PRODUCER_CLOSED'])
  expect(events[0]).toMatchObject({ data: { truncated: true } })
  expect(events[1]?.error?.message).toMatch(/… \[cut: \d+ more characters\]$/)
  expect(events[2]).toMatchObject({ outputSummary: { truncated: true } })
})

test('after the close nothing is taken any more, and it is counted', async () => {
  const context = telemetry.context({ runId: 'run-e', nodeRef: 'n' })
  context.logger.info('in time')
  const closing = context.close(CLOSE_MS)
  const before = telemetry.logs.stats().dropped.closed
  context.logger.info('too late')
  context.stdout('too late\n')
  context.emitProgress({ message: 'too late' })
  expect(context.close()).toBe(closing)
  expect(await closing).toBe(true)
  expect(telemetry.logs.stats().dropped.closed).toBe(before + 2)
  expect(await readLogs('run-e')).toHaveLength(1)
  expect(await readEvents('run-e')).toHaveLength(1)
})

test('what is awaited finds its own context', async () => {
  const [one, two] = ['1', '2'].map((nodeRef) => telemetry.context({ runId: 'run-f', nodeRef }))
  if (!one || !two) throw new Error('two contexts')
  const seen = await Promise.all(
    [one, two].map((context) =>
      runInContext(context, async () => {
        await new Promise(setImmediate)
        return currentContext()
      }),
    ),
  )
  expect(seen).toEqual([one, two])
  expect(currentContext()).toBeUndefined()
})

test('a close that runs out of time claims nothing; one without an end waits for the bus', async () => {
  const hasty = telemetry.context({ runId: 'run-g', nodeRef: 'n' })
  const patient = telemetry.context({ runId: 'run-h', nodeRef: 'n' })
  expect(await telemetry.logs.flush(CLOSE_MS)).toBe(true)
  await kafka.kill()
  hasty.logger.info('not claimed')
  patient.logger.info('claimed')
  const patiently = patient.close()
  expect(await hasty.close(100)).toBe(false)
  await kafka.start()
  expect(await patiently).toBe(true)
  expect(await readLogs('run-g')).toHaveLength(1)
  expect(await readEvents('run-g')).toEqual([])
  expect(closedData((await readEvents('run-h'))[0]).logs.count).toBe(1)
})

test('what was dropped during an outage is in the account and in the log', async () => {
  const small = openTelemetry({
    brokers: kafka.brokers,
    onDiagnostic: () => undefined,
    maxBackoffMs: 200,
    queueBytes: 50_000,
  })
  const context = small.context({ runId: 'run-i', nodeRef: 'n' })
  context.started()
  expect(await context.flush(CLOSE_MS)).toBe(true)
  await kafka.kill()
  for (let i = 0; i < 1000; i++) {
    context.logger.info(`line ${i}`)
    context.emitProgress({ message: `step ${i}` })
  }
  context.completed()
  const closing = context.close()
  await kafka.start()
  expect(await closing).toBe(true)
  const [logs, events] = [await readLogs('run-i'), await readEvents('run-i')]
  const closed = closedData(events.at(-1))
  for (const [account, stored] of [
    [closed.logs, logs.length],
    [closed.events, events.length - 1],
  ] as const) {
    const dropped = account.dropped.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    expect(dropped).toBeGreaterThan(0)
    expect(account.count).toBe(stored)
    expect(account.count + dropped).toBe(account.lastSeq)
  }
  // What the status of a run hangs on is not dropped for progress.
  expect(events.map(({ type }) => type)).toContain('NODE_COMPLETED')
  expect(logs.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('were dropped') })
  expect(await small.close(CLOSE_MS)).toBe(true)
})
