import { describe, expect, it } from 'vitest'
import { logEntries } from './batch.fixture.ts'
import { decodeBatch } from './decode.ts'
import type { TakenBatch } from './part.ts'
import { replayParts } from './replay.ts'
import type { BusRecord } from './sink.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const settings = { spanMillis: 10 * MINUTE, kinds: new Map([['telemetry.logs', 'logs' as const]]) }

let lastOffset = 0n

function record(origin: object | string | null, message = 'hello'): BusRecord {
  const [entry] = logEntries(1, { message, timestamp: '2026-03-01T12:00:00Z' })
  const header = typeof origin === 'string' || origin === null ? origin : JSON.stringify(origin)
  return {
    ...{ offset: ++lastOffset, appendedAt: Date.now(), key: null, value: Buffer.from(JSON.stringify(entry)) },
    origin: header === null ? null : Buffer.from(header),
  }
}

const origin = (extra: object = {}) => ({
  ...{ generation: 'first', topic: 'telemetry.logs', partition: 2, offset: '41', replayId: 'again-1' },
  appendedAt: new Date(NOON).toISOString(),
  ...extra,
})
const minutesAfterNoon = (minutes: number) => ({ appendedAt: new Date(NOON + minutes * MINUTE).toISOString() })

describe('replayParts', () => {
  it('gives a record its original place, append time and generation, and with them its effective time', () => {
    const own = record(origin())
    const [part, ...more] = replayParts(settings, [own])
    expect(more).toEqual([])
    expect(part?.nextOffset).toBe(own.offset + 1n)
    expect(part?.broken).toEqual([])
    expect(part?.batches).toHaveLength(1)
    const [{ kind, frame, records }] = part?.batches as [TakenBatch]
    expect(decodeBatch(kind, frame, records)).toMatchObject({
      batch: {
        ...{ kind: 'logs', topic: 'telemetry.logs', partition: 2, generation: 'first', replay: { id: 'again-1' } },
        records: [
          { offset: 41n, appendedAt: NOON, value: own.value, effective: { instant: { nanos: 0 }, skewed: false } },
        ],
      },
      refused: [],
    })
  })

  it('makes one batch of what has one origin, however it is mixed, and keeps the order in it', () => {
    const parts = replayParts(settings, [
      record(origin({ offset: '1' })),
      record(origin({ offset: '7', partition: 3 })),
      record(origin({ offset: '2' })),
      record(origin({ offset: '3', replayId: 'again-2' })),
      record(origin({ offset: '4', generation: 'second' })),
    ])
    const offsets = parts[0]?.batches.map(({ records }) => records.map(({ offset }) => offset))
    expect(parts).toHaveLength(1)
    expect(offsets).toEqual([[1n, 2n], [7n], [3n], [4n]])
  })

  it('begins a new part where a batch would span more append time than allowed, forwards or backwards', () => {
    const parts = replayParts(settings, [
      record(origin({ offset: '1', ...minutesAfterNoon(5) })),
      record(origin({ offset: '2', ...minutesAfterNoon(14) })),
      record(origin({ offset: '3', ...minutesAfterNoon(3) })),
      record(origin({ offset: '4', ...minutesAfterNoon(14) })),
    ])
    const offsets = parts.map(({ batches }) => batches[0]?.records.map(({ offset }) => offset))
    expect(offsets).toEqual([[1n, 2n], [3n], [4n]])
    expect(parts.map(({ nextOffset }) => nextOffset)).toEqual([lastOffset - 1n, lastOffset, lastOffset + 1n])
  })

  it.each([
    [null, 'is missing.'],
    ['{', /^is not JSON: /],
    [{}, /lacks/],
    [origin({ partition: -1 }), /^partition /],
    [origin({ offset: '4x' }), /^offset /],
    [origin({ offset: '9223372036854775808' }), 'offset is above 64 bits.'],
    [origin({ replayId: 'a b' }), /^replayId /],
    [origin({ appendedAt: 'yesterday' }), /^appendedAt /],
    [origin({ appendedAt: '2026-02-30T00:00:00Z' }), /^appendedAt is not a day/],
    [origin({ topic: 'telemetry.events' }), 'topic is telemetry.events, which this sink does not take.'],
  ])('refuses a record whose header is %j, where it lies on the replay topic', (header, words) => {
    const broken = record(header)
    const good = record(origin())
    const parts = replayParts(settings, [broken, good])
    expect(parts).toHaveLength(1)
    expect(parts[0]?.batches).toHaveLength(1)
    const [refusal] = parts[0]?.broken ?? []
    expect(refusal).toMatchObject({ reason: 'schema', record: { offset: broken.offset } })
    const said = refusal?.detail.replace('Header runlight-origin: ', '')
    if (typeof words === 'string') expect(said).toBe(words)
    else expect(said).toMatch(words)
  })
})
