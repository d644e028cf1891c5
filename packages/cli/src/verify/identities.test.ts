import type { TraceEvent } from '@runlight/contracts/trace-event'
import { expect, test } from 'vitest'
import { accountOf, difference } from './identities.ts'

test('what producers say they sent is what has to be there, without what they dropped', () => {
  const account = { count: 2, redacted: 0, limited: 0, positions: [] }
  const close = {
    type: 'PRODUCER_CLOSED',
    data: {
      logs: { ...account, producerId: 'a', lastSeq: 4, dropped: [{ from: 2, to: 3, reason: 'queue_full' }] },
      events: { ...account, producerId: 'b', lastSeq: 2, dropped: [] },
    },
  } as unknown as TraceEvent
  const { producers, logs, events } = accountOf([{ type: 'NODE_STARTED' } as TraceEvent, close])
  expect(producers).toBe(1)
  expect([...logs]).toEqual(['a#1', 'a#4'])
  expect([...events]).toEqual(['b#1', 'b#2'])
})

test('a difference is counted by its kind', () => {
  const expected = new Set(['a#1', 'a#2', 'a#3'])
  expect(difference(expected, ['a#3', 'a#1', 'a#2'])).toBeUndefined()
  expect(difference(expected, ['a#1', 'a#1', 'a#1', 'b#1'])).toBe(
    '2 missing, 2 double, 1 that nobody says to have sent',
  )
})
