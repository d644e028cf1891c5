// What the Loki bridge leaves behind: offsets of its group, and rows of what it refused.

import type { LogEntry } from '@runlight/contracts/log-entry'
import { TOPICS, consumerGroup } from '@runlight/contracts/topics'
import type { Kafka } from 'kafkajs'

/** Commits the first offset that the Loki bridge has not passed. */
export async function commitAsLoki(kafka: Kafka, topic: string, partition: number, offset: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const partitions = [{ partition, offset: String(offset) }]
  await admin.setOffsets({ groupId: consumerGroup('loki'), topic, partitions })
  await admin.disconnect()
}

/** A row of `dead_letters` for an entry of a run that Loki refused. */
export function lokiLetter(
  id: string,
  entry: LogEntry,
  { partition, offset, appendedAt }: { partition: number; offset: number; appendedAt: number },
) {
  return {
    ...{ id, sink: 'loki', reason: 'refused', detail: 'too long', generation: 'first', refusals: 1 },
    ...{ topic: TOPICS.logs, kafka_partition: partition, kafka_offset: offset, appended_at: new Date(appendedAt) },
    ...{ key: Buffer.from(entry.runId ?? ''), value: Buffer.from(JSON.stringify(entry)), value_bytes: 1 },
    ...{ failed_at: new Date(), created_at: new Date() },
  }
}
