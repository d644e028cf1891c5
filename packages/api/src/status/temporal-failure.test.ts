import { expect, test } from 'vitest'
import { closeFailure } from './temporal-failure.ts'

test('the innermost cause says what, the activity around it where', () => {
  const failure = {
    message: 'Activity task failed',
    activityFailureInfo: { activityId: 'build', activityType: { name: 'build' } },
    cause: { message: 'exit code 1', applicationFailureInfo: { type: 'BuildError' } },
  }
  expect(closeFailure({ workflowExecutionFailedEventAttributes: { failure } })).toEqual({
    ...{ reason: 'BuildError', message: 'exit code 1', nodeRef: 'build' },
  })
})

test('a cause of the application stays its own', () => {
  const failure = {
    message: 'the audit failed',
    applicationFailureInfo: { type: 'AuditError' },
    cause: { message: 'inner', applicationFailureInfo: { type: 'Inner' } },
  }
  expect(closeFailure({ workflowExecutionFailedEventAttributes: { failure } })).toEqual({
    ...{ reason: 'AuditError', message: 'the audit failed' },
  })
})

test('a cancelled activity is named as the observer names it', () => {
  const failure = { activityFailureInfo: { activityId: 'slow' }, cause: { canceledFailureInfo: {} } }
  expect(closeFailure({ workflowExecutionFailedEventAttributes: { failure } })).toMatchObject({
    ...{ reason: 'CancelledFailure', nodeRef: 'slow' },
  })
})

test('time-outs, terminations and ends without a failure', () => {
  const timedOut = { message: 'activity StartToClose timeout', timeoutFailureInfo: { timeoutType: 1 } }
  const failure = { activityFailureInfo: { activityId: 'slow' }, cause: timedOut }
  expect(closeFailure({ workflowExecutionFailedEventAttributes: { failure } })).toEqual({
    ...{ reason: 'TimeoutError', message: 'activity StartToClose timeout', nodeRef: 'slow' },
  })
  expect(closeFailure({ workflowExecutionTerminatedEventAttributes: { reason: 'too slow' } })).toEqual({
    ...{ reason: 'Terminated', message: 'too slow' },
  })
  expect(closeFailure({ workflowExecutionTimedOutEventAttributes: {} })).toMatchObject({ reason: 'TimedOut' })
  expect(closeFailure({ workflowExecutionCompletedEventAttributes: {} })).toBeUndefined()
  expect(closeFailure({ workflowExecutionCanceledEventAttributes: {} })).toBeUndefined()
})
