// One record from where it lies on the bus. kafkajs reads only as a member of a group, so a group of its own is used
// and deleted again.

import { randomUUID } from 'node:crypto'
import type { Admin, Kafka, KafkaMessage } from 'kafkajs'

export interface RecordPlace {
  topic: string
  partition: number
  offset: bigint
}

export interface FetchedRecord {
  key: Buffer | null
  value: Buffer | null
}

/** How long it may take, in milliseconds. */
const LIMIT_MS = 15_000

/** The record at a place that lies between the ends of its partition; undefined where there is none at this offset. */
export async function fetchRecord(
  kafka: Kafka,
  admin: Admin,
  { topic, partition, offset }: RecordPlace,
): Promise<FetchedRecord | undefined> {
  const groupId = `runlight-replay-${randomUUID()}`
  const consumer = kafka.consumer({
    ...{ groupId, maxWaitTimeInMs: 200, allowAutoTopicCreation: false },
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: false })
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${topic} could not be read in ${LIMIT_MS / 1000} s`)), LIMIT_MS)
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            if (batch.partition !== partition) return Promise.resolve()
            const found = batch.messages.find((message) => BigInt(message.offset) === offset)
            if (found) resolve(contents(found))
            else if (BigInt(batch.lastOffset()) >= offset) resolve(undefined)
            return Promise.resolve()
          },
        })
        .catch(reject)
      consumer.seek({ topic, partition, offset: String(offset) })
    })
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
    // A group that is left over is empty and expires by itself.
    await admin.deleteGroups([groupId]).catch(() => undefined)
  }
}

function contents({ key, value }: KafkaMessage): FetchedRecord {
  return { key, value }
}
