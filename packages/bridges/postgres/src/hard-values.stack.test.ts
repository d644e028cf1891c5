import type { Sink } from '@runlight/bridge-core/sink'
import { DeliveryError } from '@runlight/bridge-core/sink'
import { logBatch, logEntries } from '@runlight/bridge-core/batch.fixture'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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

describe('values that are hard to hold', () => {
  it('isolates NUL and half surrogates with the field at fault, and stores what is around them', async () => {
    const entries = logEntries(7)
    const bad = [
      { ...entries[1], message: 'nul \0' },
      { ...entries[3], metadata: { a: ['\ud83d'] } },
      { ...entries[5], metadata: { 'k\0': 1 } },
    ]
    const [e0, , e2, , e4, , e6] = entries as [object, object, object, object, object, object, object]
    const result = await deliver(sink, logBatch([e0, bad[0] as object, e2, bad[1] as object, e4, bad[2] as object, e6]))
    expect(result.delivered).toBe(4)
    expect(result.refused).toEqual([
      { offset: 1n, reason: 'unrepresentable', detail: 'message holds a NUL character (U+0000)' },
      { offset: 3n, reason: 'unrepresentable', detail: 'metadata.a.0 holds half of a surrogate pair' },
      { offset: 5n, reason: 'unrepresentable', detail: 'A key in metadata holds a NUL character (U+0000)' },
    ])
    expect(await store.messages()).toEqual(['line 1', 'line 3', 'line 5', 'line 7'])
    expect((await store.everything()).positions).toEqual([
      { topic: 'telemetry.logs', kafka_partition: 0, next_offset: '7' },
    ])
  })

  it('halves a batch until what the server refuses is alone, with its own words', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const values: (object | string)[] = logEntries(40)
    for (const index of [0, 17, 39]) {
      values[index] = JSON.stringify(values[index]).replace('"level"', `"metadata":{"deep":${deep}},"level"`)
    }
    const result = await deliver(sink, logBatch(values))
    expect(result.delivered).toBe(37)
    expect(result.refused.map(({ offset, reason }) => [offset, reason])).toEqual([
      [0n, 'refused'],
      [17n, 'refused'],
      [39n, 'refused'],
    ])
    expect(result.refused[0]?.detail).toMatch(/^54001: stack depth limit exceeded/)
    const after = await store.everything()
    expect(after.logs).toHaveLength(37)
    expect(after.positions).toEqual([{ topic: 'telemetry.logs', kafka_partition: 0, next_offset: '40' }])
    expect(await deliver(sink, logBatch(values))).toMatchObject({ delivered: 0, refused: [] })
    expect(await store.everything()).toEqual(after)
  })

  it('keeps every digit, every character and a message of a mebibyte', async () => {
    const long = 'ü'.repeat(512 * 1024)
    const text = 'tab\t newline\n return\r backslash \\ quote " \\N \\. 🎉 \u2028'
    const [first, second, third] = logEntries(3) as [object, object, object]
    const digits = '{"id":12345678901234567890,"small":0.1234567890123456789,"huge":1e400,"text":"\\u00e9"}'
    await deliver(
      sink,
      logBatch([
        { ...first, message: long },
        { ...second, message: text, metadata: { text } },
        JSON.stringify(third).replace('"level"', `"metadata":${digits},"level"`),
      ]),
    )
    const rows = await store.sql<{ message: string; metadata: { text: string }; raw: string }[]>`
      select message, metadata, metadata::text as raw from logs order by kafka_offset`
    expect(rows[0]?.message).toBe(long)
    expect(rows[1]).toMatchObject({ message: text, metadata: { text } })
    expect(rows[2]?.raw).toContain('"id": 12345678901234567890')
    expect(rows[2]?.raw).toContain('"small": 0.1234567890123456789')
    expect(rows[2]?.raw).toContain(`"huge": 1${'0'.repeat(400)}`)
  })

  it('orders a record with a wrong clock by its append time, and keeps its own to the nanosecond', async () => {
    const appendedAt = Date.parse('2026-03-01T12:00:00.250Z')
    const times = ['1970-01-01T00:00:00Z', '2100-01-01T00:00:00.000000001Z', '2026-03-01T11:59:59.123456789Z']
    const entries = logEntries(3).map((entry, index) => ({ ...entry, timestamp: times[index] }))
    await deliver(sink, logBatch(entries, { appendedAt }))
    const rows = await store.sql`
      select timestamp_ns, effective_ns, skewed, "timestamp"::text as own, created_at::text as appended
      from logs order by kafka_offset`
    const append = String(BigInt(appendedAt) * 1_000_000n)
    const appended = '2026-03-01 12:00:00.25+00'
    expect(rows).toEqual([
      { timestamp_ns: '0', effective_ns: append, skewed: true, own: '1970-01-01 00:00:00+00', appended },
      {
        timestamp_ns: '4102444800000000001',
        effective_ns: append,
        skewed: true,
        own: '2100-01-01 00:00:00+00',
        appended,
      },
      {
        timestamp_ns: '1772366399123456789',
        effective_ns: '1772366399123456789',
        skewed: false,
        own: '2026-03-01 11:59:59.123456+00',
        appended,
      },
    ])
  })
})

describe('day partitions', () => {
  const partitions = async () =>
    (
      await store.sql<{ name: string }[]>`
        select inhrelid::regclass::text as name from pg_inherits where inhparent = 'logs'::regclass order by 1`
    ).map(({ name }) => name)

  it('are made for whatever day comes, and one day ends where the next begins', async () => {
    const midnight = Date.parse('2025-06-30T00:00:00Z')
    await deliver(sink, logBatch(logEntries(1), { appendedAt: midnight - 1 }))
    await deliver(sink, logBatch(logEntries(1, {}, 2), { from: 1, appendedAt: midnight }))
    expect(await partitions()).toEqual(expect.arrayContaining(['logs_20250629', 'logs_20250630']))
    expect(await store.sql`select message from logs_20250629`).toEqual([{ message: 'line 1' }])
    expect(await store.sql`select message from logs_20250630`).toEqual([{ message: 'line 2' }])
  })

  it('are made again when one was dropped behind the back of the sink', async () => {
    const appendedAt = Date.parse('2025-07-01T10:00:00Z')
    await deliver(sink, logBatch(logEntries(1), { appendedAt }))
    await store.sql`drop table logs_20250701`
    const batch = logBatch(logEntries(1, {}, 2), { from: 1, appendedAt })
    await expect(deliver(sink, batch)).rejects.toBeInstanceOf(DeliveryError)
    expect(await deliver(sink, batch)).toMatchObject({ delivered: 1 })
  })

  it('are there ahead of time once partitions are assigned', async () => {
    await sink.position?.({ topic: 'telemetry.logs', partition: 0, generation: 'generation-1', low: 0n, high: 0n })
    const days = [0, 1, 2].map((day) => new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10))
    expect(await partitions()).toEqual(expect.arrayContaining(days.map((day) => `logs_${day.replaceAll('-', '')}`)))
  })
})
