import { createMetrics } from '@runlight/service/metrics'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { LogBatch, Sink } from '@runlight/bridge-core/sink'
import { failingOver, logBatch, logEntries, takenBatch, testContext } from '@runlight/bridge-core/batch.fixture'
import { deliverBatch, prepareBatch } from '@runlight/bridge-core/deliver-batch'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startLoki } from '../../../../regression/fixtures/loki.ts'
import type { TestLoki } from '../../../../regression/fixtures/loki.ts'
import { startProxy } from '../../../../regression/fixtures/tcp-proxy.ts'
import { readLokiLines } from '../../../../regression/oracle/loki-lines.ts'
import { createLokiSink } from './loki-sink.ts'
import type { LokiSinkSettings } from './loki-sink.ts'

let loki: TestLoki
const sinks: Sink[] = []

beforeAll(async () => {
  loki = await startLoki({ limits: { max_structured_metadata_size: '1KB' } })
})
afterAll(() => loki.stop())
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close()
})

function createSink(settings: Partial<LokiSinkSettings> = {}): Sink {
  const sink = createLokiSink({
    url: loki.url,
    topic: 'telemetry.logs',
    labels: 'perRun',
    lines: 'json',
    lineLimit: 256 * 1024,
    pushes: 8,
    ageLimitMillis: 168 * HOUR,
    metrics: createMetrics(),
    ...settings,
  })
  sinks.push(sink)
  return sink
}

async function deliver(sink: Sink, batch: LogBatch) {
  const context = testContext()
  const { delivered } = await sink.prepare(batch)(context)
  return {
    delivered,
    refused: context.refused.map(({ record, reason, detail }) => ({ offset: record.offset, reason, detail })),
  }
}

/** Each test has a run of its own, so that it sees its own lines only. */
let lastRun = 0
const nextRun = () => `run-${++lastRun}`

const HOUR = 3_600_000

function read(selector: string, tenant = 'acme') {
  const end = BigInt(Date.now() + HOUR) * 1_000_000n
  return readLokiLines({
    url: loki.url.origin,
    tenant,
    query: selector,
    start: end - BigInt(72 * HOUR) * 1_000_000n,
    end,
  })
}

const messages = async (runId: string) =>
  (await read(`{run_id="${runId}"}`)).map(({ line }) => (JSON.parse(line) as LogEntry).message)

describe('a delivered line', () => {
  it('is the record byte for byte, with its labels, its place and its identity', async () => {
    const runId = nextRun()
    const [entry] = logEntries(1, { runId, workflowId: 'w', timestamp: new Date().toISOString() })
    const batch = logBatch([entry as object], { partition: 3, from: 41 })
    expect(await deliver(createSink(), batch)).toEqual({ delivered: 1, refused: [] })
    const [line] = await read(`{run_id="${runId}"}`)
    expect(line?.line).toBe(batch.records[0]?.text)
    expect(line?.labels).toEqual({ node: 'fetch', run_id: runId, shard: '3', stream: 'stdout' })
    const { own } = batch.records[0] as { own: { seconds: number; nanos: number } }
    const places = own.nanos % 1_000_000_000 === 0 ? 1_000_000_000n : undefined
    expect(line?.structuredMetadata).toEqual({
      level: 'info',
      execution: '1',
      attempt: '1',
      producer: 'producer-1',
      seq: '1',
      position: '3:41',
    })
    if (places === undefined)
      expect((line?.timestamp ?? 0n) / 1_000_000n).toBe(BigInt(Date.parse(entry?.timestamp ?? '')))
  })

  it('lies in few streams where labels are bounded, and carries its run in structured metadata', async () => {
    const runId = nextRun()
    const sink = createSink({ labels: 'bounded', lines: 'plain' })
    await deliver(sink, logBatch(logEntries(1, { runId, orgId: 'bounded-org', workflowId: 'audit', message: '' })))
    await deliver(
      sink,
      logBatch([
        {
          ...logEntries(1, { orgId: 'bounded-org' })[0],
          type: 'system',
          component: 'kafka',
          runId: undefined,
          nodeRef: undefined,
        },
      ]),
    )
    const [line] = await read(`{workflow="audit"} | run_id="${runId}"`, 'bounded-org')
    expect(line).toMatchObject({
      line: '',
      labels: { org: 'bounded-org', workflow: 'audit', shard: '0', stream: 'stdout' },
    })
    expect(line?.structuredMetadata).toMatchObject({ run_id: runId, node: 'fetch' })
    expect((await read(`{component="kafka"}`, 'bounded-org'))[0]?.line).toBe('line 1')
  })

  it('belongs to its organisation, or to the reserved one where it names none', async () => {
    const runId = nextRun()
    const [a, b, c] = logEntries(3, { runId }) as [LogEntry, LogEntry, LogEntry]
    const { orgId: _, ...without } = c
    await deliver(createSink(), logBatch([a, { ...b, orgId: 'other' }, without]))
    for (const [tenant, message] of [
      ['acme', 'line 1'],
      ['other', 'line 2'],
      ['unassigned', 'line 3'],
    ] as const) {
      const lines = await read(`{run_id="${runId}"}`, tenant)
      expect(lines.map(({ line }) => (JSON.parse(line) as LogEntry).message)).toEqual([message])
    }
  })

  it('is never refused for its clock, and comes back in the order of the bus', async () => {
    const runId = nextRun()
    const now = Date.now()
    const offsets = [0, -3 * HOUR, 3 * HOUR, -400 * 24 * HOUR, 400 * 24 * HOUR]
    const entries = logEntries(5, { runId }).map((entry, index) => {
      return { ...entry, timestamp: new Date(now + (offsets[index] as number)).toISOString() }
    })
    entries.push(...logEntries(500, { runId, timestamp: new Date(now).toISOString() }, 6))
    expect((await deliver(createSink(), logBatch(entries, { appendedAt: now }))).refused).toEqual([])
    expect(await messages(runId)).toEqual(entries.map(({ message }) => message))
  })
})

describe('once in effect', () => {
  it('changes nothing when a batch is delivered again, whole or in other pieces, before and after a restart', async () => {
    const runId = nextRun()
    const entries = logEntries(3_000, { runId })
    const appendedAt = Date.now()
    const sink = createSink()
    await deliver(sink, logBatch(entries, { appendedAt }))
    await deliver(sink, logBatch(entries, { appendedAt }))
    await loki.kill()
    await loki.start()
    await deliver(sink, logBatch(entries.slice(500, 900), { appendedAt, from: 500 }))
    await deliver(sink, logBatch(entries.slice(100), { appendedAt, from: 100 }))
    expect(await messages(runId)).toEqual(entries.map(({ message }) => message))
  })

  it('shows no line twice when megabytes of one stream are delivered again at a high rate', async () => {
    const runId = nextRun()
    const entries = logEntries(12_000, { runId, metadata: { filler: 'x'.repeat(100) } })
    const appendedAt = Date.now()
    const sink = createSink()
    const slices = [0, 2_000, 4_000, 6_000, 8_000, 10_000]
    const push = (from: number) => deliver(sink, logBatch(entries.slice(from, from + 2_000), { appendedAt, from }))
    for (const from of slices) await push(from)
    for (const from of slices) await push(from)
    expect(await messages(runId)).toEqual(entries.map(({ message }) => message))
  })

  it('stores a line once when the answer to its push was lost', async () => {
    const proxy = await startProxy(loki.port)
    const runId = nextRun()
    const sink = createSink({ url: new URL(`http://127.0.0.1:${proxy.port}`) })
    const delivery = sink.prepare(logBatch(logEntries(100, { runId })))
    proxy.loseAnswers = true
    const lost = delivery(testContext())
    await expect.poll(() => proxy.lostBytes).toBeGreaterThan(0)
    proxy.cut()
    await expect(lost).rejects.toMatchObject({ name: 'DeliveryError', reason: 'unreachable' })
    proxy.loseAnswers = false
    await delivery(testContext())
    expect(await messages(runId)).toHaveLength(100)
    await sink.close()
    sinks.length = 0
    await proxy.close()
  })

  it('keeps lines that are equal in all but their identity', async () => {
    const runId = nextRun()
    const timestamp = new Date().toISOString()
    const entries = logEntries(50, { runId, timestamp, message: 'the same' })
    const foreign = entries.map(({ producer: _, ...rest }) => rest)
    await deliver(createSink(), logBatch([...entries, ...foreign]))
    expect(await messages(runId)).toHaveLength(100)
  })
})

describe('a record that comes back from the dead letters', () => {
  it('goes to a stream of its own, since the one that it belongs to has long gone on', async () => {
    const runId = nextRun()
    const sink = createSink()
    await deliver(sink, logBatch(logEntries(1, { runId }), { partition: 1, from: 9 }))
    const appendedAt = Date.now() - 5 * HOUR
    const timestamp = new Date(appendedAt).toISOString()
    const late = logEntries(3, { runId, timestamp }, 2)
    const replayed = logBatch(late, { partition: 1, from: 2, appendedAt, replay: 'again-1' })
    const once = await deliver(sink, replayed)
    expect(await deliver(sink, replayed)).toEqual(once)
    expect(once).toEqual({ delivered: 3, refused: [] })
    const found = await read(`{run_id="${runId}"}`)
    expect(found.map(({ line }) => (JSON.parse(line) as LogEntry).message)).toEqual([
      ...late.map(({ message }) => message),
      'line 1',
    ])
    expect(found[0]?.labels).toEqual({ late: 'again-1', node: 'fetch', run_id: runId, shard: '1', stream: 'stdout' })
    expect(found[0]?.structuredMetadata).toMatchObject({ producer: 'producer-1', seq: '2', position: '1:2' })
  })
})

describe('what Loki refuses for good', () => {
  it('is isolated with its own words, and the good lines around it are stored', async () => {
    const runId = nextRun()
    const entries = logEntries(300, { runId }) as (LogEntry & Record<string, unknown>)[]
    // Above Loki's own limit, which the sink was not told of.
    for (const index of [0, 149, 299])
      entries[index] = { ...(entries[index] as LogEntry), message: 'x'.repeat(300 * 1024) }
    const result = await deliver(createSink({ lineLimit: 1024 * 1024 }), logBatch(entries))
    expect(result.refused.map(({ offset, reason }) => [offset, reason])).toEqual([
      [0n, 'refused'],
      [149n, 'refused'],
      [299n, 'refused'],
    ])
    expect(result.refused[0]?.detail).toMatch(/max entry size|line too long|limit/i)
    expect(result.delivered).toBe(297)
    expect(await messages(runId)).toHaveLength(297)
  })

  it('is told from what is fine in another stream of the same push', async () => {
    const runId = nextRun()
    const sink = createSink()
    await deliver(sink, logBatch(logEntries(1, { runId })))
    const appendedAt = Date.now() - 2 * HOUR
    const timestamp = new Date(appendedAt).toISOString()
    const late = [
      ...logEntries(2, { runId, timestamp }, 2),
      ...logEntries(2, { runId, timestamp, stream: 'stderr' }, 4),
    ]
    const result = await deliver(sink, logBatch(late, { from: 1, appendedAt }))
    expect(result.refused.map(({ offset }) => offset)).toEqual([1n, 2n])
    expect(result.refused[0]?.detail).toMatch(/too far behind/)
    expect((await messages(runId)).sort()).toEqual(['line 1', 'line 4', 'line 5'])
  })

  it('never comes up for a line above the limit that the sink knows: it is cut', async () => {
    const runId = nextRun()
    const entries = logEntries(3, { runId })
    entries[1] = { ...(entries[1] as LogEntry), message: 'y'.repeat(2 * 1024 * 1024) }
    expect(await deliver(createSink(), logBatch(entries))).toEqual({ delivered: 3, refused: [] })
    const cut = (await messages(runId))[1]
    expect(cut).toMatch(/^y{200000,}… \[cut, \d+ bytes more\]$/)
  })

  it('is half of a surrogate pair where it would silently become something else', async () => {
    const runId = nextRun()
    const [entry] = logEntries(1, { runId, message: 'half \ud83d' })
    const escaped = JSON.stringify(entry)
    expect(await deliver(createSink(), logBatch([escaped]))).toEqual({ delivered: 1, refused: [] })
    expect((await read(`{run_id="${runId}"}`))[0]?.line).toBe(escaped)
    expect((await deliver(createSink({ lines: 'plain' }), logBatch([escaped]))).refused).toEqual([
      { offset: 0n, reason: 'unrepresentable', detail: 'message holds half of a surrogate pair' },
    ])
    const other = JSON.stringify({ ...entry, runId: 'half \udc00' })
    expect((await deliver(createSink(), logBatch([other]))).refused).toMatchObject([{ reason: 'unrepresentable' }])
  })
})

describe('a limit of Loki', () => {
  it('on its streams is seen, and waited for, also when other streams of the batch are taken', async () => {
    const small = await startLoki({ limits: { max_global_streams_per_user: 3 } })
    const sink = createSink({ url: small.url })
    const runId = nextRun()
    const entries = logEntries(10, { runId }).map((entry, index) => ({ ...entry, nodeRef: `node-${index % 5}` }))
    const failures: unknown[] = []
    const context = { ...testContext(), retrying: <R>(work: () => Promise<R>) => work() }
    await sink
      .prepare(logBatch(entries))(context)
      .catch((cause: unknown) => failures.push(cause))
    expect(failures).toMatchObject([{ name: 'DeliveryError', reason: 'rate_limited' }])
    expect(context.refused).toEqual([])
    await small.stop()
  })
})

describe('a Loki that goes away', () => {
  it('is a reason to try again, and nothing is lost or doubled', async () => {
    const runId = nextRun()
    const sink = createSink()
    const before = logBatch(logEntries(50, { runId }))
    await deliver(sink, before)
    const delivery = sink.prepare(logBatch(logEntries(50, { runId }, 51), { from: 50 }))
    await loki.kill()
    await expect(sink.check()).rejects.toThrow()
    await expect(delivery(testContext())).rejects.toMatchObject({ name: 'DeliveryError', reason: 'unreachable' })
    await loki.start()
    await delivery(testContext())
    expect(await messages(runId)).toHaveLength(100)
    await sink.check()
  })
})

describe('a record over which our own code fails', () => {
  it('is dead-lettered with the words of the failure; the others are stored', async () => {
    const runId = nextRun()
    const sink = failingOver(createSink(), (message) => message === 'line 3')
    const context = testContext()
    const prepared = prepareBatch(sink, takenBatch('logs', logEntries(8, { runId })))
    const counts = await deliverBatch({ sink, context, faulty: () => undefined }, prepared)
    expect(counts).toEqual({ delivered: 7, repeated: 0 })
    const detail = 'The bridge itself failed over it: TypeError: level is not what it was'
    expect(context.refused).toMatchObject([{ record: { offset: 2n }, reason: 'unrepresentable', detail }])
    expect(await messages(runId)).toEqual([1, 2, 4, 5, 6, 7, 8].map((number) => `line ${number}`))
  })
})
