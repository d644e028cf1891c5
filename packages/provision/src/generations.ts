// Gives each topic that has none its generation: a random name for this life of it.

import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import type { Kafka } from 'kafkajs'
import { readGenerations } from '@runlight/bridge-core/generations'
import type { Generation } from '@runlight/contracts/generation'

export interface GenerationSettings {
  kafka: Kafka
  /** The compacted topic that keeps them. */
  generationsTopic: string
  /** Topics that must have one. */
  topics: readonly string[]
  /** Topics that must have a new one: they were just created, or their old one was given up. */
  renew: ReadonlySet<string>
}

/** Gives a sentence for each generation that was written. */
export async function ensureGenerations(settings: GenerationSettings): Promise<string[]> {
  const { kafka, generationsTopic, topics, renew } = settings
  const known = await readGenerations(kafka, generationsTopic)
  const missing = topics.filter((topic) => renew.has(topic) || !known.has(topic))
  if (missing.length === 0) return []
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { retries: Number.MAX_SAFE_INTEGER },
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  try {
    const records = missing.map((topic): Generation => {
      return { schemaVersion: 1, topic, generation: randomUUID(), createdAt: new Date().toISOString() }
    })
    await producer.send({
      topic: generationsTopic,
      acks: -1,
      messages: records.map((record) => ({ key: record.topic, value: JSON.stringify(record) })),
    })
    return records.map(({ topic, generation }) => `Topic ${topic} has the new generation ${generation}.`)
  } finally {
    await producer.disconnect()
  }
}
