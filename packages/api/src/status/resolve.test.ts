import type { RunState } from '@runlight/contracts/execution-status'
import { RUN_STATES, isFinal } from '@runlight/contracts/execution-status'
import { describe, expect, test } from 'vitest'
import type { Standing } from '../store/runs.ts'
import { resolveStanding } from './resolve.ts'
import type { EngineRun } from './temporal.ts'

const row = (state: RunState): Standing => ({
  ...{ runId: 'run-1', orgId: 'acme', workflowId: 'flow', parentRunId: undefined, execution: 2, state },
  ...{ startedNs: 10n, updatedNs: 20n, completedNs: isFinal(state) ? 20n : undefined },
  ...{ completedActions: 3, totalActions: 4, failure: undefined, lastSequence: 7n },
})

const engine = (state: RunState): EngineRun => ({
  ...{ state, startedNs: 11n, closedNs: isFinal(state) ? 30n : undefined, parentRunId: 'run-0' },
  failure: state === 'FAILED' ? { reason: 'Boom', message: 'it broke', nodeRef: 'a' } : undefined,
  memo: { graph: { nodes: [{ ref: 'a', after: [] }] }, workflowId: 'flow', orgId: 'acme' },
})

test('nobody knows the run', () => {
  expect(resolveStanding('run-1', undefined, undefined, false)).toBeUndefined()
})

test('a run that only Temporal knows has what its memo declares', () => {
  expect(resolveStanding('run-1', undefined, engine('QUEUED'), false)).toEqual({
    ...{ runId: 'run-1', orgId: 'acme', workflowId: 'flow', parentRunId: 'run-0', execution: 1, state: 'QUEUED' },
    ...{ startedNs: 11n, updatedNs: 11n, completedNs: undefined, completedActions: 0, totalActions: 1 },
    ...{ failure: undefined, lastSequence: 0n },
  })
})

describe('neither source takes a state back', () => {
  const later = (a: RunState, b: RunState) => (isFinal(a) || b === 'QUEUED' || (a === 'RUNNING' && !isFinal(b)) ? a : b)
  const pairs = RUN_STATES.flatMap((stored) => RUN_STATES.map((told) => [stored, told] as const))
  test.each(pairs)('stored %s, told %s', (stored, told) => {
    expect(resolveStanding('run-1', row(stored), engine(told), false)?.state).toBe(later(stored, told))
  })
  test.each(RUN_STATES)('stored %s, Temporal away', (stored) => {
    expect(resolveStanding('run-1', row(stored), undefined, false)).toEqual(row(stored))
  })
})

test('an end that only Temporal knows comes with its time and its failure, and keeps the progress', () => {
  expect(resolveStanding('run-1', row('RUNNING'), engine('FAILED'), false)).toMatchObject({
    ...{ state: 'FAILED', startedNs: 10n, updatedNs: 30n, completedNs: 30n, completedActions: 3, totalActions: 4 },
    failure: { reason: 'Boom', nodeRef: 'a' },
  })
})

test('an end from before the start of the execution that is stored is one of an earlier execution', () => {
  const before = { ...row('RUNNING'), startedNs: 31n }
  expect(resolveStanding('run-1', before, engine('COMPLETED'), false)).toEqual(before)
  expect(resolveStanding('run-1', { ...before, startedNs: 30n }, engine('COMPLETED'), false)?.state).toBe('COMPLETED')
})

test('an execution that takes over begins anew', () => {
  expect(resolveStanding('run-1', row('COMPLETED'), engine('RUNNING'), true)).toMatchObject({
    ...{ execution: 3, state: 'RUNNING', startedNs: 11n, completedNs: undefined, completedActions: 0 },
  })
  expect(resolveStanding('run-1', row('COMPLETED'), undefined, true)).toEqual(row('COMPLETED'))
})
