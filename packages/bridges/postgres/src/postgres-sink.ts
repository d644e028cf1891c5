// The Postgres sink.

import type { Sql } from 'postgres'
import type { DecodedRecord, RecordBatch, Refusal, Sink } from '@runlight/bridge-core/sink'
import { maybeUnrepresentable, unrepresentableField } from '@runlight/bridge-core/unrepresentable'
import type { LabelMode } from '@runlight/contracts/labels'
import { METRICS } from '@runlight/contracts/metrics'
import { replayTopic } from '@runlight/contracts/topics'
import { TRACE_EVENT_TYPES } from '@runlight/contracts/trace-event'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import { deliverPart } from './deliver.ts'
import { letterDelivery } from './letter-delivery.ts'
import { LogPartitions } from './log-partitions.ts'
import { PositionNotifier } from './notifier.ts'
import { preparePart } from './part.ts'
import { KnownPositions, readPosition } from './positions.ts'

export interface PostgresSinkSettings {
  sql: Sql
  logTopic: string
  eventTopic: string
  deadLetterTopic: string
  /** Label set that the Loki sink uses: `log_stream` refers to its streams. */
  labels: LabelMode
  metrics: Metrics
  log: Log
}

export function createPostgresSink(settings: PostgresSinkSettings): Sink {
  const { sql, logTopic, eventTopic, deadLetterTopic, labels, metrics, log } = settings
  const partitions = new LogPartitions(sql)
  const positions = new KnownPositions()
  const notifier = new PositionNotifier(sql, log)
  const events = metrics.counter(METRICS.traceEvents)
  for (const type of TRACE_EVENT_TYPES) events.inc({ type }, 0)
  const store = {
    ...{ sql, partitions, positions },
    stored: (topic: string, partition: number, nextOffset: bigint) => notifier.stored(topic, partition, nextOffset),
    storedEvent: (type: string) => events.inc({ type }),
  }
  const letters = letterDelivery({
    store: { sql, positions },
    deadLetterTopic,
    loki: { logTopic, labels },
    metrics,
    log,
  })
  return {
    name: 'postgres',
    topics: [
      { topic: logTopic, kind: 'logs' },
      { topic: eventTopic, kind: 'events' },
      { topic: deadLetterTopic, kind: 'raw' },
      { topic: replayTopic('loki'), kind: 'raw' },
    ],
    position: async (partition) => {
      await partitions.ensureAhead(Date.now())
      const next = await readPosition(sql, partition)
      positions.asked(partition, next)
      return next
    },
    prepare: (batch) => {
      if (batch.kind === 'raw') return letters(batch)
      const refused: Refusal[] = []
      const good = (batch.records as readonly DecodedRecord<object>[]).filter((record) => {
        const detail = maybeUnrepresentable(record.text) ? unrepresentableField(record.body, { nul: true }) : undefined
        if (detail) refused.push({ record: record.bus, reason: 'unrepresentable', detail })
        return !detail
      })
      const part = preparePart({ ...batch, records: good } as RecordBatch, labels)
      return async (context) => {
        // Before the position passes them.
        if (refused.length > 0) await context.refuse(refused)
        return deliverPart(store, part, context)
      }
    },
    check: async () => {
      await sql`select 1`
    },
    close: async () => {
      await notifier.close()
      await sql.end({ timeout: 5 })
    },
  }
}
