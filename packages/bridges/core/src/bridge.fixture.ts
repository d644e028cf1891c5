// A bridge under test: the real core on a real broker, with a store that a test can watch and hold back.

import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { VARIABLES } from '@runlight/contracts/environment'
import type { DeadLetter } from '@runlight/contracts/dead-letter'
import { consumerGroup, replayTopic } from '@runlight/contracts/topics'
import { createLog } from '@runlight/service/log'
import { createMetrics } from '@runlight/service/metrics'
import type { RunningService } from '@runlight/service/run'
import type { TestKafka, TestTopic } from '../../../../regression/fixtures/kafka.ts'
import { freePorts } from '../../../../regression/fixtures/server-process.ts'
import { readTopic } from '../../../../regression/oracle/topic-records.ts'
import { logEntries } from './batch.fixture.ts'
import { startBridge } from './bridge.ts'
import { STALL_MS } from './consume.ts'
import type { BatchLimits } from './queue.ts'
import { DeliveryError } from './sink.ts'
import type { Sink } from './sink.ts'

export interface StoredRecord {
  offset: bigint
  message: string
  /** Name of the replay that brought it. */
  replay?: string
}

const { CompressionTypes } = kafkajs

/** Keeps what it is given in memory: messages by `topic/partition`, in the order of delivery, repeats included. */
export interface MemoryStore {
  delivered: Map<string, StoredRecord[]>
  /** Partitions that the store is away for. */
  away: Set<number>
  /** Deliveries that have failed because of that. */
  failures: number
  /** Records whose message is in here are refused for good. */
  refused: Set<string>
  /** Where the store says that a partition goes on; without this it has no position of its own. */
  positions?: ReadonlyMap<number, bigint>
  /** Age above which it takes no record, in milliseconds; without this there is none. */
  ageLimitMillis?: number
  sink: (topic: string) => Sink
}

export function memoryStore(): MemoryStore {
  const store: MemoryStore = {
    delivered: new Map(),
    away: new Set(),
    failures: 0,
    refused: new Set(),
    sink: (topic) => ({
      name: 'loki',
      topics: [{ topic, kind: 'logs' }],
      ...(store.ageLimitMillis === undefined ? {} : { ageLimitMillis: store.ageLimitMillis }),
      ...(store.positions && { position: ({ partition }) => Promise.resolve(store.positions?.get(partition)) }),
      prepare: (batch) => async (context) => {
        if (batch.kind === 'raw') throw new TypeError('This store takes no raw records.')
        if (store.away.has(batch.partition)) {
          store.failures += 1
          throw new DeliveryError('unreachable', 'The store is away.')
        }
        const bad = batch.records.filter((record) => store.refused.has(record.body.message))
        if (bad.length > 0) {
          await context.refuse(bad.map((record) => ({ record, reason: 'refused', detail: 'I do not like it.' })))
        }
        const key = `${batch.topic}/${batch.partition}`
        const list = store.delivered.get(key) ?? []
        for (const { offset, body } of batch.records) {
          if (!store.refused.has(body.message))
            list.push({ offset, message: body.message, ...(batch.replay ? { replay: batch.replay.id } : {}) })
        }
        store.delivered.set(key, list)
        return { delivered: batch.records.length - bad.length, repeated: 0 }
      },
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
  }
  return store
}

export interface TestBridge extends RunningService {
  port: number
  /** Value of a metric, summed over its series; labels select. */
  metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>
}

export interface TestBus {
  kafka: TestKafka
  topic: string
  deadLetterTopic: string
  generationsTopic: string
}

/** Topics of a test's own, with a generation. */
export async function createBus(
  kafka: TestKafka,
  { partitions = 4, config = {} }: Pick<TestTopic, 'partitions' | 'config'> = {},
): Promise<TestBus> {
  const name = randomUUID().slice(0, 8)
  const bus = { kafka, topic: `logs-${name}`, deadLetterTopic: `dlq-${name}`, generationsTopic: `generations-${name}` }
  // One for all buses of a broker, as the group is: what one test has committed, the next does not see.
  const replay = replayTopic('loki')
  const admin = kafka.client().admin()
  await admin.connect()
  const known = (await admin.listTopics()).includes(replay)
  await admin.disconnect()
  await kafka.createTopics([
    ...(known ? [] : [{ topic: replay, partitions: 1 }]),
    { topic: bus.topic, partitions, config },
    { topic: bus.deadLetterTopic, partitions: 1 },
    { topic: bus.generationsTopic, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ])
  await writeGeneration({ ...bus, topic: replay }, REPLAY_GENERATION)
  return bus
}

const REPLAY_GENERATION = 'generation-of-replays'

export async function writeGeneration(
  { kafka, topic, generationsTopic }: Omit<TestBus, 'deadLetterTopic'>,
  generation: string,
): Promise<void> {
  const value = JSON.stringify({ schemaVersion: 1, topic, generation, createdAt: new Date().toISOString() })
  await send(kafka, generationsTopic, [{ key: topic, value }])
}

export async function send(
  kafka: TestKafka,
  topic: string,
  messages: {
    key?: string
    value: string | Buffer
    partition?: number
    headers?: Readonly<Record<string, string>>
    /** Milliseconds since the epoch; the append time where the topic takes that of its producers. */
    timestamp?: string
  }[],
  compression = CompressionTypes.None,
): Promise<void> {
  // Idempotent: a send that is repeated after a lost answer must not be two records.
  const producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  await producer.send({ topic, acks: -1, messages, compression })
  await producer.disconnect()
}

const LIMITS: BatchLimits = {
  ...{ lingerMillis: 0, records: 500, bytes: 1024 * 1024 },
  ...{ spanMillis: 60_000, uncommittedSpanMillis: 60_000 },
}

export async function startTestBridge(
  { kafka, topic, deadLetterTopic, generationsTopic }: TestBus,
  sink: Sink,
  { stallMillis = STALL_MS, ...limits }: Partial<BatchLimits> & { stallMillis?: number } = {},
): Promise<TestBridge> {
  const [port] = (await freePorts(1)) as [number]
  const metrics = createMetrics()
  const bridge = await startBridge({
    environment: {
      brokers: kafka.brokers,
      logTopic: topic,
      eventTopic: VARIABLES.eventTopic.fallback ?? '',
      ...{ deadLetterTopic, generationsTopic, instance: '0', logLevel: 'error', sessionSeconds: 12 },
      listen: { host: '127.0.0.1', port },
    },
    version: 'test',
    log: createLog({ component: 'test', instance: '0', level: 'error' }),
    ...{ metrics, sink, limits: { ...LIMITS, ...limits }, stallMillis },
  })
  const metric: TestBridge['metric'] = async (name, labels = {}) => {
    const found = (await metrics.registry.getMetricsAsJSON()).find((own) => own.name === name)
    const values = (found?.values ?? []) as { value: number; labels: Record<string, unknown> }[]
    const fitting = values.filter((own) =>
      Object.entries(labels).every(([label, value]) => own.labels[label] === value),
    )
    return fitting.reduce((sum, { value }) => sum + value, 0)
  }
  return { ...bridge, port, metric }
}

/** Committed offsets of the group by partition, with the generation beside them. */
export async function committed({ kafka, topic }: TestBus): Promise<Record<number, string>> {
  const admin = kafka.client().admin()
  await admin.connect()
  try {
    const [answer] = await admin.fetchOffsets({ groupId: consumerGroup('loki'), topics: [topic] })
    const known = (answer?.partitions ?? []).filter(({ offset }) => offset !== '-1')
    return Object.fromEntries(
      known.map(({ partition, offset, metadata }) => [partition, `${offset} ${metadata ?? ''}`]),
    )
  } finally {
    await admin.disconnect()
  }
}

/** Letters of one place are one, as for every reader; `written` counts them all. */
export async function readDeadLetters({ kafka, deadLetterTopic }: TestBus) {
  const records = await readTopic(kafka.brokers, deadLetterTopic)
  const letters = new Map<string, DeadLetter>()
  for (const { value } of records) {
    const letter = JSON.parse(value) as DeadLetter
    const { topic, partition, offset } = letter.origin
    const place = `${letter.sink} ${topic}/${partition}/${offset}`
    if (!letters.has(place)) letters.set(place, letter)
  }
  return { letters: [...letters.values()], written: records.length }
}

/** A bus with one generation. */
export async function newBus(kafka: TestKafka, partitions = 4): Promise<TestBus> {
  const bus = await createBus(kafka, { partitions })
  await writeGeneration(bus, 'generation-1')
  return bus
}

/** Lines `<partition>:<number>`, the same count to each partition. */
export function lines(partitions: number, count: number, from = 0): { partition: number; value: string }[] {
  return Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: count }, (_, index) => {
      const [entry] = logEntries(1, { message: `${partition}:${from + index}` })
      return { partition, value: JSON.stringify(entry) }
    }),
  ).flat()
}

/** What retention does, at once. */
export async function deleteRecordsBefore({ kafka, topic }: TestBus, offset: number): Promise<void> {
  const admin = kafka.client().admin()
  await admin.connect()
  // Loads the metadata that the next call needs.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  await admin.disconnect()
}

export function deliveredTo(store: MemoryStore, bus: TestBus, partition: number): StoredRecord[] {
  return store.delivered.get(`${bus.topic}/${partition}`) ?? []
}

/**
 * What was delivered, without what was delivered again: a bridge that loses its place in the group, as on a busy machine,
 * goes on from its last commit.
 */
export function firstDeliveredTo(store: MemoryStore, bus: TestBus, partition: number): StoredRecord[] {
  const first = new Map<bigint, StoredRecord>()
  for (const record of deliveredTo(store, bus, partition)) {
    if (!first.has(record.offset)) first.set(record.offset, record)
  }
  return [...first.values()]
}

export function offsetsOf(store: MemoryStore, bus: TestBus, partition: number): number[] {
  return deliveredTo(store, bus, partition).map(({ offset }) => Number(offset))
}

export function firstOffsetsOf(store: MemoryStore, bus: TestBus, partition: number): number[] {
  return firstDeliveredTo(store, bus, partition).map(({ offset }) => Number(offset))
}

export const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index)

/** Bridges that end with their test. */
export class TestBridges {
  readonly #running: TestBridge[] = []

  async start(bus: TestBus, store: MemoryStore, limits?: Parameters<typeof startTestBridge>[2]): Promise<TestBridge> {
    const bridge = await startTestBridge(bus, store.sink(bus.topic), limits)
    this.#running.push(bridge)
    return bridge
  }

  async stop(bridge: TestBridge): Promise<void> {
    this.#running.splice(this.#running.indexOf(bridge), 1)
    await bridge.stop()
  }

  async stopAll(): Promise<void> {
    for (const bridge of this.#running.splice(0)) await bridge.stop()
  }
}
