import type { ProducerClosedData, TopicAccount } from '@runlight/contracts/trace-event'
import { describe, expect, test } from 'vitest'
import { account } from '../test/records.fixture.ts'
import { attemptName, storeCompleteness } from './completeness.ts'
import type { Close, Range, RunAccount, StoreView } from './completeness.ts'

const sent = (producerId: string, lastSeq: number, more: Partial<TopicAccount> = {}) =>
  account({ producerId, lastSeq, count: lastSeq, positions: [{ partition: 0, offset: String(lastSeq - 1) }], ...more })

function close(nodeRef: string, logs: TopicAccount, more: Partial<Close> = {}): Close {
  const data: ProducerClosedData = { logs, events: account({ producerId: `${nodeRef}-events` }) }
  return { execution: 1, nodeRef, attempt: 1, data, ...more }
}

const roster = (...names: string[]) =>
  names.map((name) => {
    const [nodeRef, attempt = '1'] = name.split('#') as [string, string?]
    return { nodeRef, attempt: Number(attempt), outcome: 'completed' as const }
  })

function run(fields: Partial<RunAccount>): RunAccount {
  return {
    ...{ ended: true, graceOver: true, execution: 1, closes: [], knownUpTo: new Map() },
    ends: [{ execution: 1, attempts: roster('a'), continuedBy: undefined }],
    ...fields,
  }
}

/** A store that has passed `passed` records of the one partition and holds `ranges` of every producer. */
function store(passed: bigint | undefined, ranges?: readonly Range[]): StoreView {
  const view: StoreView = { topics: { logs: 'logs' }, passed: () => passed }
  return ranges ? { ...view, stored: () => ranges } : view
}

const all = (to: bigint): Range[] => [{ from: 1n, to }]
const ended = (...attempts: string[]) => [{ execution: 1, attempts: roster(...attempts), continuedBy: undefined }]

describe('the state of a run in a store', () => {
  const cases: [name: string, run: RunAccount, store: StoreView, expected: object][] = [
    [
      'complete: everybody has closed, and what they sent is stored',
      run({ closes: [close('a', sent('p', 10))] }),
      store(10n, all(10n)),
      { state: 'complete', dropped: 0, missing: [], unclosed: [] },
    ],
    [
      'complete: nothing was ever sent',
      run({ closes: [close('a', account({ producerId: 'p' }))] }),
      store(0n, []),
      { state: 'complete', missing: [] },
    ],
    ['complete: the run had no attempts', run({ ends: ended() }), store(0n, []), { state: 'complete' }],
    [
      'complete: all is stored, though the position says otherwise',
      run({ closes: [close('a', sent('p', 10))] }),
      store(0n, all(10n)),
      { state: 'complete' },
    ],
    ['arriving: the run goes on', run({ ended: false, ends: [] }), store(0n, []), { state: 'arriving' }],
    [
      'arriving: it has ended, but its end is not stored',
      run({ ends: [], closes: [close('a', sent('p', 10))] }),
      store(10n, all(10n)),
      { state: 'arriving' },
    ],
    [
      'arriving: the store has not passed the last record',
      run({ closes: [close('a', sent('p', 10))] }),
      store(9n, all(9n)),
      { state: 'arriving', missing: [] },
    ],
    [
      'arriving: a producer may still close',
      run({ graceOver: false }),
      store(10n, []),
      { state: 'arriving', unclosed: [{ nodeRef: 'a', execution: 1, attempt: 1, knownUpTo: 0 }] },
    ],
    [
      'missing: the store has passed the last record and does not hold all of them',
      run({ closes: [close('a', sent('p', 10))] }),
      store(10n, [
        { from: 1n, to: 3n },
        { from: 6n, to: 6n },
        { from: 8n, to: 9n },
      ]),
      {
        state: 'missing',
        missing: [
          {
            producerId: 'p',
            topic: 'logs',
            ranges: [
              { from: 4, to: 5 },
              { from: 7, to: 7 },
              { from: 10, to: 10 },
            ],
          },
        ],
      },
    ],
    [
      'missing: a store that knows nothing of the producer',
      run({ closes: [close('a', sent('p', 3))] }),
      store(3n, []),
      { state: 'missing', missing: [{ producerId: 'p', topic: 'logs', ranges: [{ from: 1, to: 3 }] }] },
    ],
    [
      'missing also while the run goes on',
      run({ ended: false, ends: [], closes: [close('a', sent('p', 3))] }),
      store(3n, [{ from: 1n, to: 2n }]),
      { state: 'missing' },
    ],
    [
      'dropped: some were left out before they were sent, the rest is there',
      run({
        closes: [
          close(
            'a',
            sent('p', 10, {
              dropped: [
                { from: 3, to: 5, reason: 'queue_full' },
                { from: 9, to: 9, reason: 'closed' },
              ],
            }),
          ),
        ],
      }),
      store(10n, [
        { from: 1n, to: 2n },
        { from: 6n, to: 8n },
        { from: 10n, to: 10n },
      ]),
      { state: 'dropped', dropped: 4, missing: [] },
    ],
    [
      'dropped: a rate limit left some out, which have no number',
      run({ closes: [close('a', sent('p', 10, { limited: 7 }))] }),
      store(10n, all(10n)),
      { state: 'dropped', dropped: 7, missing: [] },
    ],
    [
      'missing: the store has passed it all, and has refused some for good',
      run({ closes: [close('a', sent('p', 5))] }),
      {
        ...store(5n),
        refused: () => [
          { from: 4n, to: 4n },
          { from: 2n, to: 2n },
          { from: 9n, to: 9n },
        ],
      },
      {
        state: 'missing',
        missing: [
          {
            ...{ producerId: 'p', topic: 'logs' },
            ranges: [
              { from: 2, to: 2 },
              { from: 4, to: 4 },
            ],
          },
        ],
      },
    ],
    [
      'missing before dropped: what was sent is not all there',
      run({ closes: [close('a', sent('p', 5, { dropped: [{ from: 2, to: 2, reason: 'queue_full' }] }))] }),
      store(5n, [{ from: 1n, to: 3n }]),
      {
        state: 'missing',
        dropped: 1,
        missing: [{ producerId: 'p', topic: 'logs', ranges: [{ from: 4, to: 5 }] }],
      },
    ],
    [
      'overlapping ranges of drops count once',
      run({
        closes: [
          close(
            'a',
            sent('p', 5, {
              dropped: [
                { from: 2, to: 4, reason: 'a' },
                { from: 3, to: 5, reason: 'b' },
              ],
            }),
          ),
        ],
      }),
      store(5n, all(1n)),
      { state: 'dropped', dropped: 4 },
    ],
    [
      'unknown: an attempt that the end names has not closed',
      run({
        ends: ended('a', 'b#2'),
        closes: [close('a', sent('p', 10))],
        knownUpTo: new Map([[attemptName({ execution: 1, nodeRef: 'b', attempt: 2 }), 41]]),
      }),
      store(10n, all(10n)),
      { state: 'unknown', unclosed: [{ nodeRef: 'b', execution: 1, attempt: 2, knownUpTo: 41 }] },
    ],
    [
      'unknown: the close is of another attempt',
      run({ closes: [close('a', sent('p', 10), { attempt: 2 })] }),
      store(10n, all(10n)),
      { state: 'unknown' },
    ],
    [
      'unknown: the end does not say which attempts there were',
      run({ ends: [{ execution: 1, attempts: undefined, continuedBy: undefined }] }),
      store(0n, []),
      { state: 'unknown' },
    ],
    [
      'unknown: an earlier execution left an attempt unclosed',
      run({
        execution: 2,
        ends: [...ended('a'), { execution: 2, attempts: roster('a'), continuedBy: undefined }],
        closes: [close('a', sent('p', 1), { execution: 2 })],
      }),
      store(1n, all(1n)),
      { state: 'unknown', unclosed: [{ nodeRef: 'a', execution: 1, attempt: 1, knownUpTo: 0 }] },
    ],
    [
      'unknown before missing',
      run({ ends: ended('a', 'b'), closes: [close('a', sent('p', 2))] }),
      store(2n, []),
      { state: 'unknown', missing: [{ producerId: 'p', topic: 'logs', ranges: [{ from: 1, to: 2 }] }] },
    ],
    [
      'a producer that is no attempt counts as well',
      run({
        closes: [close('a', sent('p', 1)), { ...close('x', sent('q', 5)), nodeRef: undefined }],
      }),
      store(5n, all(1n)),
      { state: 'missing' },
    ],
    [
      'without ranges, what the store has passed counts as stored',
      run({ closes: [close('a', sent('p', 10))] }),
      store(10n),
      { state: 'complete' },
    ],
    ['without ranges, arriving', run({ closes: [close('a', sent('p', 10))] }), store(9n), { state: 'arriving' }],
    [
      'without ranges and positions, unknown',
      run({ closes: [close('a', sent('p', 10))] }),
      store(undefined),
      { state: 'unknown', missing: [] },
    ],
    [
      'nothing was sent: no position has to be known',
      run({ closes: [close('a', account({ producerId: 'p' }))] }),
      store(undefined),
      { state: 'complete' },
    ],
  ]
  test.each(cases)('%s', (_, account, view, expected) => {
    expect(storeCompleteness(account, view)).toMatchObject(expected)
  })
})

test('every partition of a producer has to be passed', () => {
  const positions = [
    { partition: 0, offset: '10' },
    { partition: 3, offset: '9223372036854775806' },
  ]
  const account = run({ closes: [close('a', sent('p', 2, { positions }))] })
  const passed = (next: bigint) => ({
    topics: { logs: 'logs' },
    passed: (_: string, at: number) => (at === 0 ? 11n : next),
  })
  expect(storeCompleteness(account, passed(9223372036854775806n)).state).toBe('arriving')
  expect(storeCompleteness(account, passed(9223372036854775807n)).state).toBe('complete')
})

test('a store that takes events judges them too', () => {
  const data = { logs: account({ producerId: 'l' }), events: sent('e', 4) }
  const view: StoreView = {
    topics: { logs: 'logs', events: 'events' },
    passed: () => 4n,
    stored: (topic) => (topic === 'events' ? [{ from: 1n, to: 3n }] : []),
  }
  const judged = storeCompleteness(run({ closes: [{ execution: 1, nodeRef: 'a', attempt: 1, data }] }), view)
  expect(judged).toMatchObject({
    state: 'missing',
    missing: [{ producerId: 'e', topic: 'events', ranges: [{ from: 4, to: 4 }] }],
  })
})

test('at most a thousand ranges are listed', () => {
  const odd = Array.from({ length: 5_000 }, (_, index) => ({ from: BigInt(2 * index + 1), to: BigInt(2 * index + 1) }))
  const judged = storeCompleteness(
    run({ closes: [close('a', sent('p', 10_000)), close('b', sent('q', 10_000))] }),
    store(10_000n, odd),
  )
  expect(judged.state).toBe('missing')
  expect(judged.missing.map(({ ranges }) => ranges.length)).toEqual([1_000])
})
