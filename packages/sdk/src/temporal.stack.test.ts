// Activities on a real Temporal, their contexts on a real bus.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { ProducerClosedData, TraceEvent } from '@runlight/contracts/trace-event'
import { TOPICS } from '@runlight/contracts/topics'
import { CompleteAsyncError, Context } from '@temporalio/activity'
import { Client, Connection } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { startTemporal } from '../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../regression/fixtures/temporal.ts'
import { toolPath } from '../../../regression/fixtures/tools.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { currentContext } from './current-context.ts'
import { openTelemetry } from './telemetry.ts'
import type { Telemetry } from './telemetry.ts'
import { executionsFromVisibility } from './temporal-executions.ts'
import type { ExecutionOf } from './temporal-executions.ts'
import type { Activities, chain, parallel, parent, retried, single } from './temporal-workflows.fixture.ts'
import { activityInterceptors, workflowInterceptorModule } from './temporal.ts'

const TASK_QUEUE = 'sdk-test'
/** Its worker doesn't ask visibility. */
const UNASKING_QUEUE = 'sdk-test-unasking'
const WAIT = { timeout: 60_000, interval: 100 }

let kafka: TestKafka
let temporal: TestTemporal
let telemetry: Telemetry
let connection: Connection
let native: NativeConnection
let client: Client
let workers: Worker[] = []
let running: Promise<unknown>
let start: (
  taskQueue: string,
  telemetry: Telemetry,
  executionOf?: ExecutionOf,
  connection?: NativeConnection,
) => Promise<Worker>

const activities: Activities = {
  act: async (how) => {
    const context = currentContext()
    const { info } = Context.current()
    context?.logger.info(`${how} in attempt ${info.attempt}`)
    if (how === 'fail twice' && info.attempt < 3) throw new TypeError(`attempt ${info.attempt}`)
    if (how === 'fail for good') throw ApplicationFailure.nonRetryable('no use', 'Broken', 'details')
    if (how === 'fail by its type') throw ApplicationFailure.retryable('no use', 'Hopeless')
    if (how === 'complete elsewhere') throw new CompleteAsyncError()
    if (how === 'hang') {
      const heartbeat = setInterval(() => Context.current().heartbeat(), 100)
      await Context.current().cancelled.finally(() => clearInterval(heartbeat))
    }
    return `done: ${how}`
  },
}

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
  ;[kafka, temporal] = await Promise.all([startKafka(), startTemporal()])
  await kafka.createTopics([{ topic: TOPICS.logs }, { topic: TOPICS.events }])
  telemetry = openTelemetry({ brokers: kafka.brokers, maxBackoffMs: 200 })
  connection = await Connection.connect({ address: temporal.address })
  client = new Client({ connection, namespace: temporal.namespace })
  native = await NativeConnection.connect({ address: temporal.address })
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./temporal-workflows.fixture.ts', import.meta.url)),
    workflowInterceptorModules: [workflowInterceptorModule],
    logger: new DefaultLogger('ERROR'),
  })
  start = (taskQueue, telemetry, executionOf, connection = native) =>
    Worker.create({
      connection,
      namespace: temporal.namespace,
      taskQueue,
      workflowBundle,
      activities,
      interceptors: { activity: [activityInterceptors({ telemetry, ...(executionOf && { executionOf }) })] },
      maxHeartbeatThrottleInterval: '200 milliseconds',
    })
  const asking = await start(TASK_QUEUE, telemetry, executionsFromVisibility(client))
  workers = [asking, await start(UNASKING_QUEUE, telemetry)]
  running = Promise.all(workers.map((worker) => worker.run()))
})
afterAll(async () => {
  for (const worker of workers) worker.shutdown()
  await running
  await telemetry?.close(10_000)
  await native?.close()
  await connection?.close()
  await Promise.all([kafka?.stop(), temporal?.stop()])
})

const memo = { graph: { nodes: [{ ref: 'node', after: [] }] }, workflowId: 'definition', orgId: 'acme' }
const base = { taskQueue: TASK_QUEUE, memo }

/** Events of a run, when each of so many producers has closed. */
async function eventsOf(runId: string, producers: number): Promise<TraceEvent[]> {
  return vi.waitFor(async () => {
    const records = await readTopic(kafka.brokers, TOPICS.events)
    const events = records.filter(({ key }) => key === runId).map(({ value }) => JSON.parse(value) as TraceEvent)
    expect(events.filter(({ type }) => type === 'PRODUCER_CLOSED')).toHaveLength(producers)
    return events
  }, WAIT)
}

const steps = (events: readonly TraceEvent[]): string[] =>
  events
    .filter(({ type }) => type !== 'PRODUCER_CLOSED')
    .map(({ execution, nodeRef, attempt, type }) => `${execution}/${nodeRef}/${attempt}/${type}`)

test('an activity that works: run, node and organisation are known, the result is the summary', async () => {
  await client.workflow.execute<typeof single>('single', { ...base, workflowId: 'works', args: ['work'] })
  const events = await eventsOf('works', 1)
  expect(steps(events)).toEqual(['1/node/1/NODE_STARTED', '1/node/1/NODE_COMPLETED'])
  for (const event of events) expect(event).toMatchObject({ orgId: 'acme', workflowId: 'definition' })
  expect(events[1]?.outputSummary).toBe('done: work')
  const logs = (await readTopic(kafka.brokers, TOPICS.logs)).filter(({ key }) => key === 'works')
  expect(logs.map(({ value }) => JSON.parse(value))).toMatchObject([
    { type: 'task', orgId: 'acme', workflowId: 'definition', runId: 'works', nodeRef: 'node', attempt: 1 },
  ])
})

test('a retried activity: each attempt has its own identities and account', async () => {
  await client.workflow.execute<typeof single>('single', { ...base, workflowId: 'retries', args: ['fail twice'] })
  const events = await eventsOf('retries', 3)
  expect(steps(events).toSorted()).toEqual([
    '1/node/1/NODE_FAILED',
    '1/node/1/NODE_STARTED',
    '1/node/2/NODE_FAILED',
    '1/node/2/NODE_STARTED',
    '1/node/3/NODE_COMPLETED',
    '1/node/3/NODE_STARTED',
  ])
  expect(new Set(events.map(({ producer }) => producer?.id)).size).toBe(3)
  const failed = events.find(({ type }) => type === 'NODE_FAILED')
  expect(failed?.error).toMatchObject({ type: 'TypeError', message: 'attempt 1', retryable: true })
  for (const event of events.filter(({ type }) => type === 'PRODUCER_CLOSED')) {
    const data = event.data as unknown as ProducerClosedData
    expect(data).toMatchObject({ logs: { count: 1, lastSeq: 1 }, events: { count: 2, lastSeq: 2 } })
  }
})

test.each([
  ['fail for good', { type: 'Broken', message: 'no use', retryable: false }],
  ['fail by its type', { type: 'Hopeless', message: 'no use', retryable: false }],
] as const)('an activity made to %s says that no attempt could help', async (how, error) => {
  const handle = await client.workflow.start<typeof single>('single', { ...base, workflowId: how, args: [how] })
  await expect(handle.result()).rejects.toThrow()
  const events = await eventsOf(how, 1)
  expect(events.find(({ type }) => type === 'NODE_FAILED')?.error).toMatchObject(error)
})

test('a cancellation is a failure of type CancelledFailure', async () => {
  const handle = await client.workflow.start<typeof single>('single', { ...base, workflowId: 'hangs', args: ['hang'] })
  await vi.waitFor(async () => {
    const records = await readTopic(kafka.brokers, TOPICS.events)
    expect(records.some(({ key }) => key === 'hangs')).toBe(true)
  }, WAIT)
  await handle.cancel()
  await expect(handle.result()).rejects.toThrow('cancelled')
  const events = await eventsOf('hangs', 1)
  expect(steps(events)).toEqual(['1/node/1/NODE_STARTED', '1/node/1/NODE_FAILED'])
  expect(events[1]?.error).toMatchObject({ type: 'CancelledFailure', retryable: false })
})

test('retried attempts on several workers: each has identities of its own, and accounts for what it sent', async () => {
  const elsewhere = openTelemetry({ brokers: kafka.brokers, clientId: 'another worker' })
  const second = await NativeConnection.connect({ address: temporal.address })
  const workers = [await start('several', telemetry), await start('several', elsewhere, undefined, second)]
  const bothRun = Promise.all(workers.map((worker) => worker.run()))
  const options = { ...base, taskQueue: 'several', workflowId: 'shared' }
  await client.workflow.execute<typeof parallel>('parallel', { ...options, args: [8, 'fail twice'] })
  const events = await eventsOf('shared', 8 * 3)
  for (const worker of workers) worker.shutdown()
  await bothRun
  await second.close()
  expect(await elsewhere.close(10_000)).toBe(true)
  expect(elsewhere.logs.stats().acknowledged).toBeGreaterThan(0)

  const logs = (await readTopic(kafka.brokers, TOPICS.logs)).filter(({ key }) => key === 'shared')
  const entries = logs.map(({ value }) => JSON.parse(value) as LogEntry)
  expect(entries).toHaveLength(8 * 3)
  for (const record of [...entries, ...events])
    expect(record).toMatchObject({ orgId: 'acme', workflowId: 'definition' })
  const accounts = events.filter(({ type }) => type === 'PRODUCER_CLOSED')
  expect(new Set(accounts.map(({ nodeRef, attempt }) => `${nodeRef}/${attempt}`)).size).toBe(8 * 3)
  for (const { nodeRef, attempt, producer, data } of accounts) {
    const account = data as unknown as ProducerClosedData
    const own = (record: { nodeRef?: string; attempt?: number }) =>
      record.nodeRef === nodeRef && record.attempt === attempt
    expect(entries.filter(own).map((entry) => entry.producer)).toEqual([{ id: account.logs.producerId, seq: 1 }])
    expect(account.events).toMatchObject({ producerId: producer?.id, count: 2, lastSeq: 2 })
    expect(events.filter(own).map((event) => event.producer?.seq)).toEqual([1, 2, 3])
  }
  expect(new Set(accounts.map(({ producer }) => producer?.id)).size).toBe(8 * 3)
})

test('an activity that is completed elsewhere is not told as ended', async () => {
  const args = ['complete elsewhere'] as ['complete elsewhere']
  const handle = await client.workflow.start<typeof single>('single', { ...base, workflowId: 'elsewhere', args })
  expect(steps(await eventsOf('elsewhere', 1))).toEqual(['1/node/1/NODE_STARTED'])
  await handle.terminate()
})

test.each([
  ['asked of visibility', TASK_QUEUE],
  ['as the workflow counts', UNASKING_QUEUE],
])('every continuation and every retry of a run is one execution more, %s', async (_, taskQueue) => {
  const began = (events: readonly TraceEvent[]): string[] => steps(events).filter((step) => step.endsWith('STARTED'))
  const chained = { ...base, taskQueue, workflowId: `chained ${taskQueue}` }
  await client.workflow.execute<typeof chain>('chain', { ...chained, args: [3] })
  const links = await eventsOf(chained.workflowId, 3)
  expect(began(links)).toEqual(['1/link/1/NODE_STARTED', '2/link/1/NODE_STARTED', '3/link/1/NODE_STARTED'])
  for (const event of links) expect(event).toMatchObject({ orgId: 'acme', workflowId: 'definition' })
  const handle = await client.workflow.start<typeof retried>('retried', {
    ...base,
    taskQueue,
    workflowId: `retried ${taskQueue}`,
    retry: { maximumAttempts: 2, initialInterval: '10 milliseconds' },
  })
  await expect(handle.result()).rejects.toThrow()
  const tries = await eventsOf(handle.workflowId, 2)
  expect(began(tries)).toEqual(['1/node/1/NODE_STARTED', '2/node/1/NODE_STARTED'])
})

test('an id that was used before, and a reset, are executions of their own', async () => {
  const options = { ...base, workflowId: 'again', args: ['work'] as ['work'] }
  await client.workflow.execute<typeof single>('single', options)
  await eventsOf('again', 1)
  const second = await client.workflow.start<typeof single>('single', options)
  await second.result()
  await eventsOf('again', 2)
  const reset = ['workflow', 'reset', '-w', 'again', '--type', 'FirstWorkflowTask', '--reason', 'test']
  await promisify(execFile)(toolPath('temporal', 'temporal'), [...reset, '--address', temporal.address])
  const events = await eventsOf('again', 3)
  expect(steps(events).filter((step) => step.endsWith('STARTED'))).toEqual([
    '1/node/1/NODE_STARTED',
    '2/node/1/NODE_STARTED',
    '3/node/1/NODE_STARTED',
  ])
})

test('a child run is its own first execution and inherits the organisation', async () => {
  const args = ['the-child'] as [string]
  await client.workflow.execute<typeof parent>('parent', { ...base, workflowId: 'the-parent', args })
  const [started] = await eventsOf('the-child', 1)
  expect(started).toMatchObject({ orgId: 'acme', execution: 1, nodeRef: 'node' })
  expect(started?.workflowId).toBeUndefined()
})

test('an activity does not wait for a bus that is away, and nothing of it is lost', async () => {
  await kafka.kill()
  await client.workflow.execute<typeof single>('single', { ...base, workflowId: 'meanwhile', args: ['work'] })
  await kafka.start()
  expect(steps(await eventsOf('meanwhile', 1))).toEqual(['1/node/1/NODE_STARTED', '1/node/1/NODE_COMPLETED'])
})
