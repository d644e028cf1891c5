import { expect, test } from 'vitest'
import { failedNode, isServerMade, traceError } from './failure.ts'

const planned = { message: 'no space', stackTrace: 'Error: no space', applicationFailureInfo: { type: 'ENOSPC' } }

test('what Temporal wraps around a failure says where, the root says what', () => {
  const failure = {
    message: 'Child Workflow execution failed',
    childWorkflowExecutionFailureInfo: { workflowExecution: { workflowId: 'child-1' } },
    cause: { message: 'Activity task failed', activityFailureInfo: { activityId: 'write' }, cause: planned },
  }
  expect(traceError(failure)).toEqual({
    message: 'no space',
    type: 'ENOSPC',
    retryable: true,
    stack: 'Error: no space',
  })
  expect(failedNode(failure)).toBe('child-1')
  expect(failedNode(planned)).toBeUndefined()
})

test("an application failure's own cause is not its root", () => {
  expect(traceError({ ...planned, cause: { message: 'deeper' } }).message).toBe('no space')
})

test.each([
  [{ timeoutFailureInfo: { timeoutType: 1 } }, 'TimeoutError', true, 'The start-to-close time-out was reached'],
  [{ timeoutFailureInfo: { timeoutType: 2 } }, 'TimeoutError', false, 'The schedule-to-start time-out was reached'],
  [{ canceledFailureInfo: {} }, 'CancelledFailure', false, 'No message was given'],
  [{ applicationFailureInfo: { nonRetryable: true } }, 'ApplicationFailure', false, 'No message was given'],
  [{ resetWorkflowFailureInfo: {} }, 'ResetError', false, 'No message was given'],
  [{}, 'Error', false, 'No message was given'],
])('%j is a %s', (failure, type, retryable, message) => {
  expect(traceError(failure)).toEqual({ type, retryable, message })
})

test('a worker cannot have told of what the server made', () => {
  expect(isServerMade({ timeoutFailureInfo: {} })).toBe(true)
  expect(isServerMade({ resetWorkflowFailureInfo: {} })).toBe(true)
  expect(isServerMade(planned)).toBe(false)
})

test('a long text is cut between characters, and NUL is taken out', () => {
  const message = `\u0000${'x'.repeat(8190)}${'😀'.repeat(10)}`
  const cut = traceError({ message, applicationFailureInfo: {} }).message
  expect(cut).toBe(`\ufffd${'x'.repeat(8190)}… (cut)`)
})
