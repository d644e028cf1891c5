// Names of all metrics. Three keep the names of the product's origin; all others follow
// https://prometheus.io/docs/practices/naming/ as `runlight_<subject>_<unit>[_total]`.

export interface Metric {
  name: string
  kind: 'counter' | 'gauge' | 'histogram'
  help: string
  labels: readonly string[]
  /** Upper bounds of a histogram's buckets, in the unit of its name. */
  buckets?: readonly number[]
}

const metric = <const M extends Metric>(definition: M): M => definition

export const METRICS = {
  traceEvents: metric({
    name: 'trace_events_total',
    kind: 'counter',
    help: 'Events stored, by type',
    labels: ['type'],
  }),
  lokiPushFailures: metric({
    name: 'loki_push_failures_total',
    kind: 'counter',
    help: 'Pushes that Loki did not accept, by reason',
    labels: ['reason'],
  }),
  streamLatency: metric({
    name: 'stream_latency_ms',
    kind: 'histogram',
    help: "From a record's own time to its write to a live reader, in milliseconds",
    labels: [],
    buckets: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000],
  }),
  recordsDelivered: metric({
    name: 'runlight_bridge_records_delivered_total',
    kind: 'counter',
    help: 'Records that the store has acknowledged',
    labels: ['sink', 'topic'],
  }),
  recordsRepeated: metric({
    name: 'runlight_bridge_records_repeated_total',
    kind: 'counter',
    help: 'Records that were already stored and were skipped',
    labels: ['sink', 'topic'],
  }),
  deadLetters: metric({
    name: 'runlight_bridge_dead_letters_total',
    kind: 'counter',
    help: 'Records sent to the dead letters, by reason',
    labels: ['sink', 'reason'],
  }),
  deadLettersStored: metric({
    name: 'runlight_dead_letters_stored_total',
    kind: 'counter',
    help: 'Dead letters kept in the trace store, by the sink that refused the record and the reason; repeats excluded',
    labels: ['sink', 'reason'],
  }),
  deliveryFailures: metric({
    name: 'runlight_bridge_delivery_failures_total',
    kind: 'counter',
    help: 'Deliveries that failed and will be repeated, by reason',
    labels: ['sink', 'reason'],
  }),
  deliverySeconds: metric({
    name: 'runlight_bridge_delivery_seconds',
    kind: 'histogram',
    help: 'Time for one batch to be acknowledged by the store, retries included',
    labels: ['sink'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  }),
  batchRecords: metric({
    name: 'runlight_bridge_batch_records',
    kind: 'histogram',
    help: 'Records in one batch',
    labels: ['sink'],
    buckets: [1, 10, 100, 500, 1000, 2500, 5000, 10000],
  }),
  batchBytes: metric({
    name: 'runlight_bridge_batch_bytes',
    kind: 'histogram',
    help: 'Bytes of keys and values in one batch, with what each record costs in memory besides',
    labels: ['sink'],
    buckets: [1024, 16_384, 65_536, 262_144, 1_048_576, 2_097_152, 4_194_304, 8_388_608],
  }),
  commitFailures: metric({
    name: 'runlight_bridge_commit_failures_total',
    kind: 'counter',
    help: 'Commits of offsets that failed and will be repeated, with what was stored meanwhile',
    labels: ['sink'],
  }),
  rebalances: metric({
    name: 'runlight_bridge_rebalances_total',
    kind: 'counter',
    help: 'Assignments of partitions to this member of its group',
    labels: ['sink'],
  }),
  retentionLeft: metric({
    name: 'runlight_bridge_retention_left_seconds',
    kind: 'gauge',
    help: 'Time until the bus removes the oldest record that is not stored yet; all of the retention when there is none',
    labels: ['sink', 'topic', 'partition'],
  }),
  ageLeft: metric({
    name: 'runlight_bridge_store_age_left_seconds',
    kind: 'gauge',
    help: 'Time until the oldest record that is not stored yet is too old for a store that refuses old ones, as Loki may',
    labels: ['sink', 'topic', 'partition'],
  }),
  lagRecords: metric({
    name: 'runlight_bridge_lag_records',
    kind: 'gauge',
    help: 'Records on the bus that are not stored yet',
    labels: ['sink', 'topic', 'partition'],
  }),
  lagSeconds: metric({
    name: 'runlight_bridge_lag_seconds',
    kind: 'gauge',
    help: 'Age of the oldest record that is not stored yet; 0 when there is none',
    labels: ['sink', 'topic', 'partition'],
  }),
  recordsOvertaken: metric({
    name: 'runlight_bridge_records_overtaken_total',
    kind: 'counter',
    help: 'Records that retention removed from the bus before they were stored',
    labels: ['sink', 'topic'],
  }),
  inFlight: metric({
    name: 'runlight_bridge_in_flight_bytes',
    kind: 'gauge',
    help: 'Bytes of records taken from the bus and not yet stored',
    labels: ['sink'],
  }),
  logDaysDropped: metric({
    name: 'runlight_log_days_dropped_total',
    kind: 'counter',
    help: 'Days of hot logs that were dropped after their time',
    labels: [],
  }),
  logDaysOverdue: metric({
    name: 'runlight_log_days_overdue',
    kind: 'gauge',
    help: 'Days of hot logs that are past their time and are kept all the same, by reason',
    labels: ['reason'],
  }),
  lokiPushBytes: metric({
    name: 'runlight_loki_push_bytes',
    kind: 'histogram',
    help: 'Size of a push to Loki before compression, in bytes',
    labels: [],
    buckets: [1024, 4096, 16_384, 65_536, 262_144, 524_288, 1_048_576, 2_097_152],
  }),
  lokiPushSeconds: metric({
    name: 'runlight_loki_push_seconds',
    kind: 'histogram',
    help: 'Time until Loki answers a push',
    labels: [],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  }),
  lokiPushesInFlight: metric({
    name: 'runlight_loki_pushes_in_flight',
    kind: 'gauge',
    help: 'Pushes to Loki that are under way',
    labels: [],
  }),
  lokiPushLimit: metric({
    name: 'runlight_loki_push_limit',
    kind: 'gauge',
    help: 'Pushes to Loki that may be under way at once; rises while it answers quickly, falls when it is overloaded',
    labels: [],
  }),
  lokiLinesCut: metric({
    name: 'runlight_loki_lines_cut_total',
    kind: 'counter',
    help: 'Lines cut for Loki because they are above its limit; the hot store has them whole',
    labels: [],
  }),
  sdkDropped: metric({
    name: 'runlight_sdk_records_dropped_total',
    kind: 'counter',
    help: 'Records dropped before they were sent, by reason',
    labels: ['topic', 'reason'],
  }),
  sdkRedacted: metric({
    name: 'runlight_sdk_values_redacted_total',
    kind: 'counter',
    help: 'Values replaced by redaction before they were sent, by rule',
    labels: ['topic', 'rule'],
  }),
  sdkLimited: metric({
    name: 'runlight_sdk_records_limited_total',
    kind: 'counter',
    help: 'Records left out by rate limits, by level',
    labels: ['topic', 'level'],
  }),
  observerScans: metric({
    name: 'runlight_observer_scans_total',
    kind: 'counter',
    help: "Passes over Temporal's visibility, by outcome",
    labels: ['outcome'],
  }),
  observerEvents: metric({
    name: 'runlight_observer_events_total',
    kind: 'counter',
    help: 'Events published by the observer, by type; repeats included',
    labels: ['type'],
  }),
  observerRefused: metric({
    name: 'runlight_observer_events_refused_total',
    kind: 'counter',
    help: 'Events left out because they do not have the shape of their topic, by field at fault',
    labels: ['field'],
  }),
  observerRequests: metric({
    name: 'runlight_observer_requests_total',
    kind: 'counter',
    help: 'Requests to Temporal, by method',
    labels: ['method'],
  }),
  observerOpenRuns: metric({
    name: 'runlight_observer_runs_open',
    kind: 'gauge',
    help: 'Runs that are open in Temporal',
    labels: [],
  }),
  collectorRecords: metric({
    name: 'runlight_collector_records_total',
    kind: 'counter',
    help: "Records of a component's log that the bus has acknowledged",
    labels: ['component'],
  }),
  collectorLeftOut: metric({
    name: 'runlight_collector_left_out_total',
    kind: 'counter',
    help: "Records of a component's log that were left out, by reason; `rotated` counts occasions",
    labels: ['component', 'reason'],
  }),
  collectorRedactions: metric({
    name: 'runlight_collector_redactions_total',
    kind: 'counter',
    help: 'Credentials replaced in logs',
    labels: ['component'],
  }),
  collectorBehind: metric({
    name: 'runlight_collector_behind_bytes',
    kind: 'gauge',
    help: "Bytes of a component's log that are not read yet",
    labels: ['component'],
  }),
  collectorRotations: metric({
    name: 'runlight_collector_rotations_total',
    kind: 'counter',
    help: 'Log files rotated',
    labels: ['component'],
  }),
  collectorFailures: metric({
    name: 'runlight_collector_send_failures_total',
    kind: 'counter',
    help: 'Sends that the bus did not take and that are repeated, by reason',
    labels: ['reason'],
  }),
  liveStreams: metric({
    name: 'runlight_api_live_streams',
    kind: 'gauge',
    help: 'Live streams that are open, by transport',
    labels: ['transport'],
  }),
  liveFrames: metric({
    name: 'runlight_api_live_frames_total',
    kind: 'counter',
    help: 'Lines, events and other frames written to live readers, by transport',
    labels: ['transport'],
  }),
  liveGaps: metric({
    name: 'runlight_api_live_gaps_total',
    kind: 'counter',
    help: 'Gaps told to readers that were too slow, by transport',
    labels: ['transport'],
  }),
  apiRequestSeconds: metric({
    name: 'runlight_api_request_seconds',
    kind: 'histogram',
    help: 'Time to answer a request, by route and status class',
    labels: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  }),
} as const
