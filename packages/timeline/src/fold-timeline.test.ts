import { expect, test } from 'vitest'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { GRAPH, RUN, at, completedRun, stamp, tellRun } from './events.fixture.ts'
import { foldStatus } from './fold-status.ts'
import { foldTimeline } from './fold-timeline.ts'

const MS = 1_000_000n

test('a completed run: nodes in their order, attempts, queue times and progress', () => {
  const timeline = foldTimeline(RUN, completedRun())
  expect(timeline).toMatchObject({ runId: RUN, orgId: 'acme', workflowId: 'audit', parentRunId: 'parent' })
  const [execution] = timeline.executions
  expect(execution).toMatchObject({ execution: 1, state: 'COMPLETED', temporalRunId: 't1', duration: 1000n * MS })
  expect(execution?.nodes.map(({ nodeRef, state }) => [nodeRef, state])).toEqual([
    ['read', 'COMPLETED'],
    ['check-2', 'COMPLETED'],
    ['check-10', 'COMPLETED'],
    ['report', 'COMPLETED'],
  ])
  const [read, retried] = execution?.nodes ?? []
  expect(read).toMatchObject({
    scheduled: at(10),
    start: at(20),
    end: at(120),
    queueTime: 10n * MS,
    duration: 100n * MS,
  })
  expect(read?.attempts[0]?.progress.map(({ message }) => message)).toEqual(['one', 'two', 'three'])
  expect(read?.attempts[0]?.outputSummary).toEqual({ ok: true })
  expect(retried).toMatchObject({ start: at(140), end: at(500), duration: 360n * MS, after: ['read'] })
  expect(retried?.attempts).toMatchObject([
    { attempt: 1, state: 'FAILED', error: { type: 'FetchError' }, duration: 100n * MS },
    { attempt: 2, state: 'COMPLETED', ready: at(340), queueTime: 10n * MS, duration: 150n * MS },
  ])
  expect(retried?.error).toBeUndefined()
})

test('property: order of arrival and repeats change neither timeline nor status', () => {
  const events = [...completedRun(1).slice(0, -3), ...completedRun(2)]
  const timeline = foldTimeline(RUN, events)
  const status = foldStatus(RUN, events)
  const random = generator(20_260_101)
  for (let round = 0; round < 300; round++) {
    const repeats = events.filter(() => random() < 0.3).map((event) => structuredClone(event))
    const arrived = shuffle([...events, ...repeats], random)
    expect(foldTimeline(RUN, arrived), `round ${round}`).toEqual(timeline)
    expect(foldStatus(RUN, arrived), `round ${round}`).toEqual(status)
  }
})

test('property: any part of the events folds, and nothing that ended re-opens with the rest', () => {
  const events = completedRun()
  const random = generator(7)
  for (let round = 0; round < 200; round++) {
    const some = shuffle(events, random).slice(0, 1 + Math.floor(random() * events.length))
    const before = foldStatus(RUN, some)
    const after = foldStatus(RUN, [...some, ...events])
    expect(after.status).toBe('COMPLETED')
    if (before.status === 'COMPLETED')
      expect(foldStatus(RUN, [...some, ...events.slice(0, -1)]).status).toBe('COMPLETED')
    expect(foldTimeline(RUN, some).executions).toHaveLength(1)
  }
})

test('a run in the middle: what waits, queues, runs and is tried again', () => {
  const { events, observer } = tellRun()
  observer(0, 'RUN_STARTED', { data: { graph: { nodes: GRAPH } } })
  observer(1, 'NODE_SCHEDULED', { nodeRef: 'read' })
  observer(2, 'NODE_SCHEDULED', { nodeRef: 'check-2' })
  observer(3, 'NODE_STARTED', { nodeRef: 'check-2' })
  observer(4, 'NODE_SCHEDULED', { nodeRef: 'check-10' })
  observer(5, 'NODE_RETRYING', { nodeRef: 'check-10', attempt: 2, error: { message: 'm', type: 'E', retryable: true } })
  const [execution] = foldTimeline(RUN, events).executions
  expect(execution?.state).toBe('RUNNING')
  expect(Object.fromEntries(execution?.nodes.map(({ nodeRef, state }) => [nodeRef, state]) ?? [])).toEqual({
    read: 'SCHEDULED',
    'check-2': 'RUNNING',
    'check-10': 'RETRYING',
    report: 'WAITING',
  })
})

test('the roster decides where workers said nothing, or something else', () => {
  const { events, observer, worker } = tellRun()
  observer(0, 'RUN_STARTED', { data: { graph: { nodes: [] } } })
  for (const nodeRef of ['silent', 'late', 'lost', 'queued']) observer(1, 'NODE_SCHEDULED', { nodeRef })
  worker('late', [2, 90])
  observer(3, 'NODE_STARTED', { nodeRef: 'lost' })
  const attempts = [
    { nodeRef: 'silent', attempt: 1, outcome: 'completed' },
    { nodeRef: 'late', attempt: 1, outcome: 'timed_out' },
    { nodeRef: 'lost', attempt: 1, outcome: 'abandoned' },
  ]
  observer(50, 'RUN_TERMINATED', {
    data: { attempts },
    error: { message: 'enough', type: 'Terminated', retryable: false },
  })
  const [execution] = foldTimeline(RUN, events).executions
  expect(execution).toMatchObject({ state: 'TERMINATED', error: { message: 'enough' } })
  expect(Object.fromEntries(execution?.nodes.map(({ nodeRef, state }) => [nodeRef, state]) ?? [])).toEqual({
    silent: 'COMPLETED',
    late: 'TIMED_OUT',
    lost: 'ABANDONED',
    queued: 'ABANDONED',
  })
})

test('what was seen late gives way to what was seen in time, whichever came first', () => {
  const { events, observer } = tellRun()
  observer(0, 'NODE_SCHEDULED', { nodeRef: 'a' })
  observer(40, 'NODE_RETRYING', { nodeRef: 'a', attempt: 2, data: { notBefore: stamp(50) } })
  const intime = events[1] as TraceEvent
  const late: TraceEvent = { ...intime, timestamp: stamp(10), data: { seen: 'late' } }
  for (const order of [
    [intime, late],
    [late, intime],
  ]) {
    const attempt = foldTimeline(RUN, order).executions[0]?.nodes[0]?.attempts.at(-1)
    expect(attempt?.ready).toBe(at(50))
  }
})

test('without a declared graph, causes order the nodes', () => {
  const { events, observer } = tellRun()
  observer(5, 'NODE_SCHEDULED', { nodeRef: 'a', causes: ['1/z/y/1/NODE_COMPLETED'] })
  observer(9, 'NODE_SCHEDULED', { nodeRef: 'z/y', causes: ['1//1/RUN_STARTED'] })
  const nodes = foldTimeline(RUN, events).executions[0]?.nodes
  expect(nodes?.map(({ nodeRef, after }) => [nodeRef, after])).toEqual([
    ['z/y', []],
    ['a', ['z/y']],
  ])
})

test("a worker's clock behind the server's gives no negative time", () => {
  const { events, observer, worker } = tellRun()
  observer(100, 'NODE_SCHEDULED', { nodeRef: 'a' })
  worker('a', [40, 30])
  const node = foldTimeline(RUN, events).executions[0]?.nodes[0]
  expect(node).toMatchObject({ queueTime: 0n, duration: 0n })
})

test('no events are an error that names the run', () => {
  expect(() => foldTimeline('other', completedRun())).toThrow('other')
})

/** mulberry32: the same sequence for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[result[last], result[other]] = [result[other] as T, result[last] as T]
  }
  return result
}
