import { expect, test } from 'vitest'
import { ProducerIdentity } from './producer-identity.ts'

test('ids differ and can be recognised', () => {
  const [one, two] = [new ProducerIdentity('licences 1/2.1'), new ProducerIdentity('licences 1/2.1')]
  expect(one.id).toMatch(/^[0-9a-f]{18}-licences_1_2\.1$/)
  expect(one.id).not.toBe(two.id)
  expect(new ProducerIdentity('').id).toMatch(/^[0-9a-f]{18}$/)
  expect(new ProducerIdentity('x'.repeat(500)).id.length).toBeLessThan(64)
})

test('the account lists what was dropped in order, neighbours of one reason as one range', () => {
  const identity = new ProducerIdentity('')
  for (let i = 0; i < 10; i++) identity.next()
  // Debug and info go first, then older records of higher levels.
  for (const seq of [2, 3, 5, 6]) identity.drop(seq, 'queue_full')
  for (const seq of [1, 4]) identity.drop(seq, 'queue_full')
  identity.drop(7, 'too_large')
  for (const [partition, offset] of [
    [1, 40n],
    [1, 41n],
    [1, undefined],
  ] as const) {
    identity.acknowledge(partition, offset)
  }
  expect(identity.account()).toEqual({
    producerId: identity.id,
    count: 3,
    lastSeq: 10,
    dropped: [
      { from: 1, to: 6, reason: 'queue_full' },
      { from: 7, to: 7, reason: 'too_large' },
    ],
    redacted: 0,
    limited: 0,
    positions: [{ partition: 1, offset: '41' }],
  })
})

test('drops are reported once', () => {
  const identity = new ProducerIdentity('')
  expect(identity.takeUnreported()).toBeUndefined()
  identity.drop(1, 'queue_full')
  identity.drop(2, 'too_large')
  expect(identity.takeUnreported()).toEqual({ queue_full: 1, too_large: 1, closed: 0, invalid: 0 })
  expect(identity.takeUnreported()).toBeUndefined()
})

test('an account that would not fit a record is not given, rather than a wrong one', () => {
  const identity = new ProducerIdentity('')
  for (let seq = 1; seq <= 2 * 20_001; seq += 2) identity.drop(seq, 'queue_full')
  expect(identity.account()).toBeUndefined()
  expect(identity.takeUnreported()?.queue_full).toBe(20_001)
})
