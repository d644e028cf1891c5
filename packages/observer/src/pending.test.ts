import { expect, test } from 'vitest'
import { takeHistory } from './history.ts'
import { openRun } from './open-run.ts'
import { nextDeadline, takePending } from './pending.ts'
import type { PendingActivity } from './pending.ts'
import { recorded } from './test/recorded.fixture.ts'

const STARTED = 2
const second = (seconds: number, nanos = 0) => ({ seconds, nanos }) as never
const timedOut = { message: 'activity StartToClose timeout', timeoutFailureInfo: { timeoutType: 1 } }
const policy = { initialInterval: second(2), backoffCoefficient: 3, maximumInterval: second(10) }

/** A recorded run up to where `c` was scheduled. */
function runWithC() {
  const run = recorded('everything')
  const { run: observed } = openRun({ ...run, execution: 1 }, run.events)
  const at = run.events.findIndex((event) => event.activityTaskScheduledEventAttributes?.activityId === 'c')
  takeHistory(observed, run.events.slice(0, at + 1))
  return observed
}

test('after a time-out, the wait of the retry policy gives the time of the failure', () => {
  const activity: PendingActivity = {
    activityId: 'c',
    attempt: 3,
    lastFailure: timedOut,
    scheduledTime: second(1_795_000_100, 7),
    // Left over from an earlier failure of the worker's own.
    lastAttemptCompleteTime: second(1_795_000_001),
    activityOptions: { retryPolicy: policy },
  }
  const [failed, retrying] = takePending(runWithC(), [activity])
  const timestamp = '2026-11-18T11:08:14.000000007Z'
  expect(failed).toMatchObject({ type: 'NODE_FAILED', attempt: 2, timestamp, error: { type: 'TimeoutError' } })
  expect(retrying).toMatchObject({
    type: 'NODE_RETRYING',
    attempt: 3,
    timestamp,
    data: { notBefore: '2026-11-18T11:08:20.000000007Z' },
  })
})

test('the longest wait of the policy bounds the one computed', () => {
  const activity = { activityId: 'c', attempt: 9, lastFailure: timedOut, scheduledTime: second(1_795_000_100) }
  const [failed] = takePending(runWithC(), [{ ...activity, activityOptions: { retryPolicy: policy } }])
  expect(failed?.timestamp).toBe('2026-11-18T11:08:10Z')
})

test('first attempts, and activities that are not open any more, tell nothing', () => {
  const run = runWithC()
  expect(
    takePending(run, [
      { activityId: 'c', attempt: 1 },
      { activityId: 'gone', attempt: 5 },
    ]),
  ).toEqual([])
})

test('the next deadline is the earliest that the server will act on', () => {
  const options = { startToCloseTimeout: second(60), heartbeatTimeout: second(5), scheduleToStartTimeout: second(30) }
  const base: PendingActivity = { activityOptions: options, scheduledTime: second(1000), lastStartedTime: second(1010) }
  const begun = { ...base, state: STARTED as never }
  expect(nextDeadline([begun])).toBe(1_015_000)
  expect(nextDeadline([{ ...begun, lastHeartbeatTime: second(1050) }])).toBe(1_055_000)
  expect(nextDeadline([{ ...begun, lastHeartbeatTime: second(1068) }])).toBe(1_070_000)
  expect(nextDeadline([{ ...begun, expirationTime: second(1012) }])).toBe(1_012_000)
  expect(nextDeadline([base])).toBe(1_030_000)
  expect(nextDeadline([{ ...base, activityOptions: { scheduleToStartTimeout: second(0) } }])).toBeUndefined()
  expect(nextDeadline([])).toBeUndefined()
})
