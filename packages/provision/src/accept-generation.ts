// Gives up what the stores know of a topic's older life, so that they begin with its new one.

import type { Admin } from 'kafkajs'
import type { Sql, TransactionSql } from 'postgres'

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
 * Days of logs that Loki was not seen to have passed in that life are kept from now on until a person drops them.
 */
export async function forgetPositions(
  sql: Sql,
  topics: readonly string[],
  { logTopic, lokiReplayTopic }: { logTopic: string; lokiReplayTopic: string },
): Promise<string[]> {
  const said: string[] = []
  for (const topic of topics) {
    await sql.begin(async (tx) => {
      await tx`delete from positions where topic = ${topic}`
      said.push(`The positions of ${topic} in the trace store were given up; it is taken from its first record on.`)
      if (topic === logTopic) said.push(...(await keepUnprovenDays(tx)))
      // Offsets of that life say nothing of replays any more.
      if (topic === lokiReplayTopic) await tx`update dead_letters set replay_offset = null, refused_offset = null`
    })
  }
  return said
}

async function keepUnprovenDays(tx: TransactionSql): Promise<string[]> {
  const days = await tx<{ day: string }[]>`
    insert into log_days (day, older_life)
    select to_date(substring(inhrelid::regclass::text from '\\d{8}$'), 'YYYYMMDD') as day, true
    from pg_inherits where inhparent = 'logs'::regclass
      and to_date(substring(inhrelid::regclass::text from '\\d{8}$'), 'YYYYMMDD') <= (now() at time zone 'UTC')::date
    on conflict (day) do update set older_life = true where log_days.loki_passed_at is null
    returning day::text`
  if (days.length === 0) return []
  const names = days.map(({ day }) => day).sort()
  return [
    `Loki may lack lines of ${names.join(', ')}: these days stay in the trace store until you drop them as its owner, with: select runlight_drop_log_partition('${names[0]}').`,
  ]
}
