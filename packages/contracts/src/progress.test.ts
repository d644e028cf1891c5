import { expect, it } from 'vitest'
import { PROGRESS_CASES } from './progress.fixture.ts'
import { progressOf } from './progress.ts'

it.each(PROGRESS_CASES)('$name', ({ declared = [], completed = [], skipped = [], roster = [], expected }) => {
  expect(progressOf({ declared, told: [...completed, ...skipped], roster })).toEqual(expected)
})
