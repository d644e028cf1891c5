// The references that Postgres keeps to Loki's streams, beside the streams that Loki really has.

import { logBatch, logEntries, testContext } from '@runlight/bridge-core/batch.fixture'
import type { PartitionBatch, Sink } from '@runlight/bridge-core/sink'
import { createLokiSink } from '@runlight/bridge-loki/loki-sink'
import { deadLetter, letterRecord, ORIGIN, rawBatch, replayRecord } from '@runlight/bridge-postgres/letters.fixture'
import { startTraceStore } from '@runlight/bridge-postgres/trace-store.fixture'
import type { TestTraceStore } from '@runlight/bridge-postgres/trace-store.fixture'
import type { LabelMode } from '@runlight/contracts/labels'
import { replayTopic } from '@runlight/contracts/topics'
import { createMetrics } from '@runlight/service/metrics'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startLoki } from '../../regression/fixtures/loki.ts'
import type { TestLoki } from '../../regression/fixtures/loki.ts'
import { readLokiLines } from '../../regression/oracle/loki-lines.ts'

let store: TestTraceStore
let loki: TestLoki

beforeAll(async () => {
  ;[store, loki] = await Promise.all([startTraceStore(), startLoki()])
})
afterAll(async () => {
  await Promise.all([store?.stop(), loki?.stop()])
})

const NOW = Date.now()

const lokiSink = (labels: LabelMode) =>
  createLokiSink({
    ...{ url: loki.url, topic: 'telemetry.logs', labels, lines: 'json', lineLimit: 256 * 1024, pushes: 8 },
    ...{ ageLimitMillis: 168 * 3_600_000, metrics: createMetrics() },
  })

async function deliver(sink: Sink, batch: PartitionBatch): Promise<void> {
  const context = testContext()
  await sink.prepare(batch)(context)
  expect(context.refused).toEqual([])
}

it.each<LabelMode>(['perRun', 'bounded'])('name every stream, with its lines and times: %s', async (labels) => {
  const org = `org-${labels}`
  const [postgres, own] = [store.sink(labels), lokiSink(labels)]
  const more = { orgId: org, workflowId: 'audit' }
  const system = { type: 'system', orgId: org, component: 'kafka', stream: 'stdout' } as const
  const { runId: _, execution: __, nodeRef: ___, attempt: ____, ...base } = logEntries(1)[0] ?? {}
  const batches = [
    logBatch(logEntries(3, more), { appendedAt: NOW }),
    logBatch(logEntries(2, { ...more, runId: 'run-2', stream: 'stderr' }, 4), { from: 3, appendedAt: NOW }),
    logBatch(logEntries(2, { ...more, nodeRef: 'join' }, 6), { partition: 1, appendedAt: NOW }),
    logBatch([{ ...base, ...system, producer: { id: 'kafka', seq: 1 } }], { from: 5, appendedAt: NOW }),
  ]
  for (const batch of batches) {
    await deliver(postgres, batch)
    await deliver(own, batch)
    // Again, as after a crash: neither store has anything twice.
    await deliver(postgres, batch)
    await deliver(own, batch)
  }
  // One line more, that Loki had refused and that is replayed, twice.
  const origin = { ...ORIGIN, partition: 0, offset: '77', appendedAt: new Date(NOW).toISOString(), generation: labels }
  const entry = { ...logEntries(1, more, 9)[0], message: 'late' }
  const late = { ...logBatch([entry], { from: 77, appendedAt: NOW, generation: labels, replay: 'late-1' }) }
  const replay = { ...replayRecord({ ...origin, replayId: 'late-1' }), value: Buffer.from(JSON.stringify(entry)) }
  const place = { topic: replayTopic('loki') }
  await deliver(postgres, rawBatch([letterRecord(deadLetter({ origin }))]))
  for (const from of [0, 1]) {
    await deliver(own, late)
    await deliver(postgres, rawBatch([replay], { ...place, from }))
  }

  const rows = await store.sql<{ selector: string; labels: Record<string, string>; lines: string; last_ns: string }[]>`
    select selector, labels, lines, last_ns from log_stream where org_id = ${org}`
  const range = { start: BigInt(NOW - 3_600_000) * 1_000_000n, end: BigInt(NOW + 3_600_000) * 1_000_000n }
  const lines = await readLokiLines({ url: loki.url.href, tenant: org, query: '{shard=~".+"}', ...range })
  expect(lines).toHaveLength(9)
  const counted = new Map<string, number>()
  for (const line of lines) {
    const key = JSON.stringify(Object.entries(line.labels).sort())
    counted.set(key, (counted.get(key) ?? 0) + 1)
  }
  const told = new Map(rows.map((row) => [JSON.stringify(Object.entries(row.labels).sort()), Number(row.lines)]))
  expect(told).toEqual(counted)
  for (const { selector, lines: count } of rows) {
    const found = await readLokiLines({ url: loki.url.href, tenant: org, query: selector, ...range })
    // A selector without `late` finds the replayed lines of its stream as well.
    expect(found.filter((line) => selector.includes('late=') || !line.labels['late'])).toHaveLength(Number(count))
  }
  await Promise.all([postgres.close(), own.close()])
  await store.clear()
})
