// Records that nest deep, and records over which our own code fails: neither may hold back what comes after them.

import type { Sink } from '@runlight/bridge-core/sink'
import { eventBatch, logBatch, logEntries, traceEvent } from '@runlight/bridge-core/batch.fixture'
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
  /** A batch whose third event is none of the contract's: what is not foreseen gets as far as this only by a mistake of ours. */
  function faultyBatch(causes: () => unknown) {
    const events = Array.from({ length: 8 }, (_, run) =>
      traceEvent('NODE_STARTED', { runId: `run-${run}`, nodeRef: 'fetch' }),
    )
    const batch = eventBatch(events)
    Object.defineProperty(batch.records[2]?.body, 'causes', { get: causes })
    return batch
  }

  it('is found by halving and dead-lettered with the words of the failure; the others are stored', async () => {
    const result = await deliver(
      sink,
      faultyBatch(() => [7]),
    )
    expect(result.delivered).toBe(7)
    expect(result.refused).toEqual([
      {
        offset: 2n,
        reason: 'unrepresentable',
        detail: 'The bridge itself failed over it: TypeError: item.replaceAll is not a function',
      },
    ])
    const after = await store.everything()
    expect(after['traces']).toHaveLength(7)
    expect(after['positions']).toEqual([{ topic: 'telemetry.events', kafka_partition: 0, next_offset: '8' }])
  })

  it('once, as the driver may over a lost connection, is stored when it does not come again', async () => {
    let failures = 4
    const result = await deliver(
      sink,
      // 8, 4, 2 and 1 records.
      faultyBatch(() => (failures-- > 0 ? [7] : undefined)),
    )
    expect(result).toMatchObject({ delivered: 8, refused: [] })
    expect(failures).toBeLessThanOrEqual(0)
  })
})
