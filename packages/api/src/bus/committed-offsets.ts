// How far a sink's group has passed its topics.

import { consumerGroup } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import type { Admin } from 'kafkajs'

/** Next offset of each partition: everything below it is acknowledged by the store. */
export type CommittedOffsets = ReadonlyMap<number, bigint>

/** The offsets that a sink's group has committed, by topic; a partition that it has not begun is left out. */
export async function committedOffsets(
  admin: Admin,
  sink: SinkName,
  topics: readonly string[],
): Promise<Map<string, CommittedOffsets>> {
  const read = await admin.fetchOffsets({ groupId: consumerGroup(sink), topics: [...topics] })
  return new Map(
    read.map(({ topic, partitions }) => {
      const begun = partitions.filter(({ offset }) => offset !== '-1')
      return [topic, new Map(begun.map(({ partition, offset }) => [partition, BigInt(offset)]))]
    }),
  )
}
