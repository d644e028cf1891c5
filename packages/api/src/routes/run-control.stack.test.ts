// Runs that are started and cancelled through the API: real Temporal, the real demo worker, the real store.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Problem } from '@runlight/contracts/api'
import { CancelledRun, StartedRun } from '@runlight/contracts/api-runs'
import { auditGraph } from '@runlight/contracts/dependency-audit'
import type { ExecutionStatus } from '@runlight/contracts/execution-status'
import { shape } from '@runlight/contracts/schema'
import { ROLES } from '@runlight/contracts/tables'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePorts } from '../../../../regression/fixtures/server-process.ts'
import { startTemporal } from '../../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../../regression/fixtures/temporal.ts'
import { createControl } from '../engine/control.ts'
import type { Route } from '../http/route.ts'
import { DEFAULT_POOL, openDatabase } from '../store/database.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { traceEvent } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { runCancel, startRun } from './run-control.ts'

const CLONE = fileURLToPath(new URL('../../../../', import.meta.url))
const TASK_QUEUE = 'control-test'
const WAIT = { timeout: 120_000, interval: 100 }

let temporal: TestTemporal
let store: TraceStore
let api: TestApi
let worker: ChildProcess
let workerOutput = ''
let reports: string

beforeAll(async () => {
  reports = await mkdtemp(join(tmpdir(), 'runlight-control-'))
  ;[temporal, store] = await Promise.all([startTemporal(), startTraceStore()])
  api = await startTestApi(store.postgres, {
    temporal: { address: temporal.address, namespace: temporal.namespace },
    start: { taskQueue: TASK_QUEUE, runPrefix: 'made-' },
  })
  const [port, nobody] = await freePorts(2)
  worker = spawn(process.execPath, ['--import', 'tsx', 'packages/demo/src/main.ts'], {
    cwd: CLONE,
    env: {
      ...process.env,
      // Its records wait for a bus that never comes: here it is Temporal that tells how the runs go.
      LOG_KAFKA_BROKERS: `127.0.0.1:${nobody}`,
      RUNLIGHT_TEMPORAL_ADDRESS: temporal.address,
      RUNLIGHT_TEMPORAL_TASK_QUEUE: TASK_QUEUE,
      RUNLIGHT_DEMO_REPORT_FOLDER: reports,
      RUNLIGHT_LISTEN: `127.0.0.1:${port}`,
    },
  })
  for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (chunk) => (workerOutput += String(chunk)))
})

afterAll(async () => {
  worker?.kill('SIGKILL')
  await api?.stop()
  await Promise.all([temporal?.stop(), store?.stop()])
  await rm(reports, { recursive: true, force: true })
})

interface Posted<T> {
  status: number
  location: string | null
  body: T & Omit<Problem, 'status'>
}

async function post<T = object>(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Posted<T>> {
  const answer = await fetch(`${api.url}${path}`, {
    method: 'POST',
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    body: JSON.parse(text) as T & Omit<Problem, 'status'>,
  }
}

const startOnce = (body: unknown) => post<StartedRun>('/workflows/runs', body)
const cancelOnce = (runId: string) => post<CancelledRun>(`/workflows/runs/${encodeURIComponent(runId)}/cancel`)
/** Temporal may be too slow on a busy machine; then the same is asked again, as a 503 says. */
const answered = <T>(ask: () => Promise<Posted<T>>) =>
  vi.waitFor(async () => {
    const answer = await ask()
    expect(answer.status, JSON.stringify(answer.body)).not.toBe(503)
    return answer
  }, WAIT)
const start = (body: unknown) => answered(() => startOnce(body))
const cancel = (runId: string) => answered(() => cancelOnce(runId))

const TOO_SLOW = Symbol('Temporal was too slow')

/**
 * What is answered when a run that hangs is to be cancelled, asked once: a request that Temporal was too slow for may end
 * the run all the same, so then it is asked of another run.
 */
async function whileItHangs<T>(ask: (runId: string) => Promise<T | typeof TOO_SLOW>) {
  for (;;) {
    const { body } = await start({ inputs: { faults: { 'read-lock': { hang: true } } } })
    await stateOf(body.runId).toBe('RUNNING')
    const answer = await ask(body.runId)
    if (answer !== TOO_SLOW) return { runId: body.runId, answer: answer as T }
  }
}

/** Without a word on how a run stands: Temporal takes longer for it than anybody waits. */
function hurriedControl(connection: Connection) {
  const slow = { ok: false, reason: 'Temporal cannot be asked: it took too long' } as const
  const engine = { describe: async () => slow, version: async () => slow, forget: () => undefined }
  return createControl({ connection, namespace: temporal.namespace, taskQueue: TASK_QUEUE, engine })
}

/** Temporal may be too slow at times to say how a run stands. */
const statusOf = (runId: string) =>
  api.get<ExecutionStatus>(`/workflows/runs/${encodeURIComponent(runId)}/status`).catch(() => undefined)
const stateOf = (runId: string) => expect.poll(async () => (await statusOf(runId))?.status, { ...WAIT, message: runId })

test('a run that is started goes to its end, with its graph, its organisation and its report', async () => {
  const { status, location, body } = await start({ orgId: 'acme', inputs: { shards: 2 } })
  expect(shape(StartedRun).check(body), workerOutput).toMatchObject({ ok: true })
  expect([status, location]).toEqual([201, `/workflows/runs/${body.runId}/status`])
  expect(body.runId).toMatch(/^made-[0-9a-f-]{36}$/)
  await stateOf(body.runId).toBe('COMPLETED')
  const progress = { completedActions: 0, totalActions: auditGraph(2).nodes.length }
  await expect
    .poll(() => statusOf(body.runId), WAIT)
    .toMatchObject({ orgId: 'acme', workflowId: 'dependency-audit', progress })
  const report = JSON.parse(await readFile(join(reports, body.runId, 'audit.json'), 'utf8')) as { runId: string }
  expect(report.runId).toBe(body.runId)
  const ended = await cancel(body.runId)
  expect([ended.status, ended.body.code]).toEqual([409, 'RL_RUN_ENDED'])
})

test('a run that hangs is cancelled, and says so', async () => {
  const { runId, answer: asked } = await whileItHangs(async (id) => {
    const once = await cancelOnce(id)
    return once.status === 503 ? TOO_SLOW : once
  })
  expect(shape(CancelledRun).check(asked.body)).toMatchObject({ ok: true })
  expect([asked.status, asked.location]).toEqual([202, `/workflows/runs/${runId}/status`])
  await stateOf(runId).toBe('CANCELLED')
})

test('a run is cancelled also when Temporal was too slow to say how it stands', async () => {
  const connection = await Connection.connect({ address: temporal.address })
  const control = hurriedControl(connection)
  const { runId, answer } = await whileItHangs((id) =>
    control.cancel(id).catch((error: { code?: unknown }) => {
      if (error.code === 'RL_ENGINE_UNAVAILABLE') return TOO_SLOW
      throw error
    }),
  )
  expect(answer).toBe('RUNNING')
  await stateOf(runId).toBe('CANCELLED')
  await connection.close()
})

test('that a run has ended, or is none any more, is found out also when Temporal was too slow at first', async () => {
  await store.storeEvents([traceEvent({ runId: 'run-of-long-ago', type: 'RUN_STARTED' })])
  const connection = await Connection.connect({ address: temporal.address })
  const client = new Client({ connection, namespace: temporal.namespace })
  const ended = await client.workflow.start('nothing', { workflowId: 'run-ended', taskQueue: 'nobody' })
  await ended.terminate()
  const database = openDatabase({ url: store.postgres.url(ROLES.reader), password: 'reader', ...DEFAULT_POOL })
  const sources = { database, control: hurriedControl(connection), runPrefix: '' }
  const refusalOf = (path: Route, params: Record<string, unknown>, body?: unknown) =>
    expect.poll(() => path.answerTo({ params, query: {}, body }).catch(({ code }) => code as unknown), WAIT)
  await refusalOf(startRun(sources), {}, { runId: 'run-of-long-ago' }).toBe('RL_RUN_EXISTS')
  await refusalOf(runCancel(sources), { runId: 'run-ended' }).toBe('RL_RUN_ENDED')
  await refusalOf(runCancel(sources), { runId: 'run-of-long-ago' }).toBe('RL_RUN_ENDED')
  await refusalOf(runCancel(sources), { runId: 'nobody' }).toBe('RL_RUN_NOT_FOUND')
  await Promise.all([database.close(), connection.close()])
})

describe('an id of its own', () => {
  test('gives the same run for the same request, also side by side, and a 409 for another', async () => {
    const request = { runId: 'own/run 1', orgId: 'acme', inputs: { faults: { join: { hang: true } } } }
    const answers = await Promise.all([1, 2, 3].map(() => start(request)))
    // The one that started it has it from Temporal; when that takes too long, it is told as those who come later.
    expect([[200, 200, 201], Array(3).fill(200)]).toContainEqual(answers.map(({ status }) => status).sort())
    expect(new Set(answers.map(({ body }) => body.temporalRunId)).size).toBe(1)
    expect(answers[0]?.location).toBe('/workflows/runs/own%2Frun%201/status')
    for (const other of [
      { ...request, orgId: 'other' },
      { ...request, inputs: {} },
    ]) {
      const { status, body } = await start(other)
      expect([status, body.code]).toEqual([409, 'RL_RUN_EXISTS'])
    }
    // Where Temporal was too slow at first, that request may have ended it.
    const { status, body } = await cancel(request.runId)
    expect([202, 'RL_RUN_ENDED']).toContain(status === 409 ? body.code : status)
    await stateOf(request.runId).toBe('CANCELLED')
    // Its end changes nothing: an id is one run.
    expect((await start(request)).status).toBe(200)
    expect((await start({ ...request, inputs: {} })).status).toBe(409)
  })

  test('of a run that Temporal does not keep any more is refused', async () => {
    await store.storeEvents([traceEvent({ runId: 'run-of-old', type: 'RUN_STARTED' })])
    const { status, body } = await start({ runId: 'run-of-old' })
    expect([status, body.code]).toEqual([409, 'RL_RUN_EXISTS'])
    const cancelled = await cancel('run-of-old')
    expect([cancelled.status, cancelled.body.code]).toEqual([409, 'RL_RUN_ENDED'])
  })
})

test('a run that nobody knows cannot be cancelled', async () => {
  const { status, body } = await cancel('nobody')
  expect([status, body.code]).toEqual([404, 'RL_RUN_NOT_FOUND'])
})

test.each<[body: unknown, status: number, parameter: string | undefined]>([
  [{ inputs: { shards: 0 } }, 400, 'inputs.shards'],
  [{ inputs: { shards: '3' } }, 400, 'inputs.shards'],
  [{ inputs: { timeoutMs: 1 } }, 400, 'inputs.timeoutMs'],
  [{ inputs: { faults: { nowhere: { fail: true } } } }, 400, 'inputs.faults.nowhere'],
  [{ inputs: { faults: { 'sizes-2': { fail: true } }, shards: 1 } }, 400, 'inputs.faults.sizes-2'],
  [{ inputs: { faults: { join: { lines: 1e9 } } } }, 400, 'inputs.faults.join.lines'],
  [{ inputs: { lockFile: '/etc/passwd' } }, 400, 'inputs.lockFile'],
  [{ workflowId: 'another' }, 400, 'workflowId'],
  [{ runId: 'a\u0000b' }, 400, 'runId'],
  [{ runId: '' }, 400, 'runId'],
  [{ orgId: 'not an id' }, 400, 'orgId'],
  [[], 400, 'body'],
  ['{"inputs":', 400, 'body'],
  ['', 400, 'body'],
  ['{"__proto__":{"runId":"x"}}', 400, 'body'],
])('%j is refused: %i, %s', async (body, expected, parameter) => {
  const answer = await start(body)
  expect([answer.status, answer.body.parameter]).toEqual([expected, parameter])
})

test('what is too large, is not JSON, or is another method, is refused', async () => {
  const large = await start({ inputs: { faults: { join: { x: 'x'.repeat(70_000) } } } })
  expect([large.status, large.body.code]).toEqual([413, 'RL_BODY_TOO_LARGE'])
  const plain = await post('/workflows/runs', 'hello', { 'content-type': 'text/plain' })
  expect([plain.status, plain.body.code]).toEqual([415, 'RL_MEDIA_TYPE_UNSUPPORTED'])
  const none = await post('/workflows/runs')
  expect([none.status, none.body.parameter]).toEqual([400, 'body'])
  const removed = await fetch(`${api.url}/workflows/runs`, { method: 'DELETE' })
  expect([removed.status, removed.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
  expect(await removed.json()).toMatchObject({ code: 'RL_METHOD_NOT_ALLOWED' })
})

test('while Temporal is away both are a 503, and the same request afterwards starts one run', async () => {
  await temporal.kill()
  const request = { runId: 'run-again', inputs: { faults: { join: { hang: true } } } }
  const refused = await startOnce(request)
  expect([refused.status, refused.body.code]).toEqual([503, 'RL_ENGINE_UNAVAILABLE'])
  const cancelled = await cancelOnce('run-again')
  expect([cancelled.status, cancelled.body.code]).toEqual([503, 'RL_ENGINE_UNAVAILABLE'])
  await temporal.start()
  expect((await start(request)).status).toBeLessThan(300)
  expect((await start(request)).status).toBe(200)
  const connection = await Connection.connect({ address: temporal.address })
  const client = new Client({ connection, namespace: temporal.namespace })
  await expect.poll(async () => (await client.workflow.count("WorkflowId = 'run-again'")).count, WAIT).toBe(1)
  await connection.close()
})
