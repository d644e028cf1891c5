// After a kill in the middle of a send: is the batch on the bus, or not? The topic itself knows.

import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'

interface Search {
  kafka: Kafka
  topic: string
  /** Where in each partition the batch can begin at the earliest. */
  ends: ReadonlyMap<number, bigint>
  /** Values of the records that are looked for. */
  values: readonly string[]
  signal: AbortSignal
}

/** First offset that is there and first that is not, of each partition. */
interface Extent {
  low: bigint
  high: bigint
}

/** What the partitions hold now. */
export async function extents(kafka: Kafka, topic: string): Promise<Map<number, Extent>> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets(topic)
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]))
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

/**
 * Which of the records are in the topic: reads each partition from where it ended when nothing was on its way, to its
 * end now.
 */
export async function findSent({ kafka, topic, ends, values, signal }: Search): Promise<Set<string>> {
  const wanted = new Set(values)
  const found = new Set<string>()
  const starts = new Map<number, bigint>()
  const open = new Map<number, bigint>()
  for (const [partition, { low, high }] of await extents(kafka, topic)) {
    const end = ends.get(partition) ?? 0n
    const from = end > low ? end : low
    if (from >= high) continue
    starts.set(partition, from)
    open.set(partition, high)
  }
  if (open.size === 0) return found
  // A group of its own each time: it commits nothing, and waits for no member that was killed.
  const groupId = `runlight-log-collector-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) reject(payload.error)
      })
      const reached = (partition: number, next: bigint): void => {
        const high = open.get(partition)
        if (high !== undefined && next >= high) open.delete(partition)
        if (open.size === 0) resolve()
      }
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            for (const { value } of batch.messages) {
              const text = value?.toString('utf8')
              if (text !== undefined && wanted.has(text)) found.add(text)
            }
            reached(batch.partition, BigInt(batch.lastOffset()) + 1n)
            return Promise.resolve()
          },
        })
        .catch(reject)
      for (const [partition, from] of starts) consumer.seek({ topic, partition, offset: String(from) })
    })
  } finally {
    await consumer.disconnect().catch(() => undefined)
    await deleteGroup(kafka, groupId)
  }
  return found
}

async function deleteGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    await admin.deleteGroups([groupId])
  } catch {
    // An empty group without offsets goes by itself.
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
