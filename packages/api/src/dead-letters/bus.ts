// The bus as replays need it: where Loki's group is, records of its replay topics written, and read from any topic.

import { RunlightError } from '@runlight/contracts/errors'
import { ORIGIN_HEADER, replayTopic } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import { Kafka, logLevel } from 'kafkajs'
import type { Admin } from 'kafkajs'
import { committedOffsets } from '../bus/committed-offsets.ts'
import type { CommittedOffsets } from '../bus/committed-offsets.ts'
import { reusable } from '../bus/reusable.ts'
import { fetchRecord } from './fetch-record.ts'
import type { FetchedRecord, RecordPlace } from './fetch-record.ts'

/** Replays lie in this partition of their topic, so that those of one letter follow one another. */
export const REPLAY_PARTITION = 0

export interface ReplayRecord {
  key: Buffer | null
  value: Buffer | null
  /** JSON of the header `runlight-origin`. */
  origin: string
}

/** First offsets that Loki's group has not passed; a partition without one has not been begun. */
export interface LokiPassed {
  /** On the topic of log entries, by partition. */
  logs: CommittedOffsets
  /** On its replay topic. */
  replays: bigint
}

/** Every method rejects with RL_BUS_UNAVAILABLE when the bus does not answer. */
export interface LetterBus {
  /** What Loki's group has passed, and, read after that, the ends of the dead letter partitions that hold any. */
  progress: () => Promise<{ passed: LokiPassed; letterEnds: ReadonlyMap<number, bigint> }>
  /** Writes records to the replay topic of a sink; gives the offset of the first, the others follow it. */
  send: (sink: SinkName, records: readonly ReplayRecord[]) => Promise<bigint>
  /** The record at a place; undefined when the bus has it no more. */
  fetch: (place: RecordPlace) => Promise<FetchedRecord | undefined>
  close: () => Promise<void>
}

export interface LetterBusSettings {
  brokers: string[]
  logTopic: string
  deadLetterTopic: string
  clientId: string
}

export function connectLetterBus({ brokers, logTopic, deadLetterTopic, clientId }: LetterBusSettings): LetterBus {
  const kafka = new Kafka({
    ...{ clientId, brokers, connectionTimeout: 1_000, requestTimeout: 10_000, logLevel: logLevel.NOTHING },
    // A caller is waiting.
    retry: { retries: 2, initialRetryTime: 100, factor: 0, multiplier: 2 },
  })
  const admin = reusable(async () => {
    const made = kafka.admin()
    await made.connect()
    return made
  }, explain)
  const producer = reusable(async () => {
    // A resend that is written twice changes nothing: a replay is stored once, however often it lies on its topic.
    const made = kafka.producer({ allowAutoTopicCreation: false })
    await made.connect()
    return made
  }, explain)
  return {
    progress: () =>
      admin.use(async (connected) => {
        const passed = await lokiPassed(connected, logTopic)
        const ends = await connected.fetchTopicOffsets(deadLetterTopic)
        const kept = ends.filter(({ low, high }) => low !== high)
        return { passed, letterEnds: new Map(kept.map(({ partition, high }) => [partition, BigInt(high)])) }
      }),
    send: (sink, records) =>
      producer.use(async (connected) => {
        const answers = await connected.send({
          topic: replayTopic(sink),
          acks: -1,
          messages: records.map(({ key, value, origin }) => ({
            ...{ key, value, partition: REPLAY_PARTITION },
            headers: { [ORIGIN_HEADER]: origin },
          })),
        })
        return BigInt(answers[0]?.baseOffset ?? 0)
      }),
    fetch: (place) =>
      admin.use(async (connected) => {
        const ends = await connected.fetchTopicOffsets(place.topic)
        const end = ends.find(({ partition }) => partition === place.partition)
        if (!end || place.offset < BigInt(end.low) || place.offset >= BigInt(end.high)) return undefined
        return fetchRecord(kafka, connected, place)
      }),
    close: async () => {
      await Promise.all([admin.close(), producer.close()])
    },
  }
}

async function lokiPassed(admin: Admin, logTopic: string): Promise<LokiPassed> {
  const replays = replayTopic('loki')
  const committed = await committedOffsets(admin, 'loki', [logTopic, replays])
  return { logs: committed.get(logTopic) ?? new Map(), replays: committed.get(replays)?.get(REPLAY_PARTITION) ?? 0n }
}

function explain(cause: unknown): RunlightError {
  if (cause instanceof RunlightError) return cause
  const { type, message } = cause as { type?: string; message: string }
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    const why = 'The bus does not take a record of this size; raise the setting topics.maxMessageBytes.'
    return new RunlightError('RL_DEAD_LETTER_NOT_REPLAYABLE', why, { cause })
  }
  const unknown = type === 'UNKNOWN_TOPIC_OR_PARTITION' ? ' A topic is missing; provision creates it.' : ''
  return new RunlightError('RL_BUS_UNAVAILABLE', `The bus did not answer as it should: ${message}.${unknown}`, {
    cause,
  })
}
