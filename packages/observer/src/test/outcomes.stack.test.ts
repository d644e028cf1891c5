// What the observer says of runs of every outcome: real Temporal, real worker, real Kafka.

import type { RunGraph, TraceEvent } from '@runlight/contracts/trace-event'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { endsOf, keys, only } from './events.fixture.ts'
import { startObserver, startWorker } from './processes.fixture.ts'
import type { TestObserver } from './processes.fixture.ts'
import { WAIT, startStack } from './stack.fixture.ts'
import type { TestStack } from './stack.fixture.ts'
import type { Plan } from './workflows.fixture.ts'

const GRAPH: RunGraph = {
  nodes: [
    { ref: 'a', after: [] },
    { ref: 'b', after: ['a'] },
    { ref: 'c', after: ['a'] },
    { ref: 'd', after: ['b', 'c'] },
  ],
}
const MEMO = { graph: GRAPH, orgId: 'acme', workflowId: 'audit' }
const ALL: Plan = { stages: [[{ node: 'a' }], [{ node: 'b' }, { node: 'c' }], [{ node: 'd' }]] }

let stack: TestStack
let observer: TestObserver

beforeAll(async () => {
  stack = await startStack(MEMO)
  observer = await startObserver(stack)
})

afterAll(async () => {
  await observer?.stop()
  await stack?.stop()
})

test('a completed run: graph, scheduling with causes, roster', async () => {
  const run = await stack.run(ALL)
  await run.result()
  const events = await stack.ended(run.workflowId)
  expect(keys(events)).toEqual([
    '1//1/RUN_STARTED',
    '1/a/1/NODE_SCHEDULED',
    '1/b/1/NODE_SCHEDULED',
    '1/c/1/NODE_SCHEDULED',
    '1/d/1/NODE_SCHEDULED',
    '1//1/RUN_COMPLETED',
  ])
  const [started, a, b, c, d, completed] = events
  expect(started).toMatchObject({ orgId: 'acme', workflowId: 'audit', level: 'info' })
  expect(started?.data).toEqual({ graph: GRAPH, temporalRunId: run.firstExecutionRunId })
  expect(started?.producer?.id).toBe(`temporal/${run.firstExecutionRunId}`)
  expect([a, b, c, d].map((event) => event?.causes)).toEqual([
    ['1//1/RUN_STARTED'],
    ['1/a/1/NODE_COMPLETED'],
    ['1/a/1/NODE_COMPLETED'],
    ['1/b/1/NODE_COMPLETED', '1/c/1/NODE_COMPLETED'],
  ])
  expect(completed?.causes).toEqual(['1/d/1/NODE_COMPLETED'])
  expect(sortedRoster(completed)).toEqual(['a/1 completed', 'b/1 completed', 'c/1 completed', 'd/1 completed'])
})

test("times are the history's own, to the nanosecond", async () => {
  const run = await stack.run({ stages: [[{ node: 'a' }]] })
  await run.result()
  const events = await stack.ended(run.workflowId)
  const history = await run.fetchHistory()
  const first = history.events?.[0]?.eventTime
  const nanos = String(first?.nanos ?? 0).padStart(9, '0')
  const seconds = new Date(Number(first?.seconds) * 1000).toISOString().slice(0, 19)
  expect(events[0]?.timestamp.replace('Z', '').padEnd(29, '0')).toBe(`${seconds}.${nanos}`)
})

test('a failed run names the node and the root of the failure; what was not reached is skipped', async () => {
  const run = await stack.run({ stages: [[{ node: 'a' }], [{ node: 'b', failUntil: 9, nonRetryable: true }]] })
  await expect(run.result()).rejects.toThrow()
  const events = await stack.ended(run.workflowId)
  expect(only(events, 'NODE_SKIPPED').map(({ nodeRef, causes }) => [nodeRef, causes])).toEqual([
    ['c', ['1/a/1/NODE_COMPLETED']],
    ['d', ['1/b/1/NODE_FAILED', '1/c/1/NODE_SKIPPED']],
  ])
  const [failed] = only(events, 'RUN_FAILED')
  expect(failed).toMatchObject({
    level: 'error',
    error: { type: 'Planned', message: 'Attempt 1 fails', retryable: false },
    data: { nodeRef: 'b' },
  })
  expect(only(events, 'NODE_FAILED')).toEqual([])
  expect(sortedRoster(failed)).toEqual(['a/1 completed', 'b/1 failed'])
})

test('a retried node: NODE_RETRYING opens the next attempt with the error of the one before', async () => {
  const run = await stack.run({
    stages: [[{ node: 'a', failUntil: 2, options: { retry: { initialInterval: '100ms' } } }]],
  })
  await run.result()
  const events = await stack.ended(run.workflowId)
  const retrying = only(events, 'NODE_RETRYING')
  expect(retrying.map(({ attempt, causes }) => [attempt, causes])).toEqual([
    [2, ['1/a/1/NODE_FAILED']],
    [3, ['1/a/2/NODE_FAILED']],
  ])
  expect(retrying.at(-1)?.error).toMatchObject({ type: 'Planned', message: 'Attempt 2 fails', retryable: true })
  const [completed] = only(events, 'RUN_COMPLETED')
  expect(sortedRoster(completed)).toEqual(['a/1 failed', 'a/2 failed', 'a/3 completed'])
  expect(only(events, 'NODE_SKIPPED').at(-1)?.nodeRef).toBe('d')
})

test('a retry is told while it waits, with when it failed and when it is due', async () => {
  const options = { retry: { initialInterval: '1h' } } as const
  const run = await stack.run({ stages: [[{ node: 'a', failUntil: 1, options }]] })
  const retrying = await vi.waitFor(() => {
    const [event] = only(stack.reader.ofRun(run.workflowId), 'NODE_RETRYING')
    expect(event).toBeDefined()
    return event
  }, WAIT)
  const due = Date.parse(String(retrying?.data?.['notBefore']))
  expect(due - Date.parse(retrying?.timestamp ?? '')).toBe(3_600_000)
  await run.terminate('seen enough')
  const events = await stack.ended(run.workflowId)
  expect(only(events, 'RUN_TERMINATED')[0]).toMatchObject({
    level: 'warn',
    error: { type: 'Terminated', message: 'seen enough' },
    data: { attempts: [{ nodeRef: 'a', attempt: 1, outcome: 'failed' }] },
  })
})

test('time-outs are told by the observer: no worker can', async () => {
  const retry = { maximumAttempts: 2, initialInterval: '50ms' } as const
  const run = await stack.run({
    stages: [
      [{ node: 'a', hang: true, optional: true, options: { startToCloseTimeout: '1s', retry } }],
      [{ node: 'b', optional: true, options: { taskQueue: 'nobody', scheduleToStartTimeout: '1s' } }],
      [{ node: 'c', options: {} }],
    ],
  })
  await run.result()
  const events = await stack.ended(run.workflowId)
  const failed = only(events, 'NODE_FAILED')
  expect(failed.map(({ nodeRef, attempt, error, causes }) => [nodeRef, attempt, error?.type, causes])).toEqual([
    ['a', 1, 'TimeoutError', ['1/a/1/NODE_STARTED']],
    ['a', 2, 'TimeoutError', ['1/a/2/NODE_STARTED']],
    ['b', 1, 'TimeoutError', ['1/b/1/NODE_SCHEDULED']],
  ])
  expect(sortedRoster(only(events, 'RUN_COMPLETED')[0])).toEqual(['a/1 timed_out', 'a/2 timed_out', 'c/1 completed'])
})

test('cancelled, and timed out as a whole', async () => {
  const hang: Plan = { stages: [[{ node: 'a', hang: true, options: { heartbeatTimeout: '5s' } }]] }
  const cancelled = await stack.run(hang)
  // Long enough that a worker on a busy machine has begun it.
  const late = await stack.run(hang, { workflowRunTimeout: '10s' })
  await vi.waitFor(async () => {
    const { raw } = await cancelled.describe()
    expect(raw.pendingActivities?.[0]?.lastStartedTime).toBeTruthy()
  }, WAIT)
  await cancelled.cancel()
  await Promise.all([cancelled, late].map((run) => expect(run.result()).rejects.toThrow()))
  const [end] = only(await stack.ended(cancelled.workflowId), 'RUN_CANCELLED')
  expect(end).toMatchObject({ level: 'warn', data: { attempts: [{ nodeRef: 'a', attempt: 1, outcome: 'cancelled' }] } })
  expect(end?.error).toBeUndefined()
  const [timedOut] = only(await stack.ended(late.workflowId), 'RUN_TIMED_OUT')
  expect(timedOut).toMatchObject({ error: { type: 'TimedOut' }, data: { attempts: [{ outcome: 'abandoned' }] } })
})

test('a worker killed in the middle: the attempt is lost, the next is tried elsewhere', async () => {
  const doomed = await startWorker(stack.temporal, 'doomed')
  const step = {
    node: 'a',
    hang: true,
    // Longer than a worker on a busy machine may go without a beat.
    options: { heartbeatTimeout: '5s', retry: { initialInterval: '50ms' } },
  } as const
  const run = await stack.run({ stages: [[step]] }, { taskQueue: 'doomed' })
  const begun = async (attempt: number): Promise<void> => {
    const { raw } = await run.describe()
    expect(raw.pendingActivities?.[0]).toMatchObject({ attempt, state: 2 })
  }
  await vi.waitFor(() => begun(1), WAIT)
  await doomed.kill()
  await vi.waitFor(() => {
    const events = stack.reader.ofRun(run.workflowId)
    const lost = { attempt: 1, error: { type: 'TimeoutError' }, causes: ['1/a/1/NODE_STARTED'] }
    expect(only(events, 'NODE_FAILED')[0]).toMatchObject(lost)
    expect(only(events, 'NODE_RETRYING')[0]).toMatchObject({ attempt: 2, causes: ['1/a/1/NODE_FAILED'] })
  }, WAIT)
  const second = await startWorker(stack.temporal, 'doomed')
  await vi.waitFor(() => begun(2), WAIT)
  await run.terminate('over')
  await second.kill()
  const [end] = only(await stack.ended(run.workflowId), 'RUN_TERMINATED')
  expect(sortedRoster(end)).toEqual(['a/1 timed_out', 'a/2 abandoned'])
})

test('continue-as-new and a retried run raise the execution; no end is seen before what goes on', async () => {
  const continued = await stack.run({ ...ALL, then: 'continue' })
  const retried = await stack.run(
    { ...ALL, then: 'fail-once' },
    { retry: { initialInterval: '100ms', maximumAttempts: 2 } },
  )
  await Promise.all([continued.result(), retried.result()])
  for (const { workflowId } of [continued, retried]) {
    const events = await stack.ended(workflowId, 2)
    await stack.ended(workflowId, 1)
    const started = only(events, 'RUN_STARTED')
    expect(started.map(({ execution }) => execution)).toEqual([1, 2])
    const arrived = stack.reader.all().filter((event) => event.runId === workflowId)
    const end = arrived.findIndex((event) => endsOf([event]).length > 0 && event.execution === 1)
    const next = arrived.findIndex(({ execution, type }) => execution === 2 && type === 'RUN_STARTED')
    expect(next).toBeLessThan(end)
    expect(arrived[end]?.data?.['continuedBy']).toBe(started[1]?.data?.['temporalRunId'])
    expect(
      only(events, 'NODE_SCHEDULED')
        .map(({ execution, nodeRef }) => `${execution}${nodeRef}`)
        .sort(),
    ).toEqual(['1a', '1b', '1c', '1d', '2a', '2b', '2c', '2d'])
  }
  expect(only(stack.reader.ofRun(retried.workflowId), 'RUN_FAILED')[0]).toMatchObject({ execution: 1 })
})

test('a reset run: a new execution that begins at the reset, with what it was given already done', async () => {
  const step = { node: 'b', hang: true, options: { heartbeatTimeout: '5s' } } as const
  const run = await stack.run({ stages: [[{ node: 'a' }], [step]] })
  const { workflowId, firstExecutionRunId } = run
  await vi.waitFor(() => expect(only(stack.reader.ofRun(workflowId), 'NODE_SCHEDULED', 'b')).toHaveLength(1), WAIT)
  const { events } = await run.fetchHistory()
  const lastTask = events?.findLast((event) => event.workflowTaskCompletedEventAttributes)?.eventId
  const { runId: resetTo } = await stack.client.workflowService.resetWorkflowExecution({
    namespace: stack.temporal.namespace,
    workflowExecution: { workflowId, runId: firstExecutionRunId },
    reason: 'another try',
    requestId: crypto.randomUUID(),
    ...(lastTask ? { workflowTaskFinishEventId: lastTask } : {}),
  })
  await vi.waitFor(() => expect(keys(stack.reader.ofRun(workflowId))).toContain('2/b/1/NODE_SCHEDULED'), WAIT)
  await stack.client.workflow.getHandle(workflowId).terminate('enough')
  const second = (await stack.ended(workflowId, 2)).filter(({ execution }) => execution === 2)
  expect(keys(second)).toEqual(
    [
      '2//1/RUN_STARTED',
      '2/a/1/NODE_SCHEDULED',
      '2/a/1/NODE_STARTED',
      '2/a/1/NODE_COMPLETED',
      '2/b/1/NODE_SCHEDULED',
      '2/c/1/NODE_SKIPPED',
      '2/d/1/NODE_SKIPPED',
      '2//1/RUN_TERMINATED',
    ].sort((a, b) => keys(second).indexOf(a) - keys(second).indexOf(b)),
  )
  expect(sortedRoster(second.at(-1))).not.toContain('a/1 completed')
  const first = (await stack.ended(workflowId, 1)).filter(({ execution }) => execution === 1)
  const [end] = only(first, 'RUN_TERMINATED')
  expect(end?.data?.['continuedBy']).toBe(resetTo)
  expect(only(first, 'NODE_SKIPPED')).toEqual([])
  const startedAt = (list: TraceEvent[]) => only(list, 'RUN_STARTED')[0]?.timestamp ?? ''
  expect(startedAt(second) > startedAt(first)).toBe(true)
})

test('a child run is a node of its parent and names it', async () => {
  const child = `child-${crypto.randomUUID()}`
  const run = await stack.run({ stages: [], child: { workflowId: child, plan: { stages: [[{ node: 'k' }]] } } })
  await run.result()
  const events = await stack.ended(run.workflowId)
  const ofChild = events.filter(({ nodeRef }) => nodeRef === child)
  expect(keys(ofChild)).toEqual([
    `1/${child}/1/NODE_SCHEDULED`,
    `1/${child}/1/NODE_STARTED`,
    `1/${child}/1/NODE_COMPLETED`,
  ])
  expect(only(events, 'RUN_COMPLETED')[0]?.data).toEqual({ attempts: [] })
  const own = await stack.ended(child)
  expect(only(own, 'RUN_STARTED')[0]?.data).toMatchObject({ parentRunId: run.workflowId })
})

test('a run that nobody declared: workers that know nothing of Runlight are spoken for', async () => {
  const run = await stack.run(
    { stages: [[{ node: 'a', failUntil: 1, options: { retry: { initialInterval: '100ms' } } }]] },
    { memo: {} },
  )
  await run.result()
  const events = await stack.ended(run.workflowId)
  expect(only(events, 'RUN_STARTED')[0]).toMatchObject({ workflowId: 'followPlan', data: { graph: { nodes: [] } } })
  expect(events[0]?.orgId).toBeUndefined()
  const told = keys(events)
  expect(told).toEqual(
    expect.arrayContaining(['1/a/1/NODE_FAILED', '1/a/2/NODE_RETRYING', '1/a/2/NODE_STARTED', '1/a/2/NODE_COMPLETED']),
  )
})

test('a local activity is a node too', async () => {
  const run = await stack.run({ stages: [], local: { node: 'x', failUntil: 0 } })
  await run.result()
  const events = await stack.ended(run.workflowId)
  expect(only(events, 'NODE_SCHEDULED')[0]).toMatchObject({ data: { activity: 'behave', local: true } })
  expect(sortedRoster(only(events, 'RUN_COMPLETED')[0])).toEqual(['1/1 completed'])
})

function sortedRoster(event: TraceEvent | undefined): string[] {
  const attempts = (event?.data?.['attempts'] ?? []) as { nodeRef: string; attempt: number; outcome: string }[]
  return attempts.map(({ nodeRef, attempt, outcome }) => `${nodeRef}/${attempt} ${outcome}`).sort()
}
