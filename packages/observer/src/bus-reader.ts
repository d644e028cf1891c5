// Reads the events topic along: whose run moves, and, after a restart, how far the observer had looked.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@runlight/service/log'
import { Kafka, logLevel } from 'kafkajs'
import type { Admin, Consumer } from 'kafkajs'

export interface BusReader {
  /**
   * Milliseconds since the epoch up to which an observer of this name had looked when it last said so; undefined when
   * none has. Waits for the bus.
   * @throws AbortError when the reader is stopped before
   */
  checkpoint: () => Promise<number | undefined>
  /** Says so. Failing is harmless: the next start goes back further. */
  save: (lookedThrough: number) => Promise<void>
  /** Reads until the signal aborts. */
  read: () => Promise<void>
  close: () => Promise<void>
}

export interface BusReaderSettings {
  brokers: string[]
  topic: string
  clientId: string
  /** The checkpoint is kept as metadata of this consumer group's offsets. */
  groupId: string
  log: Log
  signal: AbortSignal
  /** A worker has told something of this run that may have moved it. */
  onMoved: (runId: string) => void
}

const RETRY_MS = 5000
/** Short, so that a restarted observer is not kept waiting for the member that it was before. */
const SESSION = { sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 2000 }
/** What moves no run, and what the observer itself says; found without parsing, since it is only a hint. */
const SILENT = ['"NODE_PROGRESS"', '"NODE_STARTED"', '"PRODUCER_CLOSED"', '"id":"temporal/'].map((text) =>
  Buffer.from(text),
)

export function createBusReader(settings: BusReaderSettings): BusReader {
  const { topic, groupId, log, signal, onMoved } = settings
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log.debug({ kafka: entry.log }, 'The Kafka client has a message.'),
    retry: { retries: 3, initialRetryTime: 200, maxRetryTime: 2000 },
  })
  let consumer: Consumer | undefined
  /** Next offset of each partition that this consumer has. */
  let next = new Map<number, string>()

  const withAdmin = async <T>(ask: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = kafka.admin()
    try {
      await admin.connect()
      return await ask(admin)
    } finally {
      await admin.disconnect().catch(() => undefined)
    }
  }

  const checkpoint = async (): Promise<number | undefined> => {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted()
      try {
        const [offsets] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
        const saved = (offsets?.partitions ?? []).map(({ metadata }) => Number(metadata || NaN)).filter(Number.isFinite)
        return saved.length > 0 ? Math.max(...saved) : undefined
      } catch (cause) {
        const level = tries === 0 ? 'warn' : 'debug'
        log[level]({ cause }, 'The bus does not say how far the observer had looked; trying again.')
      }
      await sleep(RETRY_MS, undefined, { signal })
    }
  }

  const save = async (lookedThrough: number): Promise<void> => {
    if (!consumer || next.size === 0) return
    const metadata = String(lookedThrough)
    const offsets = [...next].map(([partition, offset]) => ({ topic, partition, offset, metadata }))
    await consumer.commitOffsets(offsets).catch((cause: unknown) => {
      log.debug({ cause }, 'The checkpoint was not saved; the next one will be.')
    })
  }

  /** Where a partition that has had no batch yet would be read from. */
  const joined = async (partitions: readonly number[]): Promise<void> => {
    const [committed, ends] = await withAdmin((admin) =>
      Promise.all([admin.fetchOffsets({ groupId, topics: [topic] }), admin.fetchTopicOffsets(topic)]),
    )
    const offsetOf = (partition: number): string | undefined => {
      const saved = committed[0]?.partitions.find((entry) => entry.partition === partition)?.offset
      return saved !== undefined && saved !== '-1' ? saved : ends.find((end) => end.partition === partition)?.high
    }
    next = new Map(partitions.map((partition) => [partition, next.get(partition) ?? offsetOf(partition) ?? '0']))
  }

  /** One consumer, until it crashes or the signal aborts. */
  const readOnce = async (): Promise<void> => {
    const reading = kafka.consumer({ groupId, allowAutoTopicCreation: false, ...SESSION })
    const crashed = new Promise<void>((resolve) => {
      reading.on(reading.events.CRASH, ({ payload }) => {
        if (!payload.restart) resolve()
      })
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    reading.on(reading.events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[topic] ?? []
      void joined(partitions).catch((cause: unknown) => log.debug({ cause }, 'Offsets could not be asked for.'))
    })
    try {
      await reading.connect()
      await reading.subscribe({ topic, fromBeginning: false })
      await reading.run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          for (const { key, value } of batch.messages) {
            if (key && value && !SILENT.some((text) => value.includes(text))) onMoved(key.toString())
          }
          next.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n))
          return Promise.resolve()
        },
      })
      consumer = reading
      await crashed
    } finally {
      if (!signal.aborted) {
        consumer = undefined
        await reading.disconnect().catch(() => undefined)
      }
    }
  }

  const read = async (): Promise<void> => {
    while (!signal.aborted) {
      await readOnce().catch((cause: unknown) => log.debug({ cause }, 'The events topic cannot be read along.'))
      if (!signal.aborted) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  const close = async (): Promise<void> => {
    await consumer?.disconnect().catch(() => undefined)
  }

  return { checkpoint, save, read, close }
}
