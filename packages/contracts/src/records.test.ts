import { describe, expect, it } from 'vitest'
import { taskRunId, parseTaskRunId } from './identifiers.ts'
import { checkLogEntry, logKey } from './log-entry.ts'
import { causeKey, checkTraceEvent } from './trace-event.ts'

const task = {
  schemaVersion: 1,
  type: 'task',
  runId: 'run',
  nodeRef: 'node',
  timestamp: '2026-11-21T11:14:23Z',
  level: 'info',
  stream: 'stdout',
  message: 'line',
  producer: { id: 'p', seq: 1 },
}

function refusal(
  value: unknown,
  check: (value: unknown) => ReturnType<typeof checkLogEntry> | ReturnType<typeof checkTraceEvent>,
) {
  const checked = check(value)
  return checked.ok ? undefined : `${checked.refusal.field}: ${checked.refusal.message}`
}

describe('checkLogEntry names the field at fault', () => {
  it.each([
    [{ ...task, level: 'fatal' }, 'level: must be one of debug, info, warn, error'],
    [{ ...task, timestamp: 'yesterday' }, /^timestamp: must match pattern/],
    [{ ...task, stream: 'Std Out' }, /^stream: must match pattern/],
    [{ ...task, message: 7 }, 'message: must be string'],
    [{ ...task, message: undefined }, /message/],
    [{ ...task, orgId: 'a/b' }, /^orgId: must match pattern/],
    [{ ...task, producer: { id: 'p', seq: 0 } }, 'producer.seq: must be >= 1'],
    [{ ...task, producer: { id: 'p', seq: 2 ** 60 } }, /^producer.seq/],
    [{ ...task, metadata: [1] }, 'metadata: must be object'],
    [{ ...task, runId: 'a\nb' }, /^runId: must match pattern/],
    [{ ...task, runId: undefined }, /runId/],
    [{ ...task, type: 'job', runId: undefined }, /runId/],
    [{ ...task, type: 'system' }, 'component: is required in a system entry'],
    [{ ...task, type: 'system', component: 'loki' }, 'runId: does not belong in a system entry'],
    [null, ': must be object'],
    ['text', ': must be object'],
    [[], ': must be object'],
  ])('%#: %o', (value, message) => {
    // Records come as JSON, where a field that is undefined is missing.
    expect(refusal(JSON.parse(JSON.stringify(value)), checkLogEntry)).toMatch(message)
  })

  it('keeps a __proto__ key as data', () => {
    const value = JSON.parse(JSON.stringify(task).replace('"line"', '"line","__proto__":{"polluted":true}')) as unknown
    expect(checkLogEntry(value).ok).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('takes the run as key, for system entries the component', () => {
    const system = checkLogEntry({ ...task, type: 'system', runId: undefined, nodeRef: undefined, component: 'loki' })
    const entry = checkLogEntry(task)
    expect(entry.ok && logKey(entry.value)).toBe('run')
    expect(system.ok && logKey(system.value)).toBe('loki')
  })
})

describe('checkTraceEvent names the field at fault', () => {
  const event = { ...task, execution: 1, attempt: 1, type: 'NODE_STARTED' }
  it.each([
    [{ ...event, type: 'NODE_EXPLODED' }, /^type: must be one of RUN_STARTED/],
    [{ ...event, nodeRef: undefined }, 'nodeRef: is required in NODE_STARTED'],
    [{ ...event, execution: 0 }, 'execution: must be >= 1'],
    [{ ...event, type: 'RUN_STARTED' }, 'data: must be object'],
    [{ ...event, type: 'PRODUCER_CLOSED', data: { logs: {} } }, /^data/],
    [{ ...event, error: { message: 'x' } }, /^error/],
    [{ ...event, causes: [1] }, 'causes.0: must be string'],
  ])('%#: %o', (value, message) => {
    expect(refusal(JSON.parse(JSON.stringify(value)), checkTraceEvent)).toMatch(message)
  })

  it('names causes by execution, node, attempt and type', () => {
    expect(causeKey({ execution: 2, nodeRef: 'report', attempt: 3, type: 'NODE_STARTED' })).toBe(
      '2/report/3/NODE_STARTED',
    )
    expect(causeKey({ execution: 1, attempt: 1, type: 'RUN_STARTED' })).toBe('1//1/RUN_STARTED')
  })
})

describe('taskRunId', () => {
  it('can be read back, also with slashes and percent signs in the names', () => {
    const run = { runId: 'a/b%2Fc', execution: 3, nodeRef: 'x/y', attempt: 12 }
    expect(taskRunId(run)).toBe('a%2Fb%252Fc/3/x%2Fy/12')
    expect(parseTaskRunId(taskRunId(run))).toEqual(run)
  })

  it.each(['', 'a/1/b', 'a/0/b/1', 'a/1/b/01', 'a/1/b/1/c'])('refuses %j', (text) => {
    expect(parseTaskRunId(text)).toBeUndefined()
  })
})
