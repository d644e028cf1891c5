import { RunlightError } from '@runlight/contracts/errors'
import type { Delivery, PartitionBatch, Sink } from '@runlight/bridge-core/sink'
import { DeliveryError } from '@runlight/bridge-core/sink'
import { eventBatch, logBatch, logEntries, testContext, traceEvent } from '@runlight/bridge-core/batch.fixture'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTraceStore } from './trace-store.fixture.ts'
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

async function deliver(batch: PartitionBatch, to = sink) {
  const context = testContext()
  const counts = await to.prepare(batch)(context)
  return {
    ...counts,
    refused: context.refused.map(({ record, reason, detail }) => ({ offset: record.offset, reason, detail })),
  }
}

/** Everything that is stored, without the times of writing. */
async function everything() {
  const { sql } = store
  return {
    logs: await sql`select * from logs order by kafka_partition, kafka_offset`,
    streams: await sql`select org_id, selector, first_ns, last_ns, lines, bytes from log_stream order by 1, 2`,
    traces: await sql`select * from workflow_traces order by run_id, sequence`,
    runs: await sql`select run_id, status, execution, completed_actions, last_sequence, updated_ns from runs order by 1`,
    positions: await sql`select topic, kafka_partition, next_offset from positions order by 1, 2`,
    ranges: await sql`select topic, producer_id, seqs::text from producer_ranges order by 1, 2`,
  }
}

const messages = async () =>
  (await store.sql<{ message: string }[]>`select message from logs order by kafka_partition, kafka_offset`).map(
    (row) => row.message,
  )

describe('once in effect', () => {
  it('changes nothing when a batch is delivered again, whole or in other pieces', async () => {
    const entries = logEntries(50)
    const events = [
      traceEvent('RUN_STARTED'),
      traceEvent('NODE_STARTED', { nodeRef: 'fetch' }),
      traceEvent('NODE_COMPLETED', { nodeRef: 'fetch' }),
      traceEvent('RUN_COMPLETED'),
    ]
    expect(await deliver(logBatch(entries))).toMatchObject({ delivered: 50, repeated: 0 })
    expect(await deliver(eventBatch(events))).toMatchObject({ delivered: 4, repeated: 0 })
    const before = await everything()
    expect(before.logs).toHaveLength(50)
    expect(await deliver(logBatch(entries))).toMatchObject({ delivered: 0, repeated: 50 })
    expect(await deliver(logBatch(entries.slice(10, 30), { from: 10 }))).toMatchObject({ delivered: 0, repeated: 20 })
    expect(await deliver(eventBatch(events))).toMatchObject({ delivered: 0, repeated: 4 })
    expect(await everything()).toEqual(before)
  })

  it('stores of an overlapping batch what is new', async () => {
    const entries = logEntries(30)
    await deliver(logBatch(entries.slice(0, 20)))
    expect(await deliver(logBatch(entries.slice(10), { from: 10 }))).toMatchObject({ delivered: 10, repeated: 10 })
    expect(await messages()).toEqual(entries.map(({ message }) => message))
  })

  it('drops an identity that comes again at another offset, in another partition, or twice in one batch', async () => {
    const entries = logEntries(10)
    await deliver(logBatch(entries))
    expect(await deliver(logBatch(entries, { from: 10 }))).toMatchObject({ delivered: 0, repeated: 10 })
    expect(await deliver(logBatch(entries, { partition: 3 }))).toMatchObject({ delivered: 0, repeated: 10 })
    const next = logEntries(1, {}, 11)
    expect(await deliver(logBatch([...next, ...next], { from: 20 }))).toMatchObject({ delivered: 1, repeated: 1 })
    expect(await messages()).toHaveLength(11)
    const [stream] = await store.sql`select lines, bytes from log_stream where selector like '%shard="0"%'`
    expect(stream).toEqual({ lines: '11', bytes: String('line 1'.length * 9 + 'line 10'.length * 2) })
  })

  it('keeps two lines that are equal in all but their identity, and every record without one', async () => {
    const [line] = logEntries(1)
    const foreign = { ...line, producer: undefined }
    await deliver(logBatch([line as object, { ...line, producer: { id: 'producer-1', seq: 2 } }, foreign, foreign]))
    expect(await messages()).toEqual(['line 1', 'line 1', 'line 1', 'line 1'])
    const rows = await store.sql`select producer_id, producer_seq from logs order by kafka_offset offset 2`
    expect(rows).toEqual([
      { producer_id: 'foreign:generation-1/telemetry.logs/0', producer_seq: '3' },
      { producer_id: 'foreign:generation-1/telemetry.logs/0', producer_seq: '4' },
    ])
  })

  it('stores once what two instances deliver at the same time', async () => {
    const other = store.sink()
    const entries = logEntries(2_000)
    const [a, b] = await Promise.all([deliver(logBatch(entries)), deliver(logBatch(entries), other)])
    expect(a.delivered + b.delivered).toBe(2_000)
    // A resend that was hashed to another partition, at the same moment as the first send.
    const more = logEntries(2_000, {}).map((entry, index) => {
      return { ...entry, producer: { id: `new-${index % 7}`, seq: Math.floor(index / 7) + 1 } }
    })
    const [c, d] = await Promise.all([
      deliver(logBatch(more, { partition: 1 })),
      deliver(logBatch(more, { partition: 2 }), other),
    ])
    expect(c.delivered + d.delivered).toBe(2_000)
    expect(await messages()).toHaveLength(4_000)
    await other.close()
  })
})

describe('events', () => {
  it('are numbered densely for each run, also when two partitions bring them at once', async () => {
    const other = store.sink()
    const many = (prefix: string) =>
      Array.from({ length: 300 }, (_, index) =>
        traceEvent('NODE_PROGRESS', {
          runId: `run-${index % 3}`,
          nodeRef: 'fetch',
          message: `${prefix} ${index}`,
          producer: { id: prefix, seq: index + 1 },
        }),
      )
    await Promise.all([
      deliver(eventBatch(many('a'), { partition: 0 })),
      deliver(eventBatch(many('b'), { partition: 1 }), other),
    ])
    const rows = await store.sql<{ run_id: string; first: string; last: string; count: string; highest: string }[]>`
      select t.run_id, min(sequence) as first, max(sequence) as last, count(distinct sequence) as count,
        max(r.last_sequence) as highest
      from workflow_traces t join runs r using (run_id) group by 1 order by 1`
    expect(rows).toEqual(
      [0, 1, 2].map((n) => ({ run_id: `run-${n}`, first: '1', last: '200', count: '200', highest: '200' })),
    )
    await other.close()
  })

  it('fold into one row over several batches: progress counts a node once, the status never goes back', async () => {
    const nodes = [
      { ref: 'fetch', after: [] },
      { ref: 'join', after: ['fetch'] },
    ]
    await deliver(eventBatch([traceEvent('RUN_STARTED', { data: { graph: { nodes }, parentRunId: 'parent' } })]))
    await deliver(eventBatch([traceEvent('NODE_COMPLETED', { nodeRef: 'fetch' })], { from: 1 }))
    await deliver(eventBatch([traceEvent('NODE_COMPLETED', { nodeRef: 'fetch', attempt: 2 })], { from: 2 }))
    const error = { message: 'boom', type: 'TimeoutError', retryable: false }
    await deliver(eventBatch([traceEvent('RUN_FAILED', { error }), traceEvent('RUN_COMPLETED')], { from: 3 }))
    const [run] = await store.sql`select * from runs`
    expect(run).toMatchObject({
      status: 'FAILED',
      completed_actions: 1,
      total_actions: 2,
      parent_run_id: 'parent',
      failure: { reason: 'TimeoutError', message: 'boom' },
      graph: { nodes },
      last_sequence: '5',
    })
    await deliver(eventBatch([traceEvent('RUN_STARTED', { execution: 2 })], { from: 5 }))
    const [again] = await store.sql`select status, execution, completed_actions, failure from runs`
    expect(again).toEqual({ status: 'RUNNING', execution: 2, completed_actions: 0, failure: null })
  })

  it('keep their causes, error, data and output as they were sent', async () => {
    const sent = traceEvent('NODE_FAILED', {
      nodeRef: 'fetch',
      causes: ['1/fetch/1/NODE_STARTED', 'with "quotes", commas and \\'],
      error: { message: 'boom', type: 'E', retryable: true, stack: 'a\n\tat b' },
      data: { __proto__: { x: 1 }, list: [1, 2.5, 'drei'] },
      outputSummary: null,
    })
    await deliver(eventBatch([JSON.stringify(sent).replace('"data":{', '"data":{"big":12345678901234567890,')]))
    const [row] = await store.sql`select causes, error, data::text, output_summary::text from workflow_traces`
    expect(row).toMatchObject({ causes: sent.causes, error: sent.error, output_summary: 'null' })
    expect(row?.['data']).toContain('12345678901234567890')
  })
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
    const result = await deliver(logBatch([e0, bad[0] as object, e2, bad[1] as object, e4, bad[2] as object, e6]))
    expect(result.delivered).toBe(4)
    expect(result.refused).toEqual([
      { offset: 1n, reason: 'unrepresentable', detail: 'message holds a NUL character (U+0000)' },
      { offset: 3n, reason: 'unrepresentable', detail: 'metadata.a.0 holds half of a surrogate pair' },
      { offset: 5n, reason: 'unrepresentable', detail: 'A key in metadata holds a NUL character (U+0000)' },
    ])
    expect(await messages()).toEqual(['line 1', 'line 3', 'line 5', 'line 7'])
    expect((await everything()).positions).toEqual([{ topic: 'telemetry.logs', kafka_partition: 0, next_offset: '7' }])
  })

  it('halves a batch until what the server refuses is alone, with its own words', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const values: (object | string)[] = logEntries(40)
    for (const index of [0, 17, 39]) {
      values[index] = JSON.stringify(values[index]).replace('"level"', `"metadata":{"deep":${deep}},"level"`)
    }
    const result = await deliver(logBatch(values))
    expect(result.delivered).toBe(37)
    expect(result.refused.map(({ offset, reason }) => [offset, reason])).toEqual([
      [0n, 'refused'],
      [17n, 'refused'],
      [39n, 'refused'],
    ])
    expect(result.refused[0]?.detail).toMatch(/^54001: stack depth limit exceeded/)
    const after = await everything()
    expect(after.logs).toHaveLength(37)
    expect(after.positions).toEqual([{ topic: 'telemetry.logs', kafka_partition: 0, next_offset: '40' }])
    expect(await deliver(logBatch(values))).toMatchObject({ delivered: 0, refused: [] })
    expect(await everything()).toEqual(after)
  })

  it('keeps every digit, every character and a message of a mebibyte', async () => {
    const long = 'ü'.repeat(512 * 1024)
    const text = 'tab\t newline\n return\r backslash \\ quote " \\N \\. 🎉 \u2028'
    const [first, second, third] = logEntries(3) as [object, object, object]
    const digits = '{"id":12345678901234567890,"small":0.1234567890123456789,"huge":1e400,"text":"\\u00e9"}'
    await deliver(
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
    await deliver(logBatch(entries, { appendedAt }))
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
    await deliver(logBatch(logEntries(1), { appendedAt: midnight - 1 }))
    await deliver(logBatch(logEntries(1, {}, 2), { from: 1, appendedAt: midnight }))
    expect(await partitions()).toEqual(expect.arrayContaining(['logs_20250629', 'logs_20250630']))
    expect(await store.sql`select message from logs_20250629`).toEqual([{ message: 'line 1' }])
    expect(await store.sql`select message from logs_20250630`).toEqual([{ message: 'line 2' }])
  })

  it('are made again when one was dropped behind the back of the sink', async () => {
    const appendedAt = Date.parse('2025-07-01T10:00:00Z')
    await deliver(logBatch(logEntries(1), { appendedAt }))
    await store.sql`drop table logs_20250701`
    const batch = logBatch(logEntries(1, {}, 2), { from: 1, appendedAt })
    await expect(deliver(batch)).rejects.toBeInstanceOf(DeliveryError)
    expect(await deliver(batch)).toMatchObject({ delivered: 1 })
  })

  it('are there ahead of time once partitions are assigned', async () => {
    await sink.position?.({ topic: 'telemetry.logs', partition: 0, generation: 'generation-1', low: 0n, high: 0n })
    const days = [0, 1, 2].map((day) => new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10))
    expect(await partitions()).toEqual(expect.arrayContaining(days.map((day) => `logs_${day.replaceAll('-', '')}`)))
  })
})

describe('positions', () => {
  const assigned = { topic: 'telemetry.logs', partition: 0, generation: 'generation-1', low: 0n, high: 10n }

  it('say where to go on', async () => {
    expect(await sink.position?.(assigned)).toBeUndefined()
    await deliver(logBatch(logEntries(5)))
    expect(await sink.position?.(assigned)).toBe(5n)
  })

  it('of another generation stop the process, when partitions are assigned and when a batch comes', async () => {
    await deliver(logBatch(logEntries(5)))
    const stopped = expect.objectContaining({ code: 'RL_GENERATION_CHANGED' })
    await expect(sink.position?.({ ...assigned, generation: 'generation-2' })).rejects.toEqual(stopped)
    const batch = logBatch(logEntries(5, {}, 6), { from: 5, generation: 'generation-2' })
    await expect(deliver(batch)).rejects.toEqual(stopped)
    await expect(deliver(batch)).rejects.toBeInstanceOf(RunlightError)
    expect(await messages()).toHaveLength(5)
  })

  it('are announced, many deliveries together', async () => {
    const heard: Record<string, Record<string, string>>[] = []
    const listener = store.postgres.connect('runlight_reader')
    await listener.listen('runlight_positions', (payload) => heard.push(JSON.parse(payload)))
    for (let from = 0; from < 40; from++) await deliver(logBatch(logEntries(1, {}, from + 1), { from }))
    await expect.poll(() => heard.at(-1)?.['telemetry.logs']?.['0']).toBe('40')
    expect(heard.length).toBeLessThan(40)
    await listener.end()
  })
})

describe('a server that goes away', () => {
  it('is a reason to try again, and nothing is stored twice', async () => {
    await deliver(logBatch(logEntries(5)))
    const delivery: Delivery = sink.prepare(logBatch(logEntries(5, {}, 6), { from: 5 }))
    await store.postgres.kill()
    await expect(delivery(testContext())).rejects.toMatchObject({ name: 'DeliveryError', reason: 'unreachable' })
    await expect(sink.check()).rejects.toThrow()
    await store.postgres.start()
    expect(await delivery(testContext())).toEqual({ delivered: 5, repeated: 0 })
    expect(await messages()).toHaveLength(10)
  })
})
