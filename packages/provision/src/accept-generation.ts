// Gives up what the stores know of a topic's older life, so that they begin with its new one.

import type { Admin } from 'kafkajs'
import type { Sql } from 'postgres'

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

/**
 * Forgets the stored positions of topics; their records are taken from the first one on. The offsets that the groups
 * have committed need nothing: the generation that lies beside each of them tells that it belongs to an older life.
 */
export async function forgetPositions(sql: Sql, topics: readonly string[]): Promise<string[]> {
  for (const topic of topics) await sql`delete from positions where topic = ${topic}`
  return topics.map(
    (topic) => `The positions of ${topic} in the trace store were given up; it is taken from its first record on.`,
  )
}
