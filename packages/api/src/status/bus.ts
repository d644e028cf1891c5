// How far the sinks have passed their topics, as the bus knows it.

import type { PartitionLag } from '@runlight/contracts/api'
import type { SinkName } from '@runlight/contracts/topics'
import { Kafka, logLevel } from 'kafkajs'
import type { Admin } from 'kafkajs'
import { committedOffsets } from '../bus/committed-offsets.ts'
import { reusable } from '../bus/reusable.ts'
import { fresh } from './fresh.ts'
import type { Ask } from './fresh.ts'

export type GroupLag = Readonly<Record<SinkName, readonly PartitionLag[]>>

export interface Bus {
  /** How far each sink's group is behind the ends of its topics. */
  lag: Ask<GroupLag>
  close: () => Promise<void>
}

export interface BusSettings {
  brokers: string[]
  topics: { logs: string; events: string }
  clientId: string
}

export function connectBus(settings: BusSettings): Bus {
  const { topics } = settings
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    logLevel: logLevel.NOTHING,
    // A caller is waiting: enough for a coordinator that is still loading, then it is said that the bus is away.
    retry: { retries: 2, initialRetryTime: 100, factor: 0, multiplier: 2 },
  })
  const admin = reusable(
    async () => {
      const made = kafka.admin()
      await made.connect()
      return made
    },
    (cause) => new Error(`The bus cannot be asked: ${(cause as Error).message}`, { cause }),
  )
  const lag = fresh({ whom: 'The bus', ttlMs: 2_000, retryAfterMs: 2_000 }, () =>
    admin.use(async (connected) => {
      const ends = new Map<string, TopicEnds>()
      for (const topic of Object.values(topics)) ends.set(topic, await connected.fetchTopicOffsets(topic))
      const [loki, postgres] = await Promise.all([
        groupLag(connected, 'loki', [topics.logs], ends),
        groupLag(connected, 'postgres', Object.values(topics), ends),
      ])
      return { loki, postgres }
    }),
  )
  return {
    lag,
    close: admin.close,
  }
}

type TopicEnds = Awaited<ReturnType<Admin['fetchTopicOffsets']>>

async function groupLag(
  admin: Admin,
  sink: SinkName,
  topics: readonly string[],
  ends: ReadonlyMap<string, TopicEnds>,
): Promise<PartitionLag[]> {
  const committed = await committedOffsets(admin, sink, topics)
  return topics.flatMap((topic) =>
    (ends.get(topic) ?? []).map(({ partition, low, high }) => {
      // Without a commit the group begins at the first record that is still there.
      const next = committed.get(topic)?.get(partition) ?? BigInt(low)
      return { topic, partition, records: Math.max(0, Number(BigInt(high) - next)) }
    }),
  )
}
