// Runs for tests, as the observer and the workers of a run would tell them.

import { attemptOpenedBy, attemptStartedBy } from '@runlight/contracts/causality'
import { formatInstant } from '@runlight/contracts/time'
import type { RunGraph, TraceEvent } from '@runlight/contracts/trace-event'

export const RUN = 'shipsec-run-1'
export const T0 = 1_795_000_000n * 1_000_000_000n

/** A moment, in milliseconds from T0. */
export function at(ms: number): bigint {
  return T0 + BigInt(Math.round(ms * 1_000_000))
}

export function stamp(ms: number): string {
  const nanos = at(ms)
  return formatInstant({ seconds: Number(nanos / 1_000_000_000n), nanos: Number(nanos % 1_000_000_000n) })
}

/** Events of one run: the observer's through `observer`, a worker's through `worker`. */
export function tellRun(execution = 1) {
  const events: TraceEvent[] = []
  let observerSeq = 0
  const add = (
    ms: number,
    event: Omit<TraceEvent, 'schemaVersion' | 'runId' | 'timestamp' | 'execution' | 'level'>,
  ) => {
    const level = event.error ? 'error' : 'info'
    events.push({ schemaVersion: 1, runId: RUN, execution, level, timestamp: stamp(ms), ...event })
  }
  const observer = (ms: number, type: TraceEvent['type'], more: Partial<Omit<TraceEvent, 'producer'>> = {}): void => {
    observerSeq += 1
    add(ms, { type, attempt: 1, message: type, producer: { id: `temporal/t${execution}`, seq: observerSeq }, ...more })
  }
  /** One attempt: started, progress, ended. */
  const worker = (
    nodeRef: string,
    [from, to]: [number, number],
    { attempt = 1, fails, says = [] }: { attempt?: number; fails?: TraceEvent['error']; says?: string[] } = {},
  ): void => {
    const id = `worker/${execution}/${nodeRef}/${attempt}`
    const task = { execution, nodeRef, attempt }
    let seq = 0
    const say = (ms: number, type: TraceEvent['type'], more: Partial<TraceEvent> = {}) => {
      seq += 1
      add(ms, { type, nodeRef, attempt, message: type, producer: { id, seq }, ...more })
    }
    say(from, 'NODE_STARTED', { causes: [attemptOpenedBy(task)] })
    for (const message of says) say(from, 'NODE_PROGRESS', { message, causes: [attemptStartedBy(task)] })
    const ending = { causes: [attemptStartedBy(task)], ...(fails ? { error: fails } : { outputSummary: { ok: true } }) }
    say(to, fails ? 'NODE_FAILED' : 'NODE_COMPLETED', ending)
  }
  return { events, observer, worker }
}

export const GRAPH: RunGraph['nodes'] = [
  { ref: 'read', after: [] },
  { ref: 'check-2', after: ['read'] },
  { ref: 'check-10', after: ['read'] },
  { ref: 'report', after: ['check-2', 'check-10'] },
]

const FLAKY = { message: 'registry is away', type: 'FetchError', retryable: true }

/** read → check-2 (a retry) and check-10 side by side → report; 1 s in all. */
export function completedRun(execution = 1): TraceEvent[] {
  const { events, observer, worker } = tellRun(execution)
  const key = (node: string, attempt: number, type: string) => `${execution}/${node}/${attempt}/${type}`
  const data = { graph: { nodes: GRAPH }, temporalRunId: `t${execution}`, parentRunId: 'parent' }
  observer(0, 'RUN_STARTED', { data, orgId: 'acme', workflowId: 'audit' })
  observer(10, 'NODE_SCHEDULED', { nodeRef: 'read', causes: [`${execution}//1/RUN_STARTED`] })
  worker('read', [20, 120], { says: ['one', 'two', 'three'] })
  observer(130, 'NODE_SCHEDULED', { nodeRef: 'check-2', causes: [key('read', 1, 'NODE_COMPLETED')] })
  observer(130, 'NODE_SCHEDULED', { nodeRef: 'check-10', causes: [key('read', 1, 'NODE_COMPLETED')] })
  worker('check-2', [140, 240], { fails: FLAKY })
  const retrying = { nodeRef: 'check-2', attempt: 2, error: FLAKY, data: { notBefore: stamp(340) } }
  observer(240, 'NODE_RETRYING', { ...retrying, causes: [key('check-2', 1, 'NODE_FAILED')] })
  worker('check-2', [350, 500], { attempt: 2 })
  worker('check-10', [145, 300])
  const both = [key('check-2', 2, 'NODE_COMPLETED'), key('check-10', 1, 'NODE_COMPLETED')]
  observer(510, 'NODE_SCHEDULED', { nodeRef: 'report', causes: both })
  worker('report', [520, 990])
  const attempts = [
    { nodeRef: 'read', attempt: 1, outcome: 'completed' },
    { nodeRef: 'check-10', attempt: 1, outcome: 'completed' },
    { nodeRef: 'check-2', attempt: 1, outcome: 'failed' },
    { nodeRef: 'check-2', attempt: 2, outcome: 'completed' },
    { nodeRef: 'report', attempt: 1, outcome: 'completed' },
  ]
  observer(1000, 'RUN_COMPLETED', { data: { attempts }, causes: [key('report', 1, 'NODE_COMPLETED')] })
  return events
}
