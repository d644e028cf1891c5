// Lag of each assigned partition, in records and in seconds.

import type { Admin } from 'kafkajs'
import type { Lane } from './lane.ts'
import type { BridgeMetrics } from './metrics.ts'
import type { Sink } from './sink.ts'

const INTERVAL_MS = 5_000

export interface LagSettings {
  admin: Admin
  sink: Sink
  lanes: () => readonly Lane[]
  metrics: BridgeMetrics
}

/** Asks the broker for the ends of the assigned partitions at an interval; gives the function that stops it. */
export function watchLag(settings: LagSettings): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void measure(settings)
      // The broker is away; the consumer says so.
      .catch(() => undefined)
      .finally(() => (busy = false))
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

async function measure({ admin, sink, lanes, metrics }: LagSettings): Promise<void> {
  const assigned = lanes()
  const topics = new Set(assigned.map((lane) => lane.settings.topic))
  const ends = new Map<string, bigint>()
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic}/${partition}`, BigInt(high))
  }
  metrics.lagRecords.reset()
  metrics.lagSeconds.reset()
  for (const lane of assigned) {
    const { topic, partition } = lane.settings
    const labels = { sink: sink.name, topic, partition: String(partition) }
    const high = ends.get(`${topic}/${partition}`)
    if (high === undefined) continue
    const records = high > lane.nextOffset ? high - lane.nextOffset : 0n
    const oldest = records > 0n ? lane.oldestAppendedAt : undefined
    metrics.lagRecords.set(labels, Number(records))
    metrics.lagSeconds.set(labels, oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000))
  }
}
