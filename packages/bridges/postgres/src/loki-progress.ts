// How far Loki's consumer group has passed the log topic, as the bus knows it.

import { consumerGroup } from '@runlight/contracts/topics'
import type { Admin } from 'kafkajs'

/** `passed`, or why a day must be kept. */
export type DayVerdict = 'passed' | 'loki_absent' | 'loki_behind'

export interface LogTopic {
  topic: string
  /** Its present life. */
  generation: string
}

/**
 * Has Loki's group committed past the last record of this life of the topic that was appended before `until`
 * (milliseconds since the epoch), in every partition? An offset that was committed in another life does not count.
 */
export async function lokiPassed(admin: Admin, { topic, generation }: LogTopic, until: number): Promise<DayVerdict> {
  // Where nothing was appended since, this is the end of the partition.
  const ends = await admin.fetchTopicOffsetsByTimestamp(topic, until)
  const [answer] = await admin.fetchOffsets({ groupId: consumerGroup('loki'), topics: [topic] })
  const committed = new Map(
    (answer?.partitions ?? [])
      .filter(({ offset, metadata }) => offset !== '-1' && (!metadata || metadata === generation))
      .map(({ partition, offset }) => [partition, BigInt(offset)]),
  )
  if (committed.size === 0 && ends.some(({ offset }) => offset !== '0')) return 'loki_absent'
  const behind = ends.some(({ partition, offset }) => (committed.get(partition) ?? 0n) < BigInt(offset))
  return behind ? 'loki_behind' : 'passed'
}
