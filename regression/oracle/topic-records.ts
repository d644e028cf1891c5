// Reads a topic from its beginning to its present end, as any foreign client would.

import { Kafka, logLevel } from 'kafkajs'

export interface TopicRecord {
  partition: number
  offset: bigint
  key: string
  value: string
}

/** Every record that lay on the topic when the call was made. */
export async function readTopic(brokers: string[], topic: string): Promise<TopicRecord[]> {
  const records: TopicRecord[] = []
  await eachRecord(brokers, topic, (record) => records.push(record))
  return records
}

/** The same without keeping them. The group is deleted afterwards. */
export async function eachRecord(
  brokers: string[],
  topic: string,
  take: (record: TopicRecord) => unknown,
): Promise<void> {
  const kafka = new Kafka({ clientId: 'runlight-oracle', brokers, logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const groupId = `runlight-oracle-${crypto.randomUUID()}`
  const consumer = kafka.consumer({ groupId })
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  const ends = new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]))
  const open = new Set(offsets.filter(({ low, high }) => BigInt(low) < BigInt(high)).map(({ partition }) => partition))
  try {
    if (open.size > 0) {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await new Promise<void>((resolve, reject) => {
        consumer
          .run({
            autoCommit: false,
            eachBatch: ({ batch }) => {
              const end = ends.get(batch.partition) ?? 0n
              for (const { offset, key, value } of batch.messages) {
                if (BigInt(offset) >= end) continue
                take({
                  partition: batch.partition,
                  offset: BigInt(offset),
                  key: key?.toString() ?? '',
                  value: value?.toString() ?? '',
                })
              }
              if (BigInt(batch.lastOffset()) + 1n >= end) open.delete(batch.partition)
              if (open.size === 0) resolve()
              return Promise.resolve()
            },
          })
          .catch(reject)
      })
    }
  } finally {
    await consumer.disconnect()
    await admin.deleteGroups([groupId]).catch(() => undefined)
    await admin.disconnect()
  }
}
