// How far a sink has passed the log topic, as the bus knows it.

import { RunlightError } from '@runlight/contracts/errors'
import { consumerGroup } from '@runlight/contracts/topics'
import { Kafka, logLevel } from 'kafkajs'
import { fresh } from './fresh.ts'
import type { Answer } from './fresh.ts'

/** Next offset of each partition: everything below it is acknowledged by the store. */
export type CommittedOffsets = ReadonlyMap<number, bigint>

export interface Bus {
  /** Offsets that the Loki sink has committed on the log topic. */
  lokiOffsets: () => Promise<Answer<CommittedOffsets>>
  close: () => Promise<void>
}

export function connectBus(settings: { brokers: string[]; logTopic: string; clientId: string }): Bus {
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    logLevel: logLevel.NOTHING,
    // A caller is waiting: fail soon, say so, and let the next question try again. But not at once: kafkajs learns
    // which brokers there are by failing once ("No brokers in the broker pool") and asking for metadata then.
    retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 300 },
  })
  let admin: ReturnType<Kafka['admin']> | undefined
  const ask = async (): Promise<CommittedOffsets> => {
    try {
      if (!admin) {
        const made = kafka.admin()
        await made.connect()
        admin = made
      }
      const [topic] = await admin.fetchOffsets({ groupId: consumerGroup('loki'), topics: [settings.logTopic] })
      const committed = (topic?.partitions ?? []).filter(({ offset }) => offset !== '-1')
      return new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]))
    } catch (cause) {
      const broken = admin
      admin = undefined
      await broken?.disconnect().catch(() => undefined)
      throw new RunlightError('RL_STORE_UNAVAILABLE', `The bus can not be asked: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
  return {
    lokiOffsets: fresh({ ttlMs: 1_000, retryAfterMs: 2_000 }, ask),
    close: async () => admin?.disconnect(),
  }
}
