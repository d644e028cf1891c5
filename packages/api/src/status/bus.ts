// How far a sink has passed the log topic, as the bus knows it.

import { consumerGroup } from '@runlight/contracts/topics'
import { Kafka, logLevel } from 'kafkajs'
import type { Admin } from 'kafkajs'
import { fresh } from './fresh.ts'

/** Next offset of each partition: everything below it is acknowledged by the store. */
export type CommittedOffsets = ReadonlyMap<number, bigint>

export interface OffsetsRead {
  /** As they were when the bus last answered, which they are still at least; undefined where it never has. */
  offsets: CommittedOffsets | undefined
  /** Why the bus could not be asked now. */
  away?: string
}

export interface Bus {
  /** Offsets that the Loki sink has committed on the log topic. */
  lokiOffsets: () => Promise<OffsetsRead>
  close: () => Promise<void>
}

export function connectBus(settings: { brokers: string[]; logTopic: string; clientId: string }): Bus {
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    logLevel: logLevel.NOTHING,
    // A caller is waiting: enough for a coordinator that is still loading, then it is said that the bus is away.
    retry: { retries: 2, initialRetryTime: 100, factor: 0, multiplier: 2 },
  })
  let admin: Admin | undefined
  let offsets: CommittedOffsets | undefined

  const ask = async (): Promise<void> => {
    try {
      if (!admin) {
        const made = kafka.admin()
        await made.connect()
        admin = made
      }
      const [topic] = await admin.fetchOffsets({ groupId: consumerGroup('loki'), topics: [settings.logTopic] })
      const committed = (topic?.partitions ?? []).filter(({ offset }) => offset !== '-1')
      offsets = new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]))
    } catch (cause) {
      const broken = admin
      admin = undefined
      await broken?.disconnect().catch(() => undefined)
      throw new Error(`The bus can not be asked: ${(cause as Error).message}`, { cause })
    }
  }
  const askFresh = fresh({ ttlMs: 1_000, retryAfterMs: 2_000 }, ask)
  return {
    lokiOffsets: async () => {
      const answer = await askFresh()
      return answer.ok ? { offsets } : { offsets, away: answer.reason }
    },
    close: async () => admin?.disconnect(),
  }
}
