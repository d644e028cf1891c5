// Sends numbered records as fast as the bus takes them.

import type { Producer } from 'kafkajs'
import kafkajs from 'kafkajs'
import { TOPICS } from '@runlight/contracts/topics'
import type { TestKafka } from '../fixtures/kafka.ts'
import type { NumberedRecords } from './numbered-records.ts'

const BATCH = 4_000

/** A producer that gives no record up and never doubles one, however often the broker goes away. */
export async function steadyProducer(kafka: TestKafka): Promise<Producer> {
  const producer = kafka.client('oracle').producer({
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 50, maxRetryTime: 1_000 },
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return producer
}

/** Sends records `from` to `until` - 1 in their order. */
export async function produceRecords(
  producer: Producer,
  records: NumberedRecords,
  { from = 0, until = records.size, topics = { logs: TOPICS.logs as string, events: TOPICS.events as string } } = {},
): Promise<void> {
  for (let first = from; first < until; first += BATCH) {
    const messages = { logs: [] as { key: string; value: string }[], events: [] as { key: string; value: string }[] }
    for (let number = first; number < Math.min(first + BATCH, until); number++) {
      const { kind, key, body } = records.record(number)
      messages[kind].push({ key, value: JSON.stringify(body) })
    }
    await producer.sendBatch({
      acks: -1,
      topicMessages: [
        { topic: topics.logs, messages: messages.logs },
        { topic: topics.events, messages: messages.events },
      ].filter((own) => own.messages.length > 0),
    })
  }
}
