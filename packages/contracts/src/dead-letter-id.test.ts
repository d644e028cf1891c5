import { describe, expect, it } from 'vitest'
import { deadLetterId, replayIdOf } from './dead-letter-id.ts'
import { EFFECTIVE_FUTURE_SECONDS, EFFECTIVE_PAST_SECONDS } from './time.ts'

const origin = { generation: 'g', topic: 'telemetry.logs', partition: 1, offset: 7n }

describe('the id of a dead letter', () => {
  it('is one for each sink and place', () => {
    const others = [
      deadLetterId('postgres', origin),
      deadLetterId('loki', { ...origin, generation: 'h' }),
      deadLetterId('loki', { ...origin, topic: 'telemetry.events' }),
      deadLetterId('loki', { ...origin, partition: 2 }),
      deadLetterId('loki', { ...origin, offset: 8n }),
    ]
    expect(new Set([deadLetterId('loki', origin), ...others]).size).toBe(6)
    expect(deadLetterId('loki', { ...origin })).toBe(deadLetterId('loki', origin))
    expect(deadLetterId('loki', origin)).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })
})

describe('the name of a replay', () => {
  it('is the same within twenty minutes of one partition only', () => {
    const slot = 1_800_000_000_000 - (1_800_000_000_000 % 1_200_000)
    const name = replayIdOf(origin, slot)
    expect(replayIdOf({ ...origin }, slot + 1_199_999)).toBe(name)
    const others = [
      replayIdOf(origin, slot - 1),
      replayIdOf(origin, slot + 1_200_000),
      replayIdOf({ ...origin, partition: 0 }, slot),
      replayIdOf({ ...origin, generation: 'h' }, slot),
    ]
    expect(new Set([name, ...others]).size).toBe(5)
    // Loki refuses what lies an hour behind the newest of its stream.
    expect(20 * 60 + EFFECTIVE_PAST_SECONDS + EFFECTIVE_FUTURE_SECONDS).toBeLessThan(3600)
  })
})
