// The metrics that every bridge has, with their label values known from the start.

import { DEAD_LETTER_REASONS } from '@runlight/contracts/dead-letter'
import { METRICS } from '@runlight/contracts/metrics'
import type { Metrics } from '@runlight/service/metrics'
import { FAILURE_REASONS, consumedTopics } from './sink.ts'
import type { Sink } from './sink.ts'

export type BridgeMetrics = ReturnType<typeof createBridgeMetrics>

export function createBridgeMetrics(metrics: Metrics, own: Pick<Sink, 'name' | 'topics'>) {
  const sink = own.name
  const delivered = metrics.counter(METRICS.recordsDelivered)
  const repeated = metrics.counter(METRICS.recordsRepeated)
  const deadLetters = metrics.counter(METRICS.deadLetters)
  const failures = metrics.counter(METRICS.deliveryFailures)
  const seconds = metrics.histogram(METRICS.deliverySeconds)
  const batchRecords = metrics.histogram(METRICS.batchRecords)
  const batchBytes = metrics.histogram(METRICS.batchBytes)
  const commitFailures = metrics.counter(METRICS.commitFailures)
  const rebalances = metrics.counter(METRICS.rebalances)
  const retentionLeft = metrics.gauge(METRICS.retentionLeft)
  const ageLeft = metrics.gauge(METRICS.ageLeft)
  const lagRecords = metrics.gauge(METRICS.lagRecords)
  const lagSeconds = metrics.gauge(METRICS.lagSeconds)
  const overtaken = metrics.counter(METRICS.recordsOvertaken)
  const inFlight = metrics.gauge(METRICS.inFlight)

  for (const topic of consumedTopics(own)) {
    for (const counter of [delivered, repeated, overtaken]) counter.inc({ sink, topic }, 0)
  }
  for (const reason of Object.keys(DEAD_LETTER_REASONS)) deadLetters.inc({ sink, reason }, 0)
  for (const reason of FAILURE_REASONS) failures.inc({ sink, reason }, 0)
  seconds.zero({ sink })
  batchRecords.zero({ sink })
  batchBytes.zero({ sink })
  commitFailures.inc({ sink }, 0)
  rebalances.inc({ sink }, 0)
  inFlight.set({ sink }, 0)

  return {
    delivered,
    repeated,
    deadLetters,
    failures,
    seconds,
    batchRecords,
    batchBytes,
    commitFailures,
    rebalances,
    retentionLeft,
    ageLeft,
    lagRecords,
    lagSeconds,
    overtaken,
    inFlight,
  }
}
