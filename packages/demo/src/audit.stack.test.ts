// Audits of this clone's own tree by the real worker: what their runs leave on the bus.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { auditGraph } from '@runlight/contracts/dependency-audit'
import { checkLogEntry } from '@runlight/contracts/log-entry'
import { checkTraceEvent } from '@runlight/contracts/trace-event'
import type { ProducerClosedData, TopicAccount, TraceEvent } from '@runlight/contracts/trace-event'
import { TOPICS } from '@runlight/contracts/topics'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { freePorts } from '../../../regression/fixtures/server-process.ts'
import { startTemporal } from '../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../regression/fixtures/temporal.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { startAudit } from './start-audit.ts'
import type { AuditOptions, AuditRun } from './start-audit.ts'

const TASK_QUEUE = 'demo-test'
const WAIT = { timeout: 60_000, interval: 200 }
const CLONE = fileURLToPath(new URL('../../../', import.meta.url))

let kafka: TestKafka
let temporal: TestTemporal
let connection: Connection
let client: Client
let worker: ChildProcess
let workerOutput = ''
let health: string
let outputFolder: string

beforeAll(async () => {
  outputFolder = await mkdtemp(join(tmpdir(), 'runlight-demo-'))
  ;[kafka, temporal] = await Promise.all([startKafka(), startTemporal()])
  await kafka.createTopics([{ topic: TOPICS.logs }, { topic: TOPICS.events }])
  connection = await Connection.connect({ address: temporal.address })
  client = new Client({ connection, namespace: temporal.namespace })
  const [port] = await freePorts(1)
  health = `http://127.0.0.1:${port}`
  worker = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: {
      ...process.env,
      LOG_KAFKA_BROKERS: kafka.brokers.join(','),
      RUNLIGHT_TEMPORAL_ADDRESS: temporal.address,
      RUNLIGHT_TEMPORAL_TASK_QUEUE: TASK_QUEUE,
      RUNLIGHT_DEMO_LOCK_FILE: join(CLONE, 'package-lock.json'),
      RUNLIGHT_DEMO_REPORT_FOLDER: outputFolder,
      RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
    },
  })
  for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (chunk) => (workerOutput += String(chunk)))
  await vi.waitFor(async () => expect((await fetch(`${health}/readyz`)).status, workerOutput).toBe(200), WAIT)
})
afterAll(async () => {
  worker?.kill('SIGKILL')
  await connection?.close()
  await Promise.all([kafka?.stop(), temporal?.stop()])
  await rm(outputFolder, { recursive: true, force: true })
})

function audit(options: Partial<AuditOptions> = {}): Promise<AuditRun> {
  return startAudit(client, { taskQueue: TASK_QUEUE, orgId: 'acme', ...options })
}

interface OnTheBus {
  events: TraceEvent[]
  /** `<producer>#<seq>` of every log entry. */
  logs: string[]
}

/** What a run left on the bus, when each of so many producers has closed; every record has its shape. */
async function onTheBus(runId: string, producers: number): Promise<OnTheBus> {
  const ofRun = async (topic: string): Promise<unknown[]> =>
    (await readTopic(kafka.brokers, topic)).filter(({ key }) => key === runId).map(({ value }) => JSON.parse(value))
  const events = await vi.waitFor(async () => {
    const read = (await ofRun(TOPICS.events)).map((event) => {
      const checked = checkTraceEvent(event)
      if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}`)
      return checked.value
    })
    expect(read.filter(({ type }) => type === 'PRODUCER_CLOSED')).toHaveLength(producers)
    return read
  }, WAIT)
  const logs = (await ofRun(TOPICS.logs)).map((entry) => {
    const checked = checkLogEntry(entry)
    if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}`)
    return `${checked.value.producer?.id}#${checked.value.producer?.seq}`
  })
  return { events, logs }
}

const numbered = ({ producerId, lastSeq }: TopicAccount): string[] =>
  Array.from({ length: lastSeq }, (_, i) => `${producerId}#${i + 1}`)

/** The accounts of a run's producers are exactly what lies on the bus: every number once, nothing else. */
function expectComplete({ events, logs }: OnTheBus): void {
  const accounts = events
    .filter(({ type }) => type === 'PRODUCER_CLOSED')
    .map(({ data }) => data as unknown as ProducerClosedData)
  const told = events
    .filter(({ type }) => type !== 'PRODUCER_CLOSED')
    .map(({ producer }) => `${producer?.id}#${producer?.seq}`)
  expect(logs.toSorted()).toEqual(accounts.flatMap((account) => numbered(account.logs)).toSorted())
  expect(told.toSorted()).toEqual(accounts.flatMap((account) => numbered(account.events)).toSorted())
}

const outcomes = (events: readonly TraceEvent[], nodeRef: string): string[] =>
  events
    .filter((event) => event.nodeRef === nodeRef && ['NODE_COMPLETED', 'NODE_FAILED'].includes(event.type))
    .map(({ attempt, type, error }) => `${attempt} ${type} ${error?.type ?? ''}`.trim())

test('an audit completes: every node of its graph, a report, and a memo that declares it', async () => {
  const run = await audit()
  expect(run.workflowId).toMatch(/^shipsec-run-[0-9a-f-]{36}$/)
  expect((await run.describe()).memo).toEqual({ graph: auditGraph(3), workflowId: 'dependency-audit', orgId: 'acme' })
  const { summary, json, markdown } = await run.result()
  expect(summary.packages).toBeGreaterThan(100)
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ runId: run.workflowId, summary })
  expect(await readFile(markdown, 'utf8')).toContain(`Run ${run.workflowId}: ${summary.packages} packages`)
  const bus = await onTheBus(run.workflowId, auditGraph(3).nodes.length)
  expectComplete(bus)
  for (const { ref } of auditGraph(3).nodes) expect(outcomes(bus.events, ref)).toEqual(['1 NODE_COMPLETED'])
  for (const event of bus.events) {
    expect(event).toMatchObject({ orgId: 'acme', workflowId: 'dependency-audit', execution: 1 })
  }
})

test('a node that fails for good fails the run; its neighbours still end, what comes after never begins', async () => {
  const run = await audit({ faults: { 'integrity-2': { fail: true } } })
  await expect(run.result()).rejects.toThrow()
  const bus = await onTheBus(run.workflowId, 11)
  expectComplete(bus)
  expect(outcomes(bus.events, 'integrity-2')).toEqual(['1 NODE_FAILED DemandedFailure'])
  expect(outcomes(bus.events, 'sizes-3')).toEqual(['1 NODE_COMPLETED'])
  expect(outcomes(bus.events, 'join')).toEqual([])
})

test('a node that fails twice succeeds in its third attempt; one that fails three times fails the run', async () => {
  const [two, three] = await Promise.all([
    audit({ faults: { duplicates: { failTimes: 2 } } }),
    audit({ faults: { 'read-lock': { failTimes: 3 } } }),
  ])
  await two.result()
  await expect(three.result()).rejects.toThrow()
  const busOfTwo = await onTheBus(two.workflowId, 15)
  expectComplete(busOfTwo)
  expect(outcomes(busOfTwo.events, 'duplicates')).toEqual([
    '1 NODE_FAILED DemandedFailure',
    '2 NODE_FAILED DemandedFailure',
    '3 NODE_COMPLETED',
  ])
  const busOfThree = await onTheBus(three.workflowId, 3)
  expectComplete(busOfThree)
  expect(outcomes(busOfThree.events, 'read-lock')).toHaveLength(3)
})

test('a node that hangs ends when its run is cancelled', async () => {
  const run = await audit({ faults: { 'read-lock': { hang: true } } })
  await vi.waitFor(async () => {
    const records = await readTopic(kafka.brokers, TOPICS.events)
    expect(records.some(({ key }) => key === run.workflowId)).toBe(true)
  }, WAIT)
  await run.cancel()
  await expect(run.result()).rejects.toThrow()
  expect((await run.describe()).status.name).toBe('CANCELLED')
  const bus = await onTheBus(run.workflowId, 1)
  expectComplete(bus)
  expect(outcomes(bus.events, 'read-lock')).toEqual(['1 NODE_FAILED CancelledFailure'])
})

test('100,000 lines of one node arrive once each', async () => {
  const run = await audit({ faults: { report: { lines: 100_000 } } })
  await run.result()
  const bus = await onTheBus(run.workflowId, auditGraph(3).nodes.length)
  expectComplete(bus)
  const closed = bus.events.find(({ type, nodeRef }) => type === 'PRODUCER_CLOSED' && nodeRef === 'report')
  expect((closed?.data as unknown as ProducerClosedData).logs).toMatchObject({ count: 100_001, dropped: [] })
})

test('health, metrics and an orderly end', async () => {
  const healthy = await fetch(`${health}/healthz`)
  expect(await healthy.json()).toMatchObject({ status: 'ok', component: 'worker', state: 'running' })
  const metrics = await (await fetch(`${health}/metrics`)).text()
  for (const topic of [TOPICS.logs, TOPICS.events]) {
    expect(metrics).toContain(`runlight_sdk_records_dropped_total{topic="${topic}",reason="queue_full"} 0`)
  }
  worker.kill('SIGTERM')
  const [code] = (await once(worker, 'close')) as [number]
  expect(code, workerOutput).toBe(0)
  expect(workerOutput).toContain('The service has stopped.')
})
