import type { LogEntry } from '@runlight/contracts/log-entry'
import { RunlightError } from '@runlight/contracts/errors'
import type { Delivery, Sink } from '@runlight/bridge-core/sink'
import { eventBatch, logBatch, logEntries, testContext, traceEvent } from '@runlight/bridge-core/batch.fixture'
import { PROGRESS_CASES } from '@runlight/contracts/progress.fixture'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '@runlight/service/log'
import { PositionNotifier } from './notifier.ts'
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

/** Some without an identity of their own: the position alone keeps them from being stored again. */
function withoutSomeIdentities(entries: readonly LogEntry[]) {
  return entries.map(({ producer, ...rest }, index) => (index % 5 === 0 ? rest : { ...rest, producer }))
}

describe('once in effect', () => {
  it('changes nothing when a batch is delivered again, whole or in other pieces', async () => {
    const entries = withoutSomeIdentities(logEntries(50))
    const events = [
      traceEvent('RUN_STARTED'),
      traceEvent('NODE_STARTED', { nodeRef: 'fetch' }),
      traceEvent('NODE_COMPLETED', { nodeRef: 'fetch' }),
      traceEvent('RUN_COMPLETED'),
    ]
    expect(await deliver(sink, logBatch(entries))).toMatchObject({ delivered: 50, repeated: 0 })
    expect(await deliver(sink, eventBatch(events))).toMatchObject({ delivered: 4, repeated: 0 })
    const before = await store.everything()
    expect(before.logs).toHaveLength(50)
    expect(await deliver(sink, logBatch(entries))).toMatchObject({ delivered: 0, repeated: 50 })
    expect(await deliver(sink, logBatch(entries.slice(10, 30), { from: 10 }))).toMatchObject({
      delivered: 0,
      repeated: 20,
    })
    expect(await deliver(sink, eventBatch(events))).toMatchObject({ delivered: 0, repeated: 4 })
    expect(await store.everything()).toEqual(before)
  })

  it('stores of an overlapping batch what is new', async () => {
    const entries = withoutSomeIdentities(logEntries(30))
    await deliver(sink, logBatch(entries.slice(0, 20)))
    expect(await deliver(sink, logBatch(entries.slice(10), { from: 10 }))).toMatchObject({
      delivered: 10,
      repeated: 10,
    })
    expect(await store.messages()).toEqual(entries.map(({ message }) => message))
  })

  it('drops an identity that comes again at another offset, in another partition, or twice in one batch', async () => {
    const entries = logEntries(10)
    await deliver(sink, logBatch(entries))
    expect(await deliver(sink, logBatch(entries, { from: 10 }))).toMatchObject({ delivered: 0, repeated: 10 })
    expect(await deliver(sink, logBatch(entries, { partition: 3 }))).toMatchObject({ delivered: 0, repeated: 10 })
    const next = logEntries(1, {}, 11)
    expect(await deliver(sink, logBatch([...next, ...next], { from: 20 }))).toMatchObject({ delivered: 1, repeated: 1 })
    expect(await store.messages()).toHaveLength(11)
    const [stream] = await store.sql`select lines, bytes from log_stream where selector like '%shard="0"%'`
    expect(stream).toEqual({ lines: '11', bytes: String('line 1'.length * 9 + 'line 10'.length * 2) })
  })

  it('keeps two lines that are equal in all but their identity, and every record without one', async () => {
    const [line] = logEntries(1)
    const foreign = { ...line, producer: undefined }
    await deliver(
      sink,
      logBatch([line as object, { ...line, producer: { id: 'producer-1', seq: 2 } }, foreign, foreign]),
    )
    expect(await store.messages()).toEqual(['line 1', 'line 1', 'line 1', 'line 1'])
    const rows = await store.sql`select producer_id, producer_seq from logs order by kafka_offset offset 2`
    expect(rows).toEqual([
      { producer_id: 'foreign:generation-1/telemetry.logs/0', producer_seq: '3' },
      { producer_id: 'foreign:generation-1/telemetry.logs/0', producer_seq: '4' },
    ])
  })

  it('stores once what two instances deliver at the same time', async () => {
    const other = store.sink()
    const entries = logEntries(2_000)
    const [a, b] = await Promise.all([deliver(other, logBatch(entries)), deliver(sink, logBatch(entries))])
    expect(a.delivered + b.delivered).toBe(2_000)
    // A resend that was hashed to another partition, at the same moment as the first send.
    const more = logEntries(2_000, {}).map((entry, index) => {
      return { ...entry, producer: { id: `new-${index % 7}`, seq: Math.floor(index / 7) + 1 } }
    })
    const [c, d] = await Promise.all([
      deliver(sink, logBatch(more, { partition: 1 })),
      deliver(other, logBatch(more, { partition: 2 })),
    ])
    expect(c.delivered + d.delivered).toBe(2_000)
    expect(await store.messages()).toHaveLength(4_000)
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
      deliver(sink, eventBatch(many('a'), { partition: 0 })),
      deliver(other, eventBatch(many('b'), { partition: 1 })),
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
    await deliver(sink, eventBatch([traceEvent('RUN_STARTED', { data: { graph: { nodes }, parentRunId: 'parent' } })]))
    await deliver(sink, eventBatch([traceEvent('NODE_COMPLETED', { nodeRef: 'fetch' })], { from: 1 }))
    await deliver(sink, eventBatch([traceEvent('NODE_COMPLETED', { nodeRef: 'fetch', attempt: 2 })], { from: 2 }))
    const error = { message: 'boom', type: 'TimeoutError', retryable: false }
    await deliver(sink, eventBatch([traceEvent('RUN_FAILED', { error }), traceEvent('RUN_COMPLETED')], { from: 3 }))
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
    await deliver(sink, eventBatch([traceEvent('RUN_STARTED', { execution: 2 })], { from: 5 }))
    const [again] = await store.sql`select status, execution, completed_actions, failure from runs`
    expect(again).toEqual({ status: 'RUNNING', execution: 2, completed_actions: 0, failure: null })
  })

  it.each(PROGRESS_CASES)('count progress by the one rule, event by event: $name', async (given) => {
    const { declared, completed = [], skipped = [], failed = [], roster, expected } = given
    const nodes = declared?.map((ref) => ({ ref, after: [] }))
    const events = [
      // In an order that is the hardest for whoever counts while they come: the graph last.
      ...(roster ? [traceEvent('RUN_COMPLETED', { data: { attempts: roster } })] : []),
      traceEvent('NODE_SCHEDULED', { nodeRef: 'a' }),
      ...failed.map((nodeRef) => traceEvent('NODE_FAILED', { nodeRef })),
      ...completed.map((nodeRef) => traceEvent('NODE_COMPLETED', { nodeRef })),
      ...skipped.map((nodeRef) => traceEvent('NODE_SKIPPED', { nodeRef })),
      ...(nodes ? [traceEvent('RUN_STARTED', { data: { graph: { nodes } } })] : []),
    ]
    for (const [from, event] of events.entries()) await deliver(sink, eventBatch([event], { from }))
    const [one] = await store.sql`select completed_actions, total_actions from runs`
    expect(one).toEqual({ completed_actions: expected.completedActions, total_actions: expected.totalActions })
    await sink.close()
    await store.clear()
    sink = store.sink()
    await deliver(sink, eventBatch(events.reverse()))
    const [other] = await store.sql`select completed_actions, total_actions from runs`
    expect(other).toEqual(one)
  })

  it('keep their causes, error, data and output as they were sent', async () => {
    const sent = traceEvent('NODE_FAILED', {
      nodeRef: 'fetch',
      causes: ['1/fetch/1/NODE_STARTED', 'with "quotes", commas and \\'],
      error: { message: 'boom', type: 'E', retryable: true, stack: 'a\n\tat b' },
      data: { __proto__: { x: 1 }, list: [1, 2.5, 'drei'] },
      outputSummary: null,
    })
    await deliver(sink, eventBatch([JSON.stringify(sent).replace('"data":{', '"data":{"big":12345678901234567890,')]))
    const [row] = await store.sql`select causes, error, data::text, output_summary::text from workflow_traces`
    expect(row).toMatchObject({ causes: sent.causes, error: sent.error, output_summary: 'null' })
    expect(row?.['data']).toContain('12345678901234567890')
  })
})

describe('positions', () => {
  const assigned = { topic: 'telemetry.logs', partition: 0, generation: 'generation-1', low: 0n, high: 10n }

  it('say where to go on', async () => {
    expect(await sink.position?.(assigned)).toBeUndefined()
    await deliver(sink, logBatch(logEntries(5)))
    expect(await sink.position?.(assigned)).toBe(5n)
  })

  it('of another generation stop the process, when partitions are assigned and when a batch comes', async () => {
    await deliver(sink, logBatch(logEntries(5)))
    const stopped = expect.objectContaining({ code: 'RL_GENERATION_CHANGED' })
    await expect(sink.position?.({ ...assigned, generation: 'generation-2' })).rejects.toEqual(stopped)
    const batch = logBatch(logEntries(5, {}, 6), { from: 5, generation: 'generation-2' })
    await expect(deliver(sink, batch)).rejects.toEqual(stopped)
    await expect(deliver(sink, batch)).rejects.toBeInstanceOf(RunlightError)
    expect(await store.messages()).toHaveLength(5)
  })

  // A standby is promoted that had not received the last transactions.
  it.each([
    ['lie below', () => store.sql`update positions set next_offset = 5`],
    ['are gone from', () => store.sql`delete from positions`],
  ])('that %s what was stored before stop the process; the next one takes again what was lost', async (_, goBack) => {
    const entries = logEntries(15)
    await deliver(sink, logBatch(entries.slice(0, 10)))
    await goBack()
    await store.sql`delete from logs where kafka_offset >= 5`
    await store.sql`update producer_ranges set seqs = int8multirange(int8range(1, 6))`
    const stopped = expect.objectContaining({ code: 'RL_POSITION_WENT_BACK' })
    await expect(deliver(sink, logBatch(entries.slice(10), { from: 10 }))).rejects.toEqual(stopped)
    expect(await store.messages()).toHaveLength(5)
    await sink.close()
    sink = store.sink()
    const next = Number((await sink.position?.(assigned)) ?? 0n)
    await deliver(sink, logBatch(entries.slice(next), { from: next }))
    expect(await store.messages()).toEqual(entries.map(({ message }) => message))
  })

  it('are believed when they are asked for again: the partition goes on there', async () => {
    const entries = logEntries(10)
    await deliver(sink, logBatch(entries))
    await store.sql`update positions set next_offset = 5`
    expect(await sink.position?.(assigned)).toBe(5n)
    expect(await deliver(sink, logBatch(entries.slice(5), { from: 5 }))).toMatchObject({ repeated: 5 })
    const more = logEntries(5, {}, 11)
    // Retention has taken some in between.
    expect(await deliver(sink, logBatch(more, { from: 20 }))).toMatchObject({ delivered: 5 })
  })

  it('are announced, many deliveries together', async () => {
    const heard: Record<string, Record<string, string>>[] = []
    const listener = store.postgres.connect('runlight_reader')
    await listener.listen('runlight_positions', (payload) => heard.push(JSON.parse(payload)))
    await deliver(sink, logBatch(logEntries(5)))
    await expect.poll(() => heard).toEqual([{ 'telemetry.logs': { '0': '5' } }])
    const log = createLog({ component: 'test', instance: '0', level: 'error' })
    const notifier = new PositionNotifier(store.sql, log)
    for (let next = 1n; next <= 1_000n; next++) notifier.stored('t', 0, next)
    await notifier.close()
    await expect.poll(() => heard.at(-1)).toEqual({ t: { '0': '1000' } })
    expect(heard.length).toBeLessThanOrEqual(3)
    await listener.end()
  })
})

describe('a server that goes away', () => {
  it('is a reason to try again, and nothing is stored twice', async () => {
    await deliver(sink, logBatch(logEntries(5)))
    const delivery: Delivery = sink.prepare(logBatch(logEntries(5, {}, 6), { from: 5 }))
    await store.postgres.kill()
    await expect(delivery(testContext())).rejects.toMatchObject({ name: 'DeliveryError', reason: 'unreachable' })
    await expect(sink.check()).rejects.toThrow()
    await store.postgres.start()
    expect(await delivery(testContext())).toEqual({ delivered: 5, repeated: 0 })
    expect(await store.messages()).toHaveLength(10)
  })
})
