// Lag of each assigned partition, in records and in seconds, and how long it may last before records are lost.

import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import type { Lane } from './lane.ts'
import type { BridgeMetrics } from './metrics.ts'
import type { Sink } from './sink.ts'

const INTERVAL_MS = 5_000
/** How long a topic's retention, as the broker told it, is taken to be the same. */
const RETENTION_FRESH_MS = 60_000

export interface LagSettings {
  admin: Admin
  sink: Sink
  lanes: () => readonly Lane[]
  metrics: BridgeMetrics
  /** Told whether the broker has answered. */
  onAnswer: (answered: boolean) => void
}

/** Asks the broker for the ends of the assigned partitions at an interval; gives the function that stops it. */
export function watchLag(settings: LagSettings): () => void {
  const retention = new Retention(settings.admin)
  let busy = false
  const look = () => {
    if (busy) return
    busy = true
    void measure(settings, retention)
      .then(
        () => settings.onAnswer(true),
        // The broker is away; the consumer says so.
        () => settings.onAnswer(false),
      )
      .finally(() => (busy = false))
  }
  const timer = setInterval(look, INTERVAL_MS)
  timer.unref()
  look()
  return () => clearInterval(timer)
}

async function measure({ admin, sink, lanes, metrics }: LagSettings, retention: Retention): Promise<void> {
  const assigned = [...new Set(lanes().map((lane) => lane.settings.topic))]
  const topics = assigned.length > 0 ? assigned : sink.topics.slice(0, 1).map(({ topic }) => topic)
  const ends = new Map<string, bigint>()
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic}/${partition}`, BigInt(high))
  }
  const kept = await retention.of(topics)
  const gauges = [metrics.lagRecords, metrics.lagSeconds, metrics.retentionLeft, metrics.ageLeft]
  for (const gauge of gauges) gauge.reset()
  for (const lane of lanes()) {
    const { topic, partition } = lane.settings
    const labels = { sink: sink.name, topic, partition: String(partition) }
    const high = ends.get(`${topic}/${partition}`)
    if (high === undefined) continue
    const records = high > lane.nextOffset ? high - lane.nextOffset : 0n
    const age = records === 0n ? 0 : Math.max(0, Date.now() - lane.oldestAppendedAt)
    metrics.lagRecords.set(labels, Number(records))
    metrics.lagSeconds.set(labels, age / 1000)
    metrics.retentionLeft.set(labels, ((kept.get(topic) ?? Number.POSITIVE_INFINITY) - age) / 1000)
    if (sink.ageLimitMillis !== undefined) metrics.ageLeft.set(labels, (sink.ageLimitMillis - age) / 1000)
  }
}

/** How long the bus keeps the records of topics, in milliseconds. */
class Retention {
  readonly #admin: Admin
  #known: ReadonlyMap<string, number> = new Map()
  #askedAt = 0

  constructor(admin: Admin) {
    this.#admin = admin
  }

  async of(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const fresh = Date.now() - this.#askedAt < RETENTION_FRESH_MS
    if (topics.length === 0 || (fresh && topics.every((topic) => this.#known.has(topic)))) return this.#known
    const { resources } = await this.#admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => {
        return { type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ['retention.ms'] }
      }),
    })
    this.#known = new Map(
      resources.map(({ resourceName, configEntries }) => {
        const millis = Number(configEntries.find(({ configName }) => configName === 'retention.ms')?.configValue ?? -1)
        return [resourceName, millis < 0 ? Number.POSITIVE_INFINITY : millis]
      }),
    )
    this.#askedAt = Date.now()
    return this.#known
  }
}
