import { PROGRESS_CASES } from '@runlight/contracts/progress.fixture'
import { expect, test } from 'vitest'
import { GRAPH, RUN, completedRun, stamp, tellRun } from './events.fixture.ts'
import { foldStatus } from './fold-status.ts'

const STARTED = { data: { graph: { nodes: GRAPH } } }

test('a completed run', () => {
  expect(foldStatus(RUN, completedRun())).toEqual({
    runId: RUN,
    workflowId: 'audit',
    parentRunId: 'parent',
    execution: 1,
    status: 'COMPLETED',
    startedAt: stamp(0),
    updatedAt: stamp(1000),
    completedAt: stamp(1000),
    progress: { completedActions: 4, totalActions: 4 },
  })
})

test('a failed run names the node, and skipped nodes count as done', () => {
  const { events, observer } = tellRun()
  observer(0, 'RUN_STARTED', STARTED)
  for (const nodeRef of ['check-2', 'check-10', 'report']) observer(9, 'NODE_SKIPPED', { nodeRef })
  const error = { message: 'no lock file', type: 'ENOENT', retryable: false }
  observer(9, 'RUN_FAILED', { error, data: { attempts: [], nodeRef: 'read' } })
  expect(foldStatus(RUN, events)).toMatchObject({
    status: 'FAILED',
    progress: { completedActions: 3, totalActions: 4 },
    failure: { reason: 'ENOENT', message: 'no lock file', nodeRef: 'read' },
  })
})

test('a higher execution begins anew, and late events of a lower one do not touch it', () => {
  const { events, observer } = tellRun(2)
  observer(2000, 'RUN_STARTED', STARTED)
  const status = foldStatus(RUN, [...events, ...completedRun(1)])
  expect(status).toMatchObject({ execution: 2, status: 'RUNNING', startedAt: stamp(2000) })
  expect(status.progress).toEqual({ completedActions: 0, totalActions: 4 })
  expect(status.completedAt).toBeUndefined()
})

test.each([
  ['RUN_CANCELLED', 'CANCELLED'],
  ['RUN_TERMINATED', 'TERMINATED'],
  ['RUN_TIMED_OUT', 'TIMED_OUT'],
] as const)('%s leads to %s, whatever is still said of its nodes', (type, state) => {
  const { events, observer, worker } = tellRun()
  observer(0, 'RUN_STARTED', STARTED)
  observer(5, type, { data: { attempts: [] } })
  worker('read', [1, 99])
  expect(foldStatus(RUN, events)).toMatchObject({ status: state, completedAt: stamp(5), updatedAt: stamp(99) })
})

test.each(PROGRESS_CASES)('progress: $name', ({ declared, completed = [], skipped = [], failed = [], ...rest }) => {
  const { events, observer } = tellRun()
  const nodes = declared?.map((ref) => ({ ref, after: [] }))
  if (nodes) observer(0, 'RUN_STARTED', { data: { graph: { nodes } } })
  // Something that says nothing of progress, so that the run is known in any case.
  observer(1, 'NODE_SCHEDULED', { nodeRef: 'a' })
  for (const nodeRef of failed) observer(2, 'NODE_FAILED', { nodeRef })
  for (const [index, nodeRef] of completed.entries()) observer(3 + index, 'NODE_COMPLETED', { nodeRef })
  for (const nodeRef of skipped) observer(7, 'NODE_SKIPPED', { nodeRef })
  if (rest.roster) observer(9, 'RUN_COMPLETED', { data: { attempts: rest.roster } })
  expect(foldStatus(RUN, events).progress).toEqual(rest.expected)
})

test("a store's effective time counts for updatedAt", () => {
  const [event] = completedRun()
  const stored = { ...event, id: '1', sequence: 1, effectiveTs: stamp(5000) }
  expect(foldStatus(RUN, [stored as never]).updatedAt).toBe(stamp(5000))
})
