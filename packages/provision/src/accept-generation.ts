// Gives up what the stores know of a topic's older life, so that they begin with its new one.

import type { Admin } from 'kafkajs'
import type { Sql } from 'postgres'
import { consumerGroup, SINKS } from '@runlight/contracts/topics'

/** Topics whose stored positions belong to another generation, or lie beyond the end of a partition of this one. */
export async function topicsToAccept(
  admin: Admin,
  sql: Sql,
  topics: readonly string[],
  generations: ReadonlyMap<string, string>,
): Promise<{ topic: string; endsTooEarly: boolean }[]> {
  const found: { topic: string; endsTooEarly: boolean }[] = []
  for (const topic of topics) {
    const rows = await sql<{ kafka_partition: number; generation: string; next_offset: string }[]>`
      select kafka_partition, generation, next_offset from positions where topic = ${topic}`
    const ends = new Map((await admin.fetchTopicOffsets(topic)).map((end) => [end.partition, BigInt(end.high)]))
    const changed = rows.some((row) => row.generation !== generations.get(topic))
    const endsTooEarly = !changed && rows.some((row) => (ends.get(row.kafka_partition) ?? 0n) < BigInt(row.next_offset))
    if (changed || endsTooEarly) found.push({ topic, endsTooEarly })
  }
  return found
}

/** Forgets positions and committed offsets of the topics; the bridges must be stopped. Gives a sentence for each. */
export async function forgetPositions(admin: Admin, sql: Sql, topics: readonly string[]): Promise<string[]> {
  const changes: string[] = []
  for (const topic of topics) {
    for (const sink of SINKS) {
      const groupId = consumerGroup(sink)
      const committed = await admin.fetchOffsets({ groupId, topics: [topic] })
      if (committed.every(({ partitions }) => partitions.every(({ offset }) => offset === '-1'))) continue
      await admin.resetOffsets({ groupId, topic, earliest: true })
      changes.push(`Group ${groupId} begins ${topic} anew.`)
    }
    await sql`delete from positions where topic = ${topic}`
    changes.push(`The positions of ${topic} in the trace store were given up; it is taken from its first record on.`)
  }
  return changes
}
