// Metrics as the contracts name them, on a registry of their own.

import type { Metric } from '@runlight/contracts/metrics'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

type OfKind<K extends Metric['kind']> = Metric & { kind: K }
type LabelNames<M extends Metric> = M['labels'][number]

export interface Metrics {
  registry: Registry
  counter: <const M extends OfKind<'counter'>>(metric: M) => Counter<LabelNames<M>>
  gauge: <const M extends OfKind<'gauge'>>(metric: M) => Gauge<LabelNames<M>>
  histogram: <const M extends OfKind<'histogram'>>(metric: M) => Histogram<LabelNames<M>>
}

/**
 * A registry with the process's own metrics. A counter with labels has no series until its label values are known:
 * touch each of them with `inc(labels, 0)` at start, so that a first increase is seen as one.
 */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const options = <M extends Metric>({ name, help, labels }: M) => ({
    name,
    help,
    labelNames: [...labels] as LabelNames<M>[],
    registers: [registry],
  })
  return {
    registry,
    counter: (metric) => new Counter(options(metric)),
    gauge: (metric) => new Gauge(options(metric)),
    histogram: (metric) => new Histogram({ ...options(metric), buckets: [...(metric.buckets ?? [])] }),
  }
}
