import type { CompletenessState, RunState } from '@runlight/contracts/execution-status'
import { expect, test, vi } from 'vitest'
import { placeAt } from './live-place.ts'
import { pollEvents } from './live-polling.ts'
import type { Schema } from './schema.ts'

const standing = (status: RunState, state: CompletenessState) =>
  ({ status, telemetry: { postgres: { state } } }) as Schema<'ExecutionStatus'>

test('a run that goes on after its end is waited for as long at its next end', async () => {
  vi.useFakeTimers()
  try {
    let status = standing('COMPLETED', 'arriving')
    const source = {
      lines: async () => ({ lines: [], hasMore: false }),
      idOf: String,
      status: async () => status,
    }
    const live = { baseUrl: 'http://api', path: '', query: {}, from: 'start' }
    const told: unknown[] = []
    const reading = (async () => {
      const bounds = { until: Infinity, onBegin: () => undefined, onAnswer: () => undefined }
      for await (const { event, data } of pollEvents(live, source, placeAt('start'), bounds)) {
        told.push(event === 'done' ? (data as Schema<'StreamDone'>).verdict : event)
      }
    })()
    await vi.advanceTimersByTimeAsync(10_000)
    status = standing('RUNNING', 'arriving')
    await vi.advanceTimersByTimeAsync(30_000)
    status = standing('COMPLETED', 'arriving')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(told).toEqual(['status', 'status', 'status'])
    await vi.advanceTimersByTimeAsync(15_000)
    await reading
    expect(told).toEqual(['status', 'status', 'status', 'grace'])
  } finally {
    vi.useRealTimers()
  }
})
