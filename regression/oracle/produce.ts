// Sends records to the bus, each once, however often the broker goes away.

import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaConnection, SendFailure } from '@runlight/sdk/kafka-connection'
import { completeSettings } from '@runlight/sdk/settings'
import kafkajs from 'kafkajs'
import type { Message, Producer } from 'kafkajs'
import { TOPICS } from '@runlight/contracts/topics'
import type { TestKafka } from '../fixtures/kafka.ts'
import type { NumberedRecords } from './numbered-records.ts'

/** Some thousand for each partition: kafkajs copies a batch once for each of its records. */
const CHUNK = 8_000

/** A producer for scenarios in which the broker stays. */
export async function steadyProducer(kafka: TestKafka): Promise<Producer> {
  const producer = kafka.client('oracle').producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return producer
}

/**
 * Sends all records in their order, over the SDK's connection: kafkajs by itself gives up, or takes a batch for sent
 * while a partition has no leader, when the broker is killed in the middle.
 */
export async function produceRecords({ brokers }: TestKafka, records: NumberedRecords): Promise<void> {
  const connection = new KafkaConnection(completeSettings({ brokers, clientId: 'oracle' }))
  const topics = { logs: TOPICS.logs, events: TOPICS.events }
  const partitionsOf = {
    logs: await partitions(connection, topics.logs),
    events: await partitions(connection, topics.events),
  }
  try {
    for (let first = 0; first < records.size; first += CHUNK) {
      const batches = new Map<string, { topic: string; partition: number; messages: Message[] }>()
      for (let number = first; number < Math.min(first + CHUNK, records.size); number++) {
        const { kind, key, body } = records.record(number)
        const partition = partitionsOf[kind](key)
        const place = `${kind}/${partition}`
        let batch = batches.get(place)
        if (!batch) batches.set(place, (batch = { topic: topics[kind], partition, messages: [] }))
        batch.messages.push({ key, value: JSON.stringify(body), partition })
      }
      for (const batch of batches.values()) await untilTaken(() => connection.send(batch))
    }
  } finally {
    await connection.disconnect(10_000)
  }
}

/** Gives the partition of a key, as every client with murmur2 does; asked once for each key. */
async function partitions(connection: KafkaConnection, topic: string): Promise<(key: string) => number> {
  const count = await untilTaken(() => connection.partitionCount(topic))
  const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({ partitionId, leader: 1 }))
  const choose = kafkajs.Partitioners.DefaultPartitioner()
  const known = new Map<string, number>()
  return (key) => {
    let partition = known.get(key)
    if (partition === undefined) {
      const message = { key, value: null }
      partition = choose({ topic, partitionMetadata, message } as unknown as Parameters<typeof choose>[0])
      known.set(key, partition)
    }
    return partition
  }
}

const PAUSE_MS = 100

/** Repeats what is asked of the bus until it is taken. */
async function untilTaken<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (cause) {
      if (!(cause instanceof SendFailure) || cause.kind === 'too_large') throw cause
      await sleep(PAUSE_MS)
    }
  }
}
