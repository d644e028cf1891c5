import { describe, expect, it } from 'vitest'
import { selector, streamLabels, structuredMetadata } from './labels.ts'
import type { LogEntry } from './log-entry.ts'

const entry: LogEntry = {
  schemaVersion: 1,
  type: 'task',
  orgId: 'acme',
  workflowId: 'audit',
  runId: 'run-1',
  execution: 1,
  nodeRef: 'read "lock"',
  attempt: 2,
  timestamp: '2026-11-21T11:14:23Z',
  level: 'warn',
  stream: 'stdout',
  message: '',
  producer: { id: 'p', seq: 3 },
}
const position = { generation: 'g1', topic: 'telemetry.logs', partition: 2, offset: 40n }

describe('labels', () => {
  it('perRun: a stream for each run, node, stream and partition', () => {
    expect(selector(streamLabels(entry, 2, 'perRun'))).toBe(
      '{node="read \\"lock\\"",run_id="run-1",shard="2",stream="stdout"}',
    )
  })

  it('bounded: nothing of the run', () => {
    expect(selector(streamLabels(entry, 2, 'bounded'))).toBe('{org="acme",shard="2",stream="stdout",workflow="audit"}')
  })

  it('are sorted by name, as Loki sorts them', () => {
    for (const mode of ['perRun', 'bounded'] as const) {
      for (const each of [entry, { ...entry, type: 'system' as const, component: 'loki' }]) {
        for (const late of [undefined, 'replay-1']) {
          const names = streamLabels(each, 2, mode, late).map(([name]) => name)
          expect(names).toEqual([...names].sort())
          expect(names.includes('late')).toBe(late !== undefined)
        }
      }
    }
  })

  it('structured metadata names a record that has a producer by it, another one by where it lies', () => {
    expect(Object.fromEntries(structuredMetadata(entry, position, 'bounded', false))).toEqual({
      level: 'warn',
      run_id: 'run-1',
      node: 'read "lock"',
      execution: '1',
      attempt: '2',
      producer: 'p',
      seq: '3',
      position: '2:40',
    })
    const { producer: _, ...foreign } = entry
    expect(Object.fromEntries(structuredMetadata(foreign, position, 'perRun', true))).toEqual({
      level: 'warn',
      execution: '1',
      attempt: '2',
      generation: 'g1',
      position: '2:40',
      own_time: '2026-11-21T11:14:23Z',
    })
  })
})
