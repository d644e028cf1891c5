import { expect, test } from 'vitest'
import { wantsColour } from './output.ts'

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('terminal %s, environment %j: %s', (isTerminal, env, wanted) => {
  expect(wantsColour(isTerminal, env)).toBe(wanted)
})
