// How dead letters, and the replays of Loki's, get into the store.

import type { Delivery, RawBatch } from '@runlight/bridge-core/sink'
import { DEAD_LETTER_REASONS } from '@runlight/contracts/dead-letter'
import { METRICS } from '@runlight/contracts/metrics'
import { SINKS } from '@runlight/contracts/topics'
import type { Log } from '@runlight/service/log'
import type { Metrics } from '@runlight/service/metrics'
import { letterRows } from './letter-rows.ts'
import { noteReplays, storeLetters } from './store-letters.ts'
import type { LetterStore, LokiStreams } from './store-letters.ts'

export interface LetterSettings {
  store: LetterStore
  deadLetterTopic: string
  loki: LokiStreams
  metrics: Metrics
  log: Log
}

/** Gives what stores a batch of the dead letter topic, or of Loki's replay topic. */
export function letterDelivery({
  store,
  deadLetterTopic,
  loki,
  metrics,
  log,
}: LetterSettings): (batch: RawBatch) => Delivery {
  const stored = metrics.counter(METRICS.deadLettersStored)
  for (const sink of SINKS) {
    for (const reason of Object.keys(DEAD_LETTER_REASONS)) stored.inc({ sink, reason }, 0)
  }
  return (batch) => async (context) => {
    if (batch.topic !== deadLetterTopic) return context.retrying(() => noteReplays(store, batch, loki))
    const { counts, fresh } = await context.retrying(() =>
      storeLetters(store, batch, (records) => letterRows(records, batch)),
    )
    for (const { sink, reason } of fresh) stored.inc({ sink, reason })
    const unreadable = fresh.filter(({ reason }) => reason === 'unreadable').length
    if (unreadable > 0) {
      const details = { topic: batch.topic, partition: batch.partition, records: unreadable }
      log.warn(details, 'Records among the dead letters are none; they are kept as they are, with the reason.')
    }
    return counts
  }
}
