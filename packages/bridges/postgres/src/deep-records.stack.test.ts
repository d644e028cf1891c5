// Records that nest deep, and records over which our own code fails: neither may hold back what comes after them.

import type { BusRecord, Sink } from '@runlight/bridge-core/sink'
import {
  eventBatch,
  failingOver,
  logBatch,
  logEntries,
  takenBatch,
  testContext,
  traceEvent,
} from '@runlight/bridge-core/batch.fixture'
import { deliverBatch, prepareBatch } from '@runlight/bridge-core/deliver-batch'
import type { TakenBatch } from '@runlight/bridge-core/part'
import type { TraceEvent } from '@runlight/contracts/trace-event'
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

const DEPTHS = [100, 1_000, 4_500, 9_000, 50_000]
/** PostgreSQL itself reads no JSON as deep as this. */
const REFUSED = 50_000

/** Those of whose data something is taken over into the state of the run. */
const FOLDED = ['RUN_STARTED', 'NODE_FAILED', 'RUN_COMPLETED', 'RUN_TIMED_OUT'] as const

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** The record as a client would send it, with one more member. */
function withMember(record: object, name: string, json: string): string {
  return `${JSON.stringify(record).slice(0, -1)},"${name}":${json}}`
}

const position = async () => (await store.everything())['positions']
const refusedOf = (result: { refused: { offset: bigint; reason: string; detail: string }[] }) =>
  result.refused.map(({ offset, reason, detail }) => [Number(offset), reason, detail.slice(0, 5)])

describe('a record that nests', () => {
  it.each(DEPTHS)(
    '%i levels in the metadata of a line is stored or dead-lettered, and those around it are stored',
    async (depth) => {
      const [before, deep, after] = logEntries(3) as [object, object, object]
      const result = await deliver(
        sink,
        logBatch([before, withMember(deep, 'metadata', `{"deep":${nested(depth)}}`), after]),
      )
      expect(refusedOf(result)).toEqual(depth === REFUSED ? [[1, 'refused', '54001']] : [])
      expect(await store.messages()).toEqual(depth === REFUSED ? ['line 1', 'line 3'] : ['line 1', 'line 2', 'line 3'])
      expect(await position()).toEqual([{ topic: 'telemetry.logs', kafka_partition: 0, next_offset: '3' }])
    },
  )

  it.each(DEPTHS)('%i levels in the data of events is stored or dead-lettered, with all after them', async (depth) => {
    const deepOf = (type: TraceEvent['type'], run: number) => {
      const { data: _, ...event } = traceEvent(type, {
        runId: `run-${run}`,
        ...(type.startsWith('NODE_') && { nodeRef: 'fetch' }),
      })
      const graph = type === 'RUN_STARTED' ? `"graph":{"nodes":[],"more":${nested(depth)}},` : ''
      return withMember(event, 'data', `{${graph}"details":${nested(depth)},"attempts":[${nested(depth)}]}`)
    }
    const values = FOLDED.flatMap((type, run) => [
      traceEvent('NODE_STARTED', { runId: `run-${run}`, nodeRef: 'fetch' }),
      deepOf(type, run),
      traceEvent('NODE_PROGRESS', { runId: `run-${run}`, nodeRef: 'fetch' }),
    ])
    const result = await deliver(sink, eventBatch(values))
    const deep = FOLDED.map((_, run) => [run * 3 + 1, 'refused', '54001'])
    expect(refusedOf(result)).toEqual(depth === REFUSED ? deep : [])
    expect(result.delivered).toBe(values.length - result.refused.length)
    const after = await store.everything()
    expect(after['traces']).toHaveLength(result.delivered)
    expect(after['runs']).toHaveLength(FOLDED.length)
    expect(await position()).toEqual([
      { topic: 'telemetry.events', kafka_partition: 0, next_offset: String(values.length) },
    ])
  })
})

describe('a record over which our own code fails', () => {
  it.each(['logs', 'events'] as const)(
    'among %s is dead-lettered with the words of the failure; the others are stored',
    async (kind) => {
      const own = { runId: 'run-1', nodeRef: 'fetch' }
      const events = Array.from({ length: 8 }, (_, index) =>
        traceEvent('NODE_PROGRESS', { ...own, message: `line ${index + 1}` }),
      )
      const taken = takenBatch(kind, kind === 'logs' ? logEntries(8) : events)
      const bad = failingOver(sink, (message) => message === 'line 3')
      const context = testContext()
      const faults: bigint[] = []
      const faulty = (_: TakenBatch, { offset }: BusRecord) => faults.push(offset)
      const counts = await deliverBatch({ sink: bad, context, faulty }, prepareBatch(bad, taken))
      expect(counts).toEqual({ delivered: 7, repeated: 0 })
      expect(context.refused).toMatchObject([
        {
          record: { offset: 2n },
          reason: 'unrepresentable',
          detail: 'The bridge itself failed over it: TypeError: level is not what it was',
        },
      ])
      expect(faults).toEqual([2n])
      const after = await store.everything()
      expect(after[kind === 'logs' ? 'logs' : 'traces']).toHaveLength(7)
      expect(await position()).toEqual([{ topic: `telemetry.${kind}`, kafka_partition: 0, next_offset: '8' }])
    },
  )
})
