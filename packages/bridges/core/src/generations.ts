// Reads the generations of topics from the compacted topic that provision writes.

import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { generation as shape } from '@runlight/contracts/generation'

/** How long reading may take, in milliseconds. */
const LIMIT_MS = 30_000

/**
 * Topic → its current generation: the last record of each key, as of now. Records that have not the shape are skipped.
 * kafkajs reads only as a member of a group, so a group of its own is used and deleted again.
 */
export async function readGenerations(kafka: Kafka, topic: string): Promise<ReadonlyMap<string, string>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const known = (await admin.listTopics()).includes(topic)
    const ends = known ? await admin.fetchTopicOffsets(topic) : []
    const remaining = new Map<number, bigint>()
    for (const { partition, low, high } of ends) if (high !== low) remaining.set(partition, BigInt(high))
    if (remaining.size === 0) return new Map()
    const groupId = `runlight-generations-${randomUUID()}`
    const found = await readUpTo(kafka, topic, groupId, remaining)
    // A group that is left over is empty and expires by itself.
    await admin.deleteGroups([groupId]).catch(() => undefined)
    return found
  } finally {
    await admin.disconnect()
  }
}

async function readUpTo(kafka: Kafka, topic: string, groupId: string, ends: Map<number, bigint>) {
  const found = new Map<string, string>()
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 200,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      // kafkajs may wait in silence, for instance for a coordinator that has gone.
      setTimeout(() => reject(new Error(`${topic} could not be read in ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref()
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      const passed = (partition: number, lastOffset: bigint) => {
        const end = ends.get(partition)
        if (end !== undefined && lastOffset + 1n >= end) ends.delete(partition)
        if (ends.size === 0) resolve()
      }
      // Told also of batches that hold nothing but what compaction or a transaction left behind.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
        passed(payload.partition, BigInt(payload.lastOffset)),
      )
      consumer
        .run({
          autoCommit: false,
          eachMessage: ({ message }) => {
            remember(found, message.value)
            return Promise.resolve()
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return found
}

function remember(found: Map<string, string>, value: Buffer | null): void {
  if (value === null) return
  try {
    const checked = shape.check(JSON.parse(value.toString('utf8')))
    if (checked.ok) found.set(checked.value.topic, checked.value.generation)
  } catch {
    // Not JSON: written by someone else; the topic's own generation is what counts.
  }
}
