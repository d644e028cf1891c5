import { expect, test } from 'vitest'
import { GRAPH, RUN, completedRun, tellRun } from './events.fixture.ts'
import { foldTimeline } from './fold-timeline.ts'
import { formatDuration } from './durations.ts'
import { renderWaterfall } from './waterfall.ts'

test('a completed run as text', () => {
  expect(renderWaterfall(foldTimeline(RUN, completedRun()), { width: 72, colour: false })).toMatchInlineSnapshot(`
    "shipsec-run-1  completed in 1.00 s
    ✓ read     █████                                     100 ms
    ✓ check-2       ▒▒▒▒▒   ·███████                     360 ms (2 attempts)
    ✓ check-10      ████████                             155 ms
    ✓ report                       ·████████████████████ 470 ms"
  `)
})

test('a run that went wrong says where and why, on lines that fit', () => {
  const { events, observer, worker } = tellRun()
  const error = { message: `no\u001b[31m space\nleft ${'on the device '.repeat(20)}`, type: 'ENOSPC', retryable: false }
  observer(0, 'RUN_STARTED', { data: { graph: { nodes: GRAPH } } })
  observer(1, 'NODE_SCHEDULED', { nodeRef: 'read' })
  worker('read', [2, 60], { fails: error })
  observer(70, 'NODE_SKIPPED', { nodeRef: 'report' })
  observer(70, 'RUN_FAILED', { error, data: { attempts: [{ nodeRef: 'read', attempt: 1, outcome: 'failed' }] } })
  const text = renderWaterfall(foldTimeline(RUN, events), { width: 60, colour: false })
  expect(text).toContain('✗ read')
  expect(text).toContain('↳ ENOSPC: no [31m space left')
  expect(text).toContain('– report')
  expect(text).not.toContain('\u001b')
  for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(60)
})

test.each([20, 40, 80, 200])('no line is longer than the terminal at %i columns, with colours or without', (width) => {
  const { events, observer } = tellRun(2)
  const long = 'x'.repeat(200)
  observer(0, 'RUN_STARTED', { data: { graph: { nodes: [{ ref: long, after: [] }] } } })
  observer(5, 'NODE_SCHEDULED', { nodeRef: long })
  const timeline = foldTimeline(RUN, [...completedRun(1), ...events])
  for (const colour of [false, true]) {
    for (const line of renderWaterfall(timeline, { width, colour }).split('\n')) {
      // eslint-disable-next-line no-control-regex
      expect([...line.replace(/\u001b\[\d+m/g, '')].length).toBeLessThanOrEqual(Math.max(40, width))
    }
  }
})

test('several executions are told apart', () => {
  const text = renderWaterfall(foldTimeline(RUN, [...completedRun(1), ...completedRun(2)]), {
    width: 80,
    colour: false,
  })
  expect(text).toContain(`${RUN} #1`)
  expect(text).toContain(`${RUN} #2`)
})

test.each([
  [400_000n, '0.4 ms'],
  [123_000_000n, '123 ms'],
  [2_410_000_000n, '2.41 s'],
  [12_340_000_000n, '12.3 s'],
  [185_000_000_000n, '3 min 05 s'],
  [7_380_000_000_000n, '2 h 03 min'],
])('%i ns are %s', (nanos, text) => {
  expect(formatDuration(nanos)).toBe(text)
})
