// How a run stands, with the real Temporal, bus, Loki and trace store: right at once, never taken back, honest when
// one of them is away.

import type { LogPage, TracePage } from '@runlight/contracts/api'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { ExecutionStatus as StatusShape } from '@runlight/contracts/execution-status'
import { shape } from '@runlight/contracts/schema'
import { TOPICS, replayTopic } from '@runlight/contracts/topics'
import type { TopicAccount, TraceEvent } from '@runlight/contracts/trace-event'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startKafka } from '../../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../../regression/fixtures/kafka.ts'
import { startLoki } from '../../../../regression/fixtures/loki.ts'
import type { TestLoki } from '../../../../regression/fixtures/loki.ts'
import { startTemporal } from '../../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../../regression/fixtures/temporal.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { commitAsLoki, lokiLetter } from '../test/loki-group.fixture.ts'
import { readEvents } from '../test/event-stream.fixture.ts'
import { account, closed, logEntry, traceEvent } from '../test/records.fixture.ts'
import { complete, fail, takeFirstTask } from '../test/temporal-tasks.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

let temporal: TestTemporal
let kafka: TestKafka
let loki: TestLoki
let store: TraceStore
let connection: Connection
let client: Client
let api: TestApi

beforeAll(async () => {
  ;[temporal, kafka, loki, store] = await Promise.all([startTemporal(), startKafka(), startLoki(), startTraceStore()])
  const topics = [TOPICS.logs, TOPICS.events, TOPICS.deadLetters, replayTopic('loki')]
  await kafka.createTopics(topics.map((topic) => ({ topic, partitions: 5 })))
  connection = await Connection.connect({ address: temporal.address })
  client = new Client({ connection })
  api = await startTestApi(store.postgres, { temporal, brokers: kafka.brokers, lokiUrl: loki.url })
})

afterAll(async () => {
  await api?.stop()
  await connection?.close()
  await Promise.all([store?.stop(), loki?.stop(), kafka?.stop(), temporal?.stop()])
})

async function status(runId: string): Promise<ExecutionStatus> {
  const answer = await api.get<ExecutionStatus>(`/workflows/runs/${encodeURIComponent(runId)}/status`)
  expect(shape(StatusShape).check(answer)).toMatchObject({ ok: true })
  return answer
}

/** The status as soon as it is this one; every status on the way there is given too. */
async function untilStatus(runId: string, wanted: ExecutionStatus['status']): Promise<ExecutionStatus> {
  await expect.poll(async () => (await status(runId)).status, { timeout: 10_000, interval: 100 }).toBe(wanted)
  return status(runId)
}

const MEMO = { workflowId: 'audit', orgId: 'acme', graph: { nodes: [{ ref: 'build', after: [] }] } }

async function start(runId: string): Promise<void> {
  await client.workflow.start('audit', { workflowId: runId, taskQueue: runId, memo: MEMO })
}

const commitLoki = (partition: number, offset: number, topic: string = TOPICS.logs) =>
  commitAsLoki(kafka.client(), topic, partition, offset)

const takeTask = (runId: string) => takeFirstTask(connection, temporal.namespace, runId)

const event = (runId: string, type: TraceEvent['type'], fields: Partial<TraceEvent> = {}) =>
  traceEvent({ runId, type, orgId: 'acme', workflowId: 'audit', ...fields })

describe('before the trace store knows anything', () => {
  test('a run is queued, runs, and completes', async () => {
    const runId = 'run/ä 1'
    await start(runId)
    // With its first question the API still has to find the bus; on a busy machine it answers without it meanwhile.
    await expect.poll(() => status(runId), { timeout: 20_000 }).not.toHaveProperty('degraded')
    expect(await status(runId)).toMatchObject({
      ...{ runId, orgId: 'acme', workflowId: 'audit', execution: 1, status: 'QUEUED' },
      progress: { completedActions: 0, totalActions: 1 },
      telemetry: { loki: { state: 'arriving' }, postgres: { state: 'arriving' } },
    })
    const answer = await takeTask(runId)
    await untilStatus(runId, 'RUNNING')
    await answer(complete)
    const done = await untilStatus(runId, 'COMPLETED')
    expect(done.completedAt && done.startedAt && done.completedAt > done.startedAt).toBe(true)
    // Its trace and its lines are empty, not unknown.
    const path = `/workflows/runs/${encodeURIComponent(runId)}`
    expect(await api.get(`${path}/logs`)).toMatchObject({ logs: [], hasMore: false })
    expect(await api.get(`${path}/trace`)).toMatchObject({ events: [], hasMore: false })
  })

  test('a run fails with its failure', async () => {
    await start('run-fails')
    await takeTask('run-fails').then((answer) => answer(fail))
    expect((await untilStatus('run-fails', 'FAILED')).failure).toEqual({
      ...{ reason: 'AuditError', message: 'the lock file is broken' },
    })
  })

  test('a run is terminated with the reason', async () => {
    await start('run-terminated')
    await client.workflow.getHandle('run-terminated').terminate('not needed any more')
    expect((await untilStatus('run-terminated', 'TERMINATED')).failure).toEqual({
      ...{ reason: 'Terminated', message: 'not needed any more' },
    })
  })
})

describe('with events stored', () => {
  test('Temporal tells of an end that is not stored yet; the stored one stays', async () => {
    const runId = 'run-stored'
    await start(runId)
    await store.storeEvents([
      event(runId, 'RUN_STARTED', { data: { graph: MEMO.graph } }),
      event(runId, 'NODE_COMPLETED', { nodeRef: 'build' }),
    ])
    expect(await status(runId)).toMatchObject({ status: 'RUNNING', progress: { completedActions: 1, totalActions: 1 } })
    await takeTask(runId).then((answer) => answer(complete))
    const told = await untilStatus(runId, 'COMPLETED')
    expect(told).toMatchObject({ progress: { completedActions: 1 }, telemetry: { postgres: { state: 'arriving' } } })
    await store.storeEvents([
      event(runId, 'RUN_COMPLETED', { data: { attempts: [] } }),
      event(runId, 'NODE_PROGRESS', { nodeRef: 'build' }),
    ])
    expect(await status(runId)).toMatchObject({ status: 'COMPLETED', telemetry: { postgres: { state: 'complete' } } })
  })

  test('a run that goes on in another execution is not over', async () => {
    const runId = 'run-continued'
    await store.storeEvents([
      event(runId, 'RUN_STARTED'),
      event(runId, 'RUN_COMPLETED', { data: { attempts: [], continuedBy: 'a Temporal run' } }),
    ])
    // Temporal has forgotten it: what is stored is all there is to say.
    expect(await status(runId)).toMatchObject({ status: 'COMPLETED', execution: 1 })
    await start(runId)
    expect(await untilStatus(runId, 'QUEUED')).toMatchObject({
      execution: 2,
      telemetry: { loki: { state: 'arriving' } },
    })
    await store.storeEvents([event(runId, 'RUN_STARTED', { execution: 2 })])
    expect(await untilStatus(runId, 'RUNNING')).toMatchObject({ execution: 2 })
  })
})

describe('completeness', () => {
  const runId = 'run-accounted'
  const sent = (producerId: string, lastSeq: number, offset: number) =>
    account({ producerId, lastSeq, count: lastSeq, positions: [{ partition: 2, offset: String(offset) }] })

  const completed = (whole: string, logs: TopicAccount) =>
    store.storeEvents([
      event(whole, 'RUN_STARTED'),
      closed(whole, { logs, events: account({ producerId: 'steps' }) }),
      event(whole, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
    ])

  const states = async () => {
    const { telemetry } = await status(runId)
    return { loki: telemetry.loki?.state, postgres: telemetry.postgres?.state }
  }

  test('follows each store by its own progress', async () => {
    await store.storeEvents([event(runId, 'RUN_STARTED')])
    expect(await states()).toEqual({ loki: 'arriving', postgres: 'arriving' })
    const lines = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) =>
        logEntry({ runId, producer: { id: 'lines', seq: from + index }, message: `line ${from + index}` }),
      )
    await store.storeLogs(lines(1, 3), { partition: 2 })
    await store.storeEvents([
      closed(runId, { logs: sent('lines', 5, 4), events: account({ producerId: 'steps' }) }),
      event(runId, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
    ])
    expect(await states()).toEqual({ loki: 'arriving', postgres: 'arriving' })
    await store.storeLogs(lines(4, 5), { partition: 2 })
    expect(await states()).toEqual({ loki: 'arriving', postgres: 'complete' })
    await commitLoki(2, 4)
    await expect.poll(states, { timeout: 5_000 }).toEqual({ loki: 'arriving', postgres: 'complete' })
    await commitLoki(2, 5)
    await expect.poll(states, { timeout: 5_000 }).toEqual({ loki: 'complete', postgres: 'complete' })
  })

  test('what Loki refused is missing there, until its replay has passed', async () => {
    const refusing = 'run-refused'
    const appendedAt = Date.now() - 1_000
    const line = (seq: number) => logEntry({ runId: refusing, producer: { id: 'refused', seq } })
    await store.storeLogs([line(1), line(2), line(3)], { partition: 1, appendedAt })
    const logs = account({ producerId: 'refused', lastSeq: 4, count: 4, positions: [{ partition: 1, offset: '3' }] })
    await completed(refusing, logs)
    // One that the hot store has, too, and one that only the letter itself knows.
    const letter = (seq: number) =>
      lokiLetter(`letter-${seq}`, line(seq), { partition: 1, offset: seq - 1, appendedAt })
    await store.sql`INSERT INTO dead_letters ${store.sql([letter(2), letter(4)])}`
    await commitLoki(1, 4)
    const loki = async () => (await status(refusing)).telemetry.loki
    const ranges = (...seqs: number[]) => [
      { producerId: 'refused', topic: TOPICS.logs, ranges: seqs.map((seq) => ({ from: seq, to: seq })) },
    ]
    await expect.poll(loki, { timeout: 10_000 }).toMatchObject({ state: 'missing', missing: ranges(2, 4) })

    await store.sql`UPDATE dead_letters SET replay_offset = 0 WHERE id = 'letter-2'`
    expect(await loki()).toMatchObject({ state: 'missing', missing: ranges(2, 4) })
    await commitLoki(0, 1, replayTopic('loki'))
    await expect.poll(loki, { timeout: 10_000 }).toMatchObject({ state: 'missing', missing: ranges(4) })
  })

  test('Loki counts as passed only once the letters of what it refused are stored', async () => {
    const early = 'run-early'
    await store.storeLogs([logEntry({ runId: early, producer: { id: 'early', seq: 1 } })], { partition: 4 })
    const logs = account({ producerId: 'early', lastSeq: 1, count: 1, positions: [{ partition: 4, offset: '0' }] })
    await completed(early, logs)
    const producer = kafka.client().producer()
    await producer.connect()
    await producer.send({ topic: TOPICS.deadLetters, messages: [{ value: 'a letter', partition: 0 }] })
    await producer.disconnect()
    await commitLoki(4, 1)
    const loki = async () => (await status(early)).telemetry.loki?.state
    const seen: unknown[] = [] // as often as it takes for the API to ask anew
    await expect.poll(async () => seen.push(await loki()), { timeout: 10_000, interval: 200 }).toBeGreaterThan(12)
    expect(new Set(seen)).toEqual(new Set(['arriving']))
    await store.sql`
      INSERT INTO positions (topic, kafka_partition, generation, next_offset, updated_at)
      VALUES (${TOPICS.deadLetters}, 0, 'first', 1, now())`
    await expect.poll(loki, { timeout: 10_000 }).toBe('complete')
  })

  test('names what a store that has passed it does not hold, and who has not closed', async () => {
    const lossy = 'run-lossy'
    const ago = Date.now() - 120_000
    const timestamp = new Date(ago).toISOString()
    const line = (seq: number) => logEntry({ runId: lossy, timestamp, producer: { id: 'lossy', seq } })
    const killed = { nodeRef: 'deploy', attempt: 3 }
    const unclosed = [1, 2, 3].map((seq) =>
      logEntry({ runId: lossy, timestamp, ...killed, producer: { id: 'killed', seq } }),
    )
    await store.storeLogs([line(1), ...unclosed], { partition: 3, appendedAt: ago })
    store.skip(TOPICS.logs, 3, 2)
    await store.storeLogs([line(4)], { partition: 3, appendedAt: ago })
    const logs = account({
      ...{ producerId: 'lossy', lastSeq: 4, count: 4, positions: [{ partition: 3, offset: '6' }] },
    })
    const attempts = [
      { nodeRef: 'build', attempt: 1, outcome: 'completed' },
      { ...killed, outcome: 'timed_out' },
    ]
    await store.storeEvents([
      event(lossy, 'RUN_STARTED', { timestamp }),
      closed(lossy, { logs, events: account({ producerId: 'steps' }) }),
      event(lossy, 'RUN_FAILED', { timestamp, data: { attempts } }),
    ])
    const { telemetry } = await status(lossy)
    expect(telemetry.postgres).toEqual({
      ...{ state: 'unknown', dropped: 0 },
      missing: [{ producerId: 'lossy', topic: TOPICS.logs, ranges: [{ from: 2, to: 3 }] }],
      unclosed: [{ nodeRef: 'deploy', execution: 1, attempt: 3, knownUpTo: 3 }],
    })
  })
})

describe('when something is away', () => {
  test('Temporal: what it told of an end stays, the rest is answered from the trace store, marked degraded', async () => {
    await Promise.all(['run-ended-before', 'run-open-before', 'run-unstored'].map(start))
    await takeTask('run-ended-before').then((answer) => answer(complete))
    await store.storeEvents(['run-ended-before', 'run-open-before'].map((runId) => event(runId, 'RUN_STARTED')))
    await untilStatus('run-ended-before', 'COMPLETED')
    await temporal.kill()

    expect(await untilStatus('run-ended-before', 'COMPLETED')).not.toHaveProperty('degraded')
    await expect
      .poll(() => status('run-open-before'), { timeout: 5_000 })
      .toMatchObject({ status: 'RUNNING', degraded: [{ component: 'temporal' }] })
    expect((await api.refused('/workflows/runs/run-unstored/status')).status).toBe(404)

    await temporal.start()
    await expect
      .poll(async () => (await status('run-open-before')).degraded, { timeout: 20_000, interval: 250 })
      .toBeUndefined()
    expect(await untilStatus('run-unstored', 'QUEUED')).toMatchObject({ status: 'QUEUED' })
  })

  test('Loki: status, trace, the live stream and recent lines go on, marked degraded', async () => {
    await loki.kill()
    const degraded = [{ component: 'loki' }]
    const logs = '/workflows/runs/run-accounted/logs'
    await expect.poll(() => api.get(logs), { timeout: 15_000, interval: 250 }).toMatchObject({ degraded })
    expect((await api.get<LogPage>(logs)).logs).toHaveLength(5)
    expect(await status('run-accounted')).toMatchObject({ status: 'COMPLETED', degraded })
    const trace = await api.get<TracePage>('/workflows/runs/run-accounted/trace')
    for (const answer of [trace, await api.get('/workflows/runs')]) expect(answer).toMatchObject({ degraded })
    const reader = await readEvents(new URL(logs.replace('/logs', '/stream'), api.url))
    const told = (name: string) => reader.events.filter(({ event }) => event === name)
    const all = [5, trace.events.length]
    await expect.poll(() => ['log', 'trace'].map((name) => told(name).length), { timeout: 30_000 }).toEqual(all)
    await expect.poll(() => told('status').at(-1)?.data, { timeout: 30_000 }).toContain('"component":"loki"')
    reader.cut()
    expect(await (await fetch(`${api.url}/readyz`)).text()).toContain('answers are marked degraded')
    await loki.start()
    await expect.poll(() => api.get(logs), { timeout: 15_000, interval: 250 }).not.toHaveProperty('degraded')
  })

  test('the bus: what has reached Loki since is not known, and what was settled before stays', async () => {
    await kafka.kill()
    await expect
      .poll(() => status('run-stored'), { timeout: 10_000, interval: 250 })
      .toMatchObject({ telemetry: { loki: { state: 'complete' } } })
    const runId = 'run-after-the-bus'
    await store.storeEvents([
      event(runId, 'RUN_STARTED'),
      closed(runId, {
        logs: account({ producerId: 'late', lastSeq: 1, count: 1, positions: [{ partition: 0, offset: '0' }] }),
        events: account({ producerId: 'late' }),
      }),
      event(runId, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
    ])
    await expect
      .poll(() => status(runId), { timeout: 10_000, interval: 250 })
      .toMatchObject({
        status: 'COMPLETED',
        telemetry: { loki: { state: 'arriving' } },
        degraded: [{ component: 'bus' }],
      })
    await kafka.start()
    await expect.poll(async () => (await status(runId)).degraded, { timeout: 30_000, interval: 250 }).toBeUndefined()
    await commitLoki(0, 1)
    await expect
      .poll(async () => (await status(runId)).telemetry.loki?.state, { timeout: 10_000, interval: 250 })
      .toBe('complete')
  })
})
