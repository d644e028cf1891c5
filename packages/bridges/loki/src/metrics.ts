// What the Loki sink counts and measures, beside what every bridge does.

import { FAILURE_REASONS } from '@runlight/bridge-core/sink'
import { METRICS } from '@runlight/contracts/metrics'
import type { Metrics } from '@runlight/service/metrics'

export type LokiMetrics = ReturnType<typeof createLokiMetrics>

export function createLokiMetrics(metrics: Metrics) {
  const failures = metrics.counter(METRICS.lokiPushFailures)
  for (const reason of [...FAILURE_REASONS, 'refused']) failures.inc({ reason }, 0)
  return {
    failures,
    bytes: metrics.histogram(METRICS.lokiPushBytes),
    seconds: metrics.histogram(METRICS.lokiPushSeconds),
    inFlight: metrics.gauge(METRICS.lokiPushesInFlight),
    limit: metrics.gauge(METRICS.lokiPushLimit),
    linesCut: metrics.counter(METRICS.lokiLinesCut),
  }
}
