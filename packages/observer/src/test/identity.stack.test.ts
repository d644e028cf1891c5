// One fact is one record, however many observers there are and however often they start.

import type { TraceEvent } from '@runlight/contracts/trace-event'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { endsOf, identityOf, keys, only } from './events.fixture.ts'
import { startObserver } from './processes.fixture.ts'
import { WAIT, startStack } from './stack.fixture.ts'
import type { TestStack } from './stack.fixture.ts'
import type { Plan } from './workflows.fixture.ts'

const GRAPH = {
  nodes: [
    { ref: 'a', after: [] },
    { ref: 'b', after: ['a'] },
    { ref: 'never', after: ['b'] },
  ],
}

let stack: TestStack

beforeAll(async () => {
  stack = await startStack({ graph: GRAPH, orgId: 'acme', workflowId: 'audit' })
})

afterAll(() => stack?.stop())

test('two observers at once, and one that starts again, say the same under the same identities', async () => {
  const observers = [await startObserver(stack), await startObserver(stack, { RUNLIGHT_INSTANCE: '1' })]
  const quick = { retry: { initialInterval: '20ms' } } as const
  const plans: Plan[] = [
    { stages: [[{ node: 'a' }], [{ node: 'b' }]] },
    { stages: [[{ node: 'a', failUntil: 1, options: quick }]] },
    { stages: [[{ node: 'a', failUntil: 9, nonRetryable: true }]] },
    { stages: [[{ node: 'a', options: { taskQueue: 'nobody', scheduleToStartTimeout: '200ms' }, optional: true }]] },
    { stages: [[{ node: 'a' }]], then: 'continue' },
    { stages: [], child: { workflowId: `child-${crypto.randomUUID()}`, plan: { stages: [[{ node: 'k' }]] } } },
  ]
  const runs = await Promise.all(plans.map((plan) => stack.run(plan)))
  await Promise.all(runs.map((run) => run.result().catch(() => undefined)))
  const ends = 1 + plans.length + 1
  await vi.waitFor(() => expect(endsOf(stack.reader.all())).toHaveLength(2 * ends), WAIT)
  const both = stack.reader.all()
  await Promise.all(observers.map((observer) => observer.stop()))

  const identities = new Set(both.map(identityOf))
  expect(both).toHaveLength(2 * identities.size)
  expect(new Set(both.map(keyOf)).size).toBe(identities.size)
  expectOneContentEach(both)

  // Nothing of what was told is remembered by a third one, which was never there before.
  const third = await startObserver(stack, { RUNLIGHT_INSTANCE: 'another' })
  await vi.waitFor(() => expect(endsOf(stack.reader.all())).toHaveLength(3 * ends), WAIT)
  await third.stop()
  const again = stack.reader.all().slice(both.length)
  expect(new Set(again.map(identityOf))).toEqual(identities)
  expectOneContentEach(stack.reader.all())
})

test('killed while a run is open, it goes on where the run is', async () => {
  const first = await startObserver(stack, { RUNLIGHT_INSTANCE: 'killed' })
  const hang: Plan = { stages: [[{ node: 'a' }], [{ node: 'b', hang: true, options: { heartbeatTimeout: '5s' } }]] }
  const run = await stack.run(hang)
  await vi.waitFor(() => expect(keys(stack.reader.ofRun(run.workflowId))).toContain('1/b/1/NODE_SCHEDULED'), WAIT)
  await first.kill()
  await run.terminate('while nobody looked')
  const second = await startObserver(stack, { RUNLIGHT_INSTANCE: 'killed' })
  await vi.waitFor(() => expect(only(stack.reader.ofRun(run.workflowId), 'RUN_TERMINATED')).toHaveLength(1), WAIT)
  await second.stop()
  expect(keys(stack.reader.ofRun(run.workflowId)).sort()).toEqual([
    '1//1/RUN_STARTED',
    '1//1/RUN_TERMINATED',
    '1/a/1/NODE_SCHEDULED',
    '1/b/1/NODE_SCHEDULED',
    '1/never/1/NODE_SKIPPED',
  ])
})

test('a run that is deleted in Temporal ends all the same', async () => {
  const observer = await startObserver(stack, { RUNLIGHT_INSTANCE: 'deleted' })
  const run = await stack.run({ stages: [[{ node: 'a' }]], then: 'wait' })
  await vi.waitFor(() => expect(keys(stack.reader.ofRun(run.workflowId))).toContain('1/a/1/NODE_SCHEDULED'), WAIT)
  const { namespace } = stack.temporal
  const workflowExecution = { workflowId: run.workflowId, runId: run.firstExecutionRunId }
  await stack.client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution })
  const events = await stack.ended(run.workflowId)
  expect(only(events, 'RUN_TERMINATED')).toHaveLength(1)
  await observer.stop()
})

test('Temporal and the bus may go away: it says so, waits, and goes on', async () => {
  const observer = await startObserver(stack, { RUNLIGHT_INSTANCE: 'patient' })
  const ready = async (): Promise<Record<string, { ok: boolean; detail?: string }>> =>
    (JSON.parse((await observer.get('/readyz')).text) as { checks: Record<string, { ok: boolean }> }).checks
  await stack.temporal.kill()
  await vi.waitFor(
    async () => expect(await ready()).toMatchObject({ temporal: { ok: false }, bus: { ok: true } }),
    WAIT,
  )
  expect((await observer.get('/healthz')).status).toBe(200)
  await stack.temporal.start()
  await vi.waitFor(async () => expect((await ready())['temporal']).toEqual({ ok: true }), WAIT)

  await stack.kafka.kill()
  const run = await stack.run({ stages: [[{ node: 'a' }], [{ node: 'b' }]] })
  await run.result()
  await vi.waitFor(
    async () => expect(await ready()).toMatchObject({ bus: { ok: false }, temporal: { ok: true } }),
    WAIT,
  )
  await stack.kafka.start()
  await vi.waitFor(async () => expect((await ready())['bus']).toEqual({ ok: true }), WAIT)
  await vi.waitFor(() => expect(only(stack.reader.ofRun(run.workflowId), 'RUN_COMPLETED')).toHaveLength(1), WAIT)
  expect(await observer.metric('runlight_observer_scans_total', 'failed')).toBeGreaterThan(0)
  await observer.stop()
})

function keyOf(event: TraceEvent): string {
  return `${event.runId} ${keys([event]).join('')}`
}

/** Times and error of an attempt that none saw in time are not in Temporal any more: that one may be told in two ways. */
function expectOneContentEach(events: readonly TraceEvent[]): void {
  const contents = new Map<string, Set<string>>()
  for (const event of events) {
    if (event.type === 'NODE_RETRYING') continue
    const identity = identityOf(event)
    contents.set(identity, (contents.get(identity) ?? new Set()).add(JSON.stringify(event)))
  }
  expect([...contents.values()].filter((distinct) => distinct.size > 1)).toEqual([])
}
