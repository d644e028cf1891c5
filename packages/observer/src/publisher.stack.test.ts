import { createLog } from '@runlight/service/log'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKafka } from '../../../regression/fixtures/kafka.ts'
import type { TestKafka } from '../../../regression/fixtures/kafka.ts'
import { readTopic } from '../../../regression/oracle/topic-records.ts'
import { createPublisher } from './publisher.ts'

const TOPIC = 'telemetry.events'
const log = createLog({ component: 'observer', instance: 'test', level: 'error' })

let kafka: TestKafka

beforeAll(async () => {
  kafka = await startKafka()
  await kafka.createTopics([{ topic: TOPIC, maxMessageBytes: 20_000 }])
})

afterAll(() => kafka?.stop())

function event(seq: number, message = 'm'): TraceEvent {
  const base = { schemaVersion: 1, runId: 'run-1', execution: 1, attempt: 1, level: 'info', message } as const
  return { ...base, type: 'RUN_COMPLETED', timestamp: '2026-11-21T12:00:00Z', producer: { id: 'temporal/t', seq } }
}

test('in order and acknowledged; what the bus or its readers refuse is named, and holds nothing up', async () => {
  const stopping = new AbortController()
  const published: number[] = []
  const refused: string[] = []
  const publisher = createPublisher({
    brokers: kafka.brokers,
    topic: TOPIC,
    clientId: 'test',
    log,
    signal: stopping.signal,
    onPublished: ({ producer }) => published.push(producer?.seq ?? 0),
    onRefused: ({ producer }, { field, message }) => refused.push(`${producer?.seq} ${field} ${message}`),
  })
  // Incompressible and above the topic's limit; the last is no event.
  const large = Array.from({ length: 3000 }, () => crypto.randomUUID()).join()
  const calls = [
    publisher.publish([event(1), event(2, large), event(3)]),
    publisher.publish(Array.from({ length: 300 }, (_, index) => event(10 + index, 'x'.repeat(500)))),
    publisher.publish([{ ...event(4), type: 'NODE_STARTED' }, event(5)]),
  ]
  await Promise.all(calls)
  const expected = [1, 3, ...Array.from({ length: 300 }, (_, index) => 10 + index), 5]
  const records = await readTopic(kafka.brokers, TOPIC)
  expect(records.map(({ value }) => (JSON.parse(value) as TraceEvent).producer?.seq)).toEqual(expected)
  expect(new Set(records.map(({ key }) => key))).toEqual(new Set(['run-1']))
  expect(published).toEqual(expected)
  expect(refused.sort()).toEqual([
    expect.stringContaining('2 data makes it too large'),
    '4 nodeRef is required in NODE_STARTED',
  ])
  expect(publisher.trouble()).toBeUndefined()
  stopping.abort()
  await publisher.close()
})

test('what waits for the bus when the publisher is stopped is not taken for sent', async () => {
  const stopping = new AbortController()
  const publisher = createPublisher({
    brokers: ['127.0.0.1:1'],
    topic: TOPIC,
    clientId: 'test',
    log,
    signal: stopping.signal,
    onPublished: () => expect.unreachable(),
    onRefused: () => expect.unreachable(),
  })
  const waiting = publisher.publish([event(1)])
  stopping.abort()
  await expect(waiting).rejects.toThrow('aborted')
  await publisher.close()
})
