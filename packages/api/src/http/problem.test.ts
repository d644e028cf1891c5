import { RunlightError } from '@runlight/contracts/errors'
import { expect, test } from 'vitest'
import { problemOf } from './problem.ts'

test.each(['Loki cannot answer: connect ECONNREFUSED', 'Loki cannot answer: connect ECONNREFUSED.'])(
  'what went wrong ends as a sentence before what to do next: %s',
  (message) => {
    const { detail } = problemOf(new RunlightError('RL_STORE_UNAVAILABLE', message), 'request')
    expect(detail).toMatch(/connect ECONNREFUSED\. Try again/)
  },
)
