import { eventBatch, logBatch, logEntries, testContext, traceEvent } from '@runlight/bridge-core/batch.fixture'
import { decodeBatch } from '@runlight/bridge-core/decode'
import type { PartitionBatch, Sink } from '@runlight/bridge-core/sink'
import { deadLetterId } from '@runlight/contracts/dead-letter-id'
import { replayTopic } from '@runlight/contracts/topics'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ORIGIN, deadLetter, letterRecord, rawBatch, replayRecord } from './letters.fixture.ts'
import { deliver, startTraceStore } from './trace-store.fixture.ts'
import type { TestTraceStore } from './trace-store.fixture.ts'

let store: TestTraceStore
let sink: Sink

beforeAll(async () => {
  store = await startTraceStore()
})
afterAll(() => store.stop())
beforeEach(() => {
  sink = store.sink()
})
afterEach(async () => {
  await sink.close()
  await store.clear()
})

const letters = () => store.sql`select * from dead_letters order by created_at, kafka_offset`
const ID = deadLetterId('loki', { ...ORIGIN, offset: BigInt(ORIGIN.offset) })

describe('a dead letter', () => {
  it('is kept whole', async () => {
    const value = 'grüße \0 \\N'
    const letter = deadLetter({ detail: 'half \ud83d and nul \0', keyBytes: 5 }, value)
    expect(await deliver(sink, rawBatch([letterRecord(letter)], { appendedAt: 1_772_366_400_500 }))).toEqual({
      ...{ delivered: 1, repeated: 0, refused: [] },
    })
    const [row] = await letters()
    expect(row).toMatchObject({
      ...{ id: ID, sink: 'loki', reason: 'json', detail: 'half \ufffd and nul \u2400' },
      ...{ generation: 'generation-1', topic: 'telemetry.logs', kafka_partition: 2, kafka_offset: '41' },
      ...{ key: Buffer.from('run-1'), key_bytes: 5, value: Buffer.from(value), value_bytes: '12' },
      ...{ refusals: 1, replays: 0, replay_offset: null, refused_offset: null, stored_at: null },
    })
    const [times] = await store.sql`
      select appended_at::text as a, failed_at::text as f, created_at::text as c from dead_letters`
    expect(times).toEqual({
      a: '2026-03-01 12:00:00.25+00',
      f: '2026-03-01 12:00:01+00',
      c: '2026-03-01 12:00:00.5+00',
    })
  })

  it('is one row, however often it is delivered or told again, in one batch or several', async () => {
    const again = letterRecord(deadLetter({ detail: 'later', failedAt: '2026-03-01T13:00:00Z' }))
    const first = rawBatch([letterRecord(deadLetter()), again, letterRecord(deadLetter({ sink: 'postgres' }))])
    expect(await deliver(sink, first)).toMatchObject({ delivered: 2, repeated: 1 })
    const before = await letters()
    expect(await deliver(sink, first)).toMatchObject({ delivered: 0 })
    expect(await letters()).toEqual(before)
    // A part of it that comes late, from an instance that was stopped, does not move the position back.
    await deliver(sink, { ...first, records: first.records.slice(0, 1), nextOffset: 1n })
    expect((await store.everything()).positions).toEqual([
      { topic: 'telemetry.dlq', kafka_partition: 0, next_offset: '3' },
    ])
    expect(before.find(({ id }) => id === ID)).toMatchObject({ detail: 'later', refusals: 2 })
    await deliver(sink, rawBatch([letterRecord(deadLetter({ reason: 'refused' }))], { from: 3 }))
    const after = await letters()
    expect(after).toHaveLength(2)
    expect(after.find(({ id }) => id === ID)).toMatchObject({ reason: 'refused', refusals: 3 })
  })

  it('is not stored behind others that the store has lost', async () => {
    await deliver(sink, rawBatch([letterRecord(deadLetter()), letterRecord(deadLetter({ sink: 'postgres' }))]))
    await store.sql`update positions set next_offset = 1`
    const next = rawBatch([letterRecord(deadLetter({ reason: 'refused' }))], { from: 2 })
    await expect(deliver(sink, next)).rejects.toMatchObject({ code: 'RL_POSITION_WENT_BACK' })
    expect((await store.everything()).positions).toMatchObject([{ next_offset: '1' }])
  })

  it('without its value points at it', async () => {
    const { value: _, ...letter } = deadLetter({ valueBytes: 5_000_000, keyBytes: 5 })
    await deliver(sink, rawBatch([letterRecord(letter)]))
    expect(await letters()).toMatchObject([{ value: null, value_bytes: '5000000', key_bytes: 5 }])
  })
})

describe('what lies among the dead letters and is none', () => {
  const bad: [string, Buffer | null, RegExp][] = [
    ['broken JSON', Buffer.from('{"sink":'), /not JSON/],
    ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /not JSON in UTF-8/],
    ['nothing', null, /not JSON/],
    ['another shape', Buffer.from('{"sink":"loki"}'), /lacks/],
    ['an unknown sink', letterRecord(deadLetter({ sink: 'other' as 'loki' })).value as Buffer, /sink must be one of/],
    [
      'a NUL in a name',
      letterRecord(deadLetter({ origin: { ...ORIGIN, topic: 'a\0' } })).value as Buffer,
      /origin holds/,
    ],
    [
      'an offset above 64 bits',
      letterRecord(deadLetter({ origin: { ...ORIGIN, offset: '9223372036854775808' } })).value as Buffer,
      /above 64 bits/,
    ],
    [
      'a long name',
      letterRecord(deadLetter({ origin: { ...ORIGIN, topic: 'a'.repeat(250) } })).value as Buffer,
      /topic/,
    ],
    [
      'a partition above 32 bits',
      letterRecord(deadLetter({ origin: { ...ORIGIN, partition: 2 ** 31 } })).value as Buffer,
      /above 32 bits/,
    ],
    [
      'no day of the calendar',
      letterRecord(deadLetter({ failedAt: '2026-02-30T00:00:00Z' })).value as Buffer,
      /calendar/,
    ],
    ['half a value', letterRecord(deadLetter({ valueBytes: 3 })).value as Buffer, /value is not valueBytes long/],
    [
      'a key that no record has',
      letterRecord({ ...deadLetter({ keyBytes: 2 ** 31 }), key: undefined }).value as Buffer,
      /size is above/,
    ],
    [
      'a value that no record has',
      letterRecord({ ...deadLetter({ valueBytes: 1e300 }), value: undefined }).value as Buffer,
      /size is above/,
    ],
    ['half a key', letterRecord(deadLetter({ keyBytes: 3 })).value as Buffer, /key is not keyBytes long/],
    ['five megabytes', Buffer.alloc(5_000_000, 'x'), /not JSON/],
  ]

  it('is kept as it is with what is wrong, and stops nothing', async () => {
    const records = bad.map(([, value]) => ({ key: Buffer.from([0]), value }))
    const result = await deliver(sink, rawBatch([...records, letterRecord(deadLetter())]))
    expect(result).toEqual({ delivered: bad.length + 1, repeated: 0, refused: [] })
    const rows = await store.sql`
      select * from dead_letters where reason = 'unreadable' order by kafka_offset`
    expect(rows).toHaveLength(bad.length)
    for (const [index, [, value, detail]] of bad.entries()) {
      expect(rows[index]).toMatchObject({
        ...{ sink: 'postgres', topic: 'telemetry.dlq', generation: 'generation-1', kafka_offset: String(index) },
        ...{ key: Buffer.from([0]), value: value && value.length > 512 * 1024 ? null : value },
        ...{ value_bytes: String(value?.length ?? 0), detail: expect.stringMatching(detail) as string },
      })
    }
    expect(await letters()).toHaveLength(bad.length + 1)
  })

  it('and could not even be read is told of by one letter, which is kept: nothing goes round in a circle', async () => {
    const { kind, records, ...frame } = rawBatch([letterRecord(deadLetter()), {}])
    const unreadable = { reason: 'too_large' as const, detail: 'The record has 99 bytes.' }
    const taken = records.map((record, index) => (index === 1 ? { ...record, unreadable } : record))
    const { batch, refused } = decodeBatch(kind, frame, taken)
    expect(refused).toMatchObject([{ record: { offset: 1n, key: null, value: null }, ...unreadable }])
    expect(await deliver(sink, batch)).toMatchObject({ delivered: 1, refused: [] })
    // What the core writes of it to the same topic.
    const origin = { ...ORIGIN, topic: 'telemetry.dlq', partition: 0, offset: '1' }
    const { key: _, value: __, ...bare } = deadLetter({ sink: 'postgres', origin, ...unreadable, valueBytes: 0 })
    const again = decodeBatch(kind, { ...frame, nextOffset: 3n }, rawBatch([letterRecord(bare)], { from: 2 }).records)
    expect(again.refused).toEqual([])
    expect(await deliver(sink, again.batch)).toMatchObject({ delivered: 1, refused: [] })
    const rows = await letters()
    expect(rows).toHaveLength(2)
    expect(rows).toContainEqual(expect.objectContaining({ topic: 'telemetry.dlq', reason: 'too_large', value: null }))
  })
})

describe('replays to Loki', () => {
  const replays = (records: ReturnType<typeof replayRecord>[], from = 0) =>
    deliver(sink, rawBatch(records, { topic: replayTopic('loki'), from }))

  it('are noted with the letter: how often, and where the last one lies', async () => {
    await deliver(sink, rawBatch([letterRecord(deadLetter())]))
    await replays([replayRecord(), { value: Buffer.from('no header') }, replayRecord({ offset: '42' })])
    expect(await letters()).toMatchObject([{ replays: 1, replay_offset: '0', refused_offset: null }])
    await replays([replayRecord(), replayRecord(), { origin: Buffer.from('{') }], 3)
    await replays([replayRecord(), replayRecord(), { origin: Buffer.from('{') }], 3)
    expect(await letters()).toMatchObject([{ replays: 3, replay_offset: '4' }])
  })

  it('that are refused are told by the letter that comes of them', async () => {
    await deliver(sink, rawBatch([letterRecord(deadLetter())]))
    await replays([replayRecord(), replayRecord()])
    await deliver(sink, rawBatch([letterRecord(deadLetter({ replay: { offset: '0' } }))], { from: 1 }))
    expect(await letters()).toMatchObject([{ replay_offset: '1', refused_offset: '0', refusals: 2 }])
  })
})

describe('replays to Postgres', () => {
  const own = (offset: number, topic = 'telemetry.logs') =>
    letterRecord(deadLetter({ sink: 'postgres', origin: { ...ORIGIN, topic, partition: 0, offset: String(offset) } }))
  const place = { replay: 'replay-1', appendedAt: Date.parse('2026-03-01T12:00:00.250Z') }

  async function deliverFrom(batch: PartitionBatch) {
    return sink.prepare(batch)(testContext())
  }

  it('bring a record home once, however often it is replayed, and leave the position where it is', async () => {
    const [lost, ...entries] = logEntries(4)
    // What was refused at offset 3 leaves a gap.
    await deliver(sink, logBatch(entries, place))
    await deliver(sink, logBatch([], { from: 4 }))
    await deliver(sink, rawBatch([own(3)]))
    const replay = logBatch([lost as object], { ...place, from: 3 })
    expect(await deliverFrom(replay)).toEqual({ delivered: 1, repeated: 0 })
    expect(await deliverFrom(replay)).toEqual({ delivered: 0, repeated: 1 })
    expect(await store.messages()).toEqual(['line 2', 'line 3', 'line 4', 'line 1'])
    const { positions } = await store.everything()
    expect(positions).toContainEqual({ topic: 'telemetry.logs', kafka_partition: 0, next_offset: '4' })
    expect(await letters()).toMatchObject([{ replays: 2, stored_at: expect.any(Date) as Date }])
  })

  it('drop what is there already, also of a record without a producer, also twice in one batch', async () => {
    const foreign = logEntries(2).map(({ producer: _, ...entry }) => entry)
    const { producer: __, ...event } = traceEvent('NODE_PROGRESS', { nodeRef: 'fetch' })
    await deliver(sink, logBatch(foreign, place))
    await deliver(sink, eventBatch([event], place))
    await deliver(sink, logBatch([], { from: 3 }))
    expect(await deliverFrom(logBatch(foreign, place))).toEqual({ delivered: 0, repeated: 2 })
    expect(await deliverFrom(eventBatch([event], place))).toEqual({ delivered: 0, repeated: 1 })
    const absent = logBatch([foreign[0] as object], { ...place, from: 2 })
    const twice = { ...absent, records: [...absent.records, ...absent.records] }
    expect(await deliverFrom(twice)).toEqual({ delivered: 1, repeated: 1 })
    expect(await deliverFrom(twice)).toEqual({ delivered: 0, repeated: 2 })
    expect(await store.messages()).toEqual(['line 1', 'line 2', 'line 1'])
  })

  it('number an event densely in its run, after what has come since', async () => {
    const first = traceEvent('NODE_STARTED', { nodeRef: 'fetch' })
    await deliver(sink, eventBatch([traceEvent('RUN_STARTED')]))
    await deliver(sink, eventBatch([traceEvent('NODE_COMPLETED', { nodeRef: 'fetch' })], { from: 2 }))
    await deliverFrom(eventBatch([first], { ...place, from: 1 }))
    await deliverFrom(eventBatch([first], { ...place, from: 1 }))
    expect(await store.sql`select sequence, type from workflow_traces order by sequence`).toEqual([
      { sequence: '1', type: 'RUN_STARTED' },
      { sequence: '2', type: 'NODE_COMPLETED' },
      { sequence: '3', type: 'NODE_STARTED' },
    ])
  })

  it('wait for the first delivery of a record that has not ended, unless it is of an older life of the topic', async () => {
    await deliver(sink, logBatch(logEntries(2)))
    const early = logBatch(logEntries(1, {}, 3), { ...place, from: 2 })
    await expect(deliverFrom(early)).rejects.toMatchObject({ name: 'DeliveryError', reason: 'conflict' })
    expect(await deliverFrom({ ...early, generation: 'generation-0' })).toEqual({ delivered: 1, repeated: 0 })
  })

  it('that hold what the server refuses are refused again, and the others are stored', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const values: (object | string)[] = logEntries(5)
    values[2] = JSON.stringify(values[2]).replace('"level"', `"metadata":{"deep":${deep}},"level"`)
    await deliver(sink, logBatch([], { from: 5 }))
    const result = await deliver(sink, logBatch(values, place))
    expect(result).toMatchObject({ delivered: 4, refused: [{ offset: 2n, reason: 'refused' }] })
  })
})
