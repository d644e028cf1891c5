import { createLog } from '@runlight/service/log'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { createBusReader } from './bus-reader.ts'
import type { BusReader } from './bus-reader.ts'

const TOPIC = 'telemetry.events'
const WAIT = { timeout: 60_000, interval: 100 }
const log = createLog({ component: 'observer', instance: 'test', level: 'error' })

let kafka: TestKafka

beforeAll(async () => {
  kafka = await startKafka()
  await kafka.createTopics([{ topic: TOPIC }])
})

afterAll(() => kafka?.stop())

test('hears of runs that workers move, remembers how far the observer had looked, and outlives the broker', async () => {
  const moved: string[] = []
  const first = startReader('runlight-observer-test', (runId) => moved.push(runId))
  expect(await first.reader.checkpoint()).toBeUndefined()
  const reading = first.reader.read()
  const heard = async (runId: string): Promise<void> => {
    await send(runId, { type: 'NODE_COMPLETED', producer: { id: 'worker-1', seq: 1 } })
    expect(moved).toContain(runId)
  }
  // It reads from where it joined: repeated until it has.
  await vi.waitFor(() => heard('run-1'), WAIT)
  await send('run-2', { type: 'NODE_PROGRESS', producer: { id: 'worker-1', seq: 2 } })
  await send('run-3', { type: 'NODE_SCHEDULED', producer: { id: 'temporal/t', seq: 3 } })
  await vi.waitFor(() => heard('run-4'), WAIT)
  expect(new Set(moved)).toEqual(new Set(['run-1', 'run-4']))

  await kafka.kill()
  await kafka.start()
  await vi.waitFor(() => heard('run-5'), WAIT)

  const watcher = startReader('runlight-observer-test', () => undefined)
  await vi.waitFor(async () => {
    await first.reader.save(1_795_000_000_123)
    expect(await watcher.reader.checkpoint()).toBe(1_795_000_000_123)
  }, WAIT)
  first.stop()
  await reading
  await first.reader.save(1_795_000_000_456)
  await first.reader.close()
  expect(await watcher.reader.checkpoint()).toBe(1_795_000_000_456)

  // Another observer has a checkpoint of its own.
  expect(await startReader('runlight-observer-other', () => undefined).reader.checkpoint()).toBeUndefined()
})

function startReader(groupId: string, onMoved: (runId: string) => void): { reader: BusReader; stop: () => void } {
  const stopping = new AbortController()
  const bus = { brokers: kafka.brokers, topic: TOPIC, clientId: 'test', groupId }
  const reader = createBusReader({ ...bus, log, signal: stopping.signal, onMoved })
  return { reader, stop: () => stopping.abort() }
}

async function send(runId: string, event: object): Promise<void> {
  const producer = kafka.client().producer()
  await producer.connect()
  await producer.send({ topic: TOPIC, messages: [{ key: runId, value: JSON.stringify({ ...event, runId }) }] })
  await producer.disconnect()
}
