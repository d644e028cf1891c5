import type { TraceEvent } from '@runlight/contracts/trace-event'
import { checkTraceEvent } from '@runlight/contracts/trace-event'
import { expect, test } from 'vitest'
import { endDeletedRun, endRun } from './end-run.ts'
import { takeHistory } from './history.ts'
import type { HistoryEvent } from './observed-run.ts'
import { openRun, predecessorOf } from './open-run.ts'
import { takePending } from './pending.ts'
import type { PendingActivity } from './pending.ts'
import { recorded } from './test/recorded.fixture.ts'
import type { RecordedRun } from './test/recorded.fixture.ts'

/** Reads a recorded run piece by piece, as an observer may, and tells all of it. */
function tell(run: RecordedRun, pieces: readonly HistoryEvent[][] = [run.events], execution = 1): TraceEvent[] {
  const { run: observed } = openRun({ ...run, execution }, run.events)
  const told = pieces.flatMap((piece) => takeHistory(observed, piece))
  return [...told, ...endRun(observed, run)]
}

const line = ({ execution, nodeRef, attempt, type, causes = [] }: TraceEvent): string =>
  `${execution}/${nodeRef ?? ''}/${attempt}/${type} < ${causes.join(' ')}`

test('a run with all kinds of nodes', () => {
  expect(tell(recorded('everything')).map(line)).toMatchInlineSnapshot(`
    [
      "1//1/RUN_STARTED < ",
      "1/a/1/NODE_SCHEDULED < 1//1/RUN_STARTED",
      "1/b/1/NODE_SCHEDULED < 1/a/1/NODE_COMPLETED",
      "1/c/1/NODE_SCHEDULED < 1/a/1/NODE_COMPLETED",
      "1/b/2/NODE_RETRYING < 1/b/1/NODE_FAILED",
      "1/b/3/NODE_RETRYING < 1/b/2/NODE_FAILED",
      "1/c/1/NODE_FAILED < 1/c/1/NODE_STARTED",
      "1/c/2/NODE_RETRYING < 1/c/1/NODE_FAILED",
      "1/c/2/NODE_FAILED < 1/c/2/NODE_STARTED",
      "1/4/1/NODE_SCHEDULED < 1//1/RUN_STARTED",
      "1/recorded-child-2/1/NODE_SCHEDULED < 1//1/RUN_STARTED",
      "1/recorded-child-2/1/NODE_STARTED < 1/recorded-child-2/1/NODE_SCHEDULED",
      "1/recorded-child-2/1/NODE_COMPLETED < 1/recorded-child-2/1/NODE_STARTED",
      "1/d/1/NODE_SKIPPED < 1/b/3/NODE_COMPLETED 1/c/2/NODE_FAILED",
      "1//1/RUN_FAILED < 1/d/1/NODE_SKIPPED 1/4/1/NODE_COMPLETED 1/recorded-child-2/1/NODE_COMPLETED",
    ]
  `)
})

test('what is told is valid, each fact once', () => {
  for (const name of ['everything', 'reset-from', 'reset-to']) {
    const events = tell(recorded(name))
    for (const event of events)
      expect(checkTraceEvent(event), JSON.stringify(event)).toEqual({ ok: true, value: event })
    expect(new Set(events.map(({ producer }) => producer?.seq)).size).toBe(events.length)
  }
})

test('property: however the history is cut into pieces, and if pieces are read twice, the same is told', () => {
  for (const name of ['everything', 'reset-from', 'reset-to']) {
    const run = recorded(name)
    const whole = tell(run)
    for (let cut = 1; cut < run.events.length; cut++) {
      const [first, second] = [run.events.slice(0, cut), run.events.slice(cut)]
      expect(tell(run, [first, second])).toEqual(whole)
      expect(tell(run, [first, run.events])).toEqual(whole)
    }
    expect(
      tell(
        run,
        run.events.map((event) => [event]),
      ),
    ).toEqual(whole)
  }
})

test('an attempt seen in time has the identity of one seen late, and its own time', () => {
  const run = recorded('everything')
  const { run: observed } = openRun({ ...run, execution: 1 }, run.events)
  const scheduled = run.events.findIndex((event) => event.activityTaskScheduledEventAttributes?.activityId === 'b')
  const told = takeHistory(observed, run.events.slice(0, scheduled + 1))
  const failure = { message: 'Attempt 1 fails', applicationFailureInfo: { type: 'Planned' } }
  const at = { seconds: 1_795_000_000, nanos: 5 } as never
  const activity: PendingActivity = { activityId: 'b', attempt: 2, lastFailure: failure, lastAttemptCompleteTime: at }
  const [retrying] = takePending(observed, [activity])
  expect(retrying).toMatchObject({ type: 'NODE_RETRYING', attempt: 2, timestamp: '2026-11-18T11:06:40.000000005Z' })
  expect(takePending(observed, [activity])).toEqual([])

  told.push(...takeHistory(observed, run.events), ...endRun(observed, run), ...(retrying ? [retrying] : []))
  const identities = (events: TraceEvent[]) => events.map(({ producer }) => producer?.seq ?? 0).sort((a, b) => a - b)
  expect(identities(told)).toEqual(identities(tell(run)))
})

test('a run that was reset goes on elsewhere; the one that goes on has what was copied', () => {
  const from = tell(recorded('reset-from'))
  expect(from.at(-1)).toMatchObject({
    type: 'RUN_TERMINATED',
    data: { continuedBy: recorded('reset-to').temporalRunId },
  })
  expect(from.map(line)).not.toContainEqual(expect.stringContaining('NODE_SKIPPED'))
  const to = tell(recorded('reset-to'), undefined, 2)
  expect(to.map(line)).toEqual(expect.arrayContaining(['2/a/1/NODE_COMPLETED < 2/a/1/NODE_STARTED']))
  expect(to.at(-1)?.data).toEqual({ attempts: [{ nodeRef: 'b', attempt: 1, outcome: 'abandoned' }] })
  const start = (events: TraceEvent[]): string => events.find(({ type }) => type === 'RUN_STARTED')?.timestamp ?? ''
  expect(start(to) > start(from)).toBe(true)
})

test("a reset in a history is the run's own only where it made this very run", () => {
  const { runId, temporalRunId, events } = recorded('reset-to')
  const own = openRun({ runId, temporalRunId, execution: 2 }, events).run
  const later = openRun({ runId, temporalRunId: 'reset-once-more', execution: 3 }, events).run
  expect([own.ownFrom, later.ownFrom]).toEqual([10, 1])
  expect(predecessorOf(temporalRunId, events)).toEqual({
    predecessor: recorded('reset-from').temporalRunId,
    direct: false,
  })
})

test('a history that does not begin with its start is an error that names the run', () => {
  const run = recorded('everything')
  expect(() => openRun({ ...run, execution: 1 }, run.events.slice(1))).toThrow(run.runId)
})

test('the end of a run that is open is an error', () => {
  const run = recorded('everything')
  const { run: observed } = openRun({ ...run, execution: 1 }, run.events)
  takeHistory(observed, run.events.slice(0, -1))
  expect(() => endRun(observed, run)).toThrow('not closed')
})

test('a run that was deleted while it was open counts as terminated, and what was open as abandoned', () => {
  const run = recorded('reset-from')
  const { run: observed } = openRun({ ...run, execution: 1 }, run.events)
  takeHistory(observed, run.events.slice(0, -1))
  const events = endDeletedRun(observed)
  expect(events.map(line)).toEqual([
    '1/c/1/NODE_SKIPPED < 1/a/1/NODE_COMPLETED',
    '1/d/1/NODE_SKIPPED < 1/c/1/NODE_SKIPPED',
    '1//1/RUN_TERMINATED < 1/d/1/NODE_SKIPPED',
  ])
  expect(events.at(-1)).toMatchObject({ error: { type: 'Deleted' }, timestamp: events[0]?.timestamp })
  expect(events.at(-1)?.data?.['attempts']).toContainEqual({ nodeRef: 'b', attempt: 1, outcome: 'abandoned' })
})
