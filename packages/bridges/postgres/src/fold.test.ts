import type { TraceEvent, TraceEventType } from '@runlight/contracts/trace-event'
import { describe, expect, it } from 'vitest'
import { foldEvent, foldable, newRun } from './fold.ts'
import type { FoldableEvent, RunFold } from './fold.ts'

let second = 0

function event(type: TraceEventType, extra: Partial<TraceEvent> = {}): FoldableEvent {
  second += 1
  const instant = { seconds: second, nanos: 0 }
  const base = { schemaVersion: 1, runId: 'r', execution: 1, attempt: 1, level: 'info', message: type } as const
  const body: TraceEvent = { ...base, type, timestamp: '2026-01-01T00:00:00Z', ...extra }
  return foldable({ body, own: instant, effective: { instant, skewed: false } })
}

const graph = { nodes: ['a', 'b', 'c'].map((ref) => ({ ref, after: [] })) }
const started = (execution = 1) => event('RUN_STARTED', { execution, data: { graph } })
const node = (type: TraceEventType, nodeRef: string, extra: Partial<TraceEvent> = {}) =>
  event(type, { nodeRef, ...extra })
const error = { message: 'boom', type: 'TimeoutError', retryable: false }

function fold(items: readonly FoldableEvent[]): RunFold {
  const run = newRun(items[0] as FoldableEvent)
  for (const item of items) foldEvent(run, item)
  return run
}

describe('foldEvent', () => {
  it('takes a run from its start to its end', () => {
    const run = fold([started(), node('NODE_COMPLETED', 'a'), node('NODE_SKIPPED', 'b'), event('RUN_COMPLETED')])
    expect(run).toMatchObject({ status: 'COMPLETED', failure: null, graph })
    expect(run.startedNs).toBeLessThan(run.completedNs as bigint)
  })

  it('is queued until something says that it runs', () => {
    expect(fold([event('PRODUCER_CLOSED')]).status).toBe('QUEUED')
    expect(fold([node('NODE_STARTED', 'a')]).status).toBe('RUNNING')
    expect(fold([node('NODE_STARTED', 'a'), started()])).toMatchObject({ status: 'RUNNING', graph })
  })

  it('never leaves a final state within an execution', () => {
    for (const late of [
      started(),
      node('NODE_STARTED', 'a'),
      event('RUN_FAILED', { error }),
      event('RUN_TERMINATED'),
    ]) {
      const run = fold([started(), event('RUN_COMPLETED'), late])
      expect(run).toMatchObject({ status: 'COMPLETED', failure: null })
    }
  })

  it('begins anew with a higher execution, and is not touched by what still comes of a lower one', () => {
    const first = [started(), node('NODE_COMPLETED', 'a'), event('RUN_FAILED', { error })]
    const second = [started(2), node('NODE_COMPLETED', 'b', { execution: 2 })]
    const late = [node('NODE_COMPLETED', 'c'), event('RUN_TERMINATED')]
    const run = fold([...first, ...second, ...late])
    expect(run).toMatchObject({
      execution: 2,
      status: 'RUNNING',
      completedActions: 0,
      failure: null,
      completedNs: null,
    })
  })

  it('names the node that failed, whichever of the two events comes first', () => {
    const failed = node('NODE_FAILED', 'b', { error, message: 'b failed' })
    const ended = event('RUN_FAILED', { error: { ...error, type: 'ActivityFailure', message: 'activity failed' } })
    for (const order of [
      [started(), failed, ended],
      [started(), ended, failed],
    ]) {
      expect(fold(order).failure).toEqual({ reason: 'ActivityFailure', message: 'activity failed', nodeRef: 'b' })
    }
  })

  it('blames no node when the run lived with its failure', () => {
    expect(fold([started(), node('NODE_FAILED', 'b', { error }), event('RUN_COMPLETED')]).failure).toBeNull()
  })

  it('learns the organisation and the workflow from whichever event names them', () => {
    const run = fold([
      node('NODE_STARTED', 'a'),
      event('RUN_STARTED', { orgId: 'acme', workflowId: 'w', data: { graph } }),
    ])
    expect(run).toMatchObject({ orgId: 'acme', workflowId: 'w' })
  })

  it('takes over no details and no graph that nest deeper than what reads them could go', () => {
    const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown
    const failed = (levels: number) =>
      fold([started(), event('RUN_FAILED', { error, data: { details: nested(levels) } })])
    expect(failed(500).failure).toEqual({ reason: 'TimeoutError', message: 'boom', details: nested(500) })
    expect(failed(501).failure).toEqual({ reason: 'TimeoutError', message: 'boom' })
    const withMore = (more: unknown) => fold([event('RUN_STARTED', { data: { graph: { ...graph, more } } })]).graph
    expect(withMore('kept')).toEqual({ ...graph, more: 'kept' })
    expect(withMore(nested(9_000))).toEqual(graph)
  })
})
