// Tables of the trace store: names, columns and what they hold.
// The migrations (packages/bridges/postgres) are checked against this page by a test.

export interface Column {
  type: string
  nullable?: true
  doc: string
}

export interface Table {
  doc: string
  primaryKey: readonly string[]
  columns: Readonly<Record<string, Column>>
}

const orgId = { type: 'text', doc: 'Organisation; `unassigned` when the record names none' } as const
const position = {
  kafka_partition: { type: 'integer', doc: 'Partition of its topic' },
  kafka_offset: { type: 'bigint', doc: 'Offset in that partition' },
} as const
const times = {
  timestamp: { type: 'timestamp with time zone', doc: "The record's own time, to the microsecond" },
  timestamp_ns: { type: 'bigint', doc: "The record's own time, nanoseconds since the epoch" },
  effective_ns: { type: 'bigint', doc: 'The time it is ordered by, nanoseconds since the epoch' },
  skewed: { type: 'boolean', doc: 'Its own time was too far from the append time to order it' },
} as const
const identity = {
  producer_id: { type: 'text', doc: 'Producer, or `foreign:<generation>/<topic>/<partition>`' },
  producer_seq: { type: 'bigint', doc: "The producer's sequence number, or the offset + 1" },
} as const
const created = { type: 'timestamp with time zone', doc: 'When the bus appended it' } as const

export const TABLES = {
  logs: {
    doc: 'Hot store of log entries, partitioned by the UTC day of `created_at`',
    primaryKey: ['kafka_partition', 'kafka_offset', 'created_at'],
    columns: {
      type: { type: 'text', doc: '`system`, `job` or `task`' },
      org_id: orgId,
      workflow_id: { type: 'text', nullable: true, doc: 'Workflow definition' },
      job_run_id: { type: 'text', nullable: true, doc: 'The run' },
      task_run_id: { type: 'text', nullable: true, doc: '`<runId>/<execution>/<nodeRef>/<attempt>`' },
      execution: { type: 'integer', nullable: true, doc: 'Execution of the run' },
      node_ref: { type: 'text', nullable: true, doc: 'Node' },
      attempt: { type: 'integer', nullable: true, doc: 'Attempt of the node' },
      component: { type: 'text', nullable: true, doc: 'Component, for system entries' },
      ...times,
      level: { type: 'text', doc: '`debug`, `info`, `warn` or `error`' },
      stream: { type: 'text', doc: '`stdout`, `stderr`, `system` or a custom stream' },
      message: { type: 'text', doc: 'The line' },
      metadata: { type: 'jsonb', nullable: true, doc: 'Structured context' },
      trace_id: { type: 'text', nullable: true, doc: 'W3C trace id' },
      span_id: { type: 'text', nullable: true, doc: 'W3C span id' },
      ...identity,
      created_at: created,
      ...position,
    },
  },
  log_stream: {
    doc: 'Where the log of a run or component lies in Loki: label sets and time ranges',
    primaryKey: ['org_id', 'selector'],
    columns: {
      org_id: { type: 'text', doc: 'Tenant in Loki' },
      selector: { type: 'text', doc: 'The label set as LogQL selector' },
      run_id: { type: 'text', nullable: true, doc: 'The run; null for a component or a bounded label set' },
      component: { type: 'text', nullable: true, doc: 'The component, for system entries' },
      node_ref: { type: 'text', nullable: true, doc: 'Node' },
      stream: { type: 'text', doc: 'Stream' },
      labels: { type: 'jsonb', doc: 'The label set as an object' },
      first_ns: { type: 'bigint', doc: 'Smallest effective time, nanoseconds since the epoch' },
      last_ns: { type: 'bigint', doc: 'Largest effective time, nanoseconds since the epoch' },
      lines: { type: 'bigint', doc: 'Entries' },
      bytes: { type: 'bigint', doc: 'Bytes of their messages' },
      updated_at: { type: 'timestamp with time zone', doc: 'When this row last changed' },
    },
  },
  workflow_traces: {
    doc: 'Events of runs in the order of their arrival, dense per run',
    primaryKey: ['run_id', 'sequence'],
    columns: {
      run_id: { type: 'text', doc: 'The run' },
      sequence: { type: 'bigint', doc: 'Dense per run from 1, given when stored; the event id is this number as text' },
      org_id: orgId,
      workflow_id: { type: 'text', nullable: true, doc: 'Workflow definition' },
      execution: { type: 'integer', doc: 'Execution of the run' },
      node_ref: { type: 'text', nullable: true, doc: 'Node' },
      attempt: { type: 'integer', doc: 'Attempt' },
      type: { type: 'text', doc: 'One of the event types' },
      level: { type: 'text', doc: '`debug`, `info`, `warn` or `error`' },
      message: { type: 'text', doc: 'What happened, in a sentence' },
      ...times,
      error: { type: 'jsonb', nullable: true, doc: 'Message, type, retryable, stack' },
      output_summary: { type: 'jsonb', nullable: true, doc: 'What the node produced, in short' },
      data: { type: 'jsonb', nullable: true, doc: 'Depends on the type' },
      causes: { type: 'text[]', nullable: true, doc: 'Keys of the events that led to it' },
      ...identity,
      created_at: created,
      ...position,
    },
  },
  runs: {
    doc: 'One row for each run: how it stands, folded from its events',
    primaryKey: ['run_id'],
    columns: {
      run_id: { type: 'text', doc: 'The run; also the Temporal workflow id' },
      org_id: orgId,
      workflow_id: { type: 'text', nullable: true, doc: 'Workflow definition' },
      parent_run_id: { type: 'text', nullable: true, doc: 'The run that started it' },
      execution: { type: 'integer', doc: 'Highest execution seen' },
      status: { type: 'text', doc: 'One of the run states' },
      started_ns: { type: 'bigint', nullable: true, doc: 'Start of the execution, nanoseconds since the epoch' },
      updated_ns: { type: 'bigint', doc: 'Latest effective time of its events, nanoseconds since the epoch' },
      completed_ns: { type: 'bigint', nullable: true, doc: 'End of the execution, nanoseconds since the epoch' },
      completed_actions: { type: 'integer', doc: 'Nodes completed or skipped in this execution' },
      total_actions: { type: 'integer', doc: 'Nodes of the declared graph; 0 while it is not known' },
      failure: { type: 'jsonb', nullable: true, doc: 'Reason, message, nodeRef, details' },
      graph: { type: 'jsonb', nullable: true, doc: 'The declared graph' },
      last_sequence: { type: 'bigint', doc: 'Highest `sequence` given' },
      created_at: { type: 'timestamp with time zone', doc: 'When its first event was appended' },
      updated_at: { type: 'timestamp with time zone', doc: 'When this row last changed' },
    },
  },
  positions: {
    doc: 'How far each partition is stored; the truth that redelivery is measured against',
    primaryKey: ['topic', 'kafka_partition'],
    columns: {
      topic: { type: 'text', doc: 'Topic' },
      kafka_partition: { type: 'integer', doc: 'Partition' },
      generation: { type: 'text', doc: 'Generation of the topic that the offset belongs to' },
      next_offset: { type: 'bigint', doc: 'First offset that is not stored yet' },
      last_append_ns: { type: 'bigint', nullable: true, doc: 'Append time of the last record stored' },
      updated_at: { type: 'timestamp with time zone', doc: 'When this row last changed' },
    },
  },
  producer_ranges: {
    doc: 'Identities already stored: ranges of sequence numbers for each producer and topic',
    primaryKey: ['topic', 'producer_id'],
    columns: {
      topic: { type: 'text', doc: 'Topic' },
      producer_id: { type: 'text', doc: 'Producer' },
      seqs: { type: 'int8multirange', doc: 'Sequence numbers stored' },
      updated_at: { type: 'timestamp with time zone', doc: 'When this row last changed' },
    },
  },
  dead_letters: {
    doc: 'Records that a store refused for good, and what became of their replays',
    primaryKey: ['id'],
    columns: {
      id: { type: 'text', doc: 'Follows from the sink and the origin: one row for each record that a sink refuses' },
      sink: { type: 'text', doc: 'The sink that refused it' },
      reason: { type: 'text', doc: 'One of the dead letter reasons, as of the last refusal' },
      detail: { type: 'text', doc: "The field at fault, or the store's own words" },
      generation: { type: 'text', doc: 'Generation of the topic where it first lay' },
      topic: { type: 'text', doc: 'Topic where it first lay' },
      ...position,
      appended_at: { type: 'timestamp with time zone', doc: 'When the bus appended it there' },
      key: { type: 'bytea', nullable: true, doc: 'Its key; null where it has none or it is too large' },
      key_bytes: { type: 'integer', nullable: true, doc: 'Size of its key; null where it has none' },
      value: { type: 'bytea', nullable: true, doc: 'Its value; null where it has none or it is too large' },
      value_bytes: { type: 'bigint', doc: 'Size of its value' },
      failed_at: { type: 'timestamp with time zone', doc: 'When it was last refused' },
      refusals: { type: 'integer', doc: 'Dead letters that told of it' },
      replays: { type: 'integer', doc: 'Replays of it that were seen' },
      replay_offset: { type: 'bigint', nullable: true, doc: 'Where its last replay to Loki lies on the replay topic' },
      refused_offset: { type: 'bigint', nullable: true, doc: 'Where the last replay that was refused lies there' },
      stored_at: {
        type: 'timestamp with time zone',
        nullable: true,
        doc: 'When a replay of it was stored in Postgres',
      },
      created_at: { type: 'timestamp with time zone', doc: 'When the bus appended its first dead letter' },
    },
  },
  log_days: {
    doc: 'What is known of the UTC days of `logs`: a day is dropped only once Loki is known to have passed it',
    primaryKey: ['day'],
    columns: {
      day: { type: 'date', doc: 'UTC day of `created_at`' },
      loki_passed_at: {
        type: 'timestamp with time zone',
        nullable: true,
        doc: "When Loki's group was seen to have passed every record of it; null while it has not",
      },
      older_life: {
        type: 'boolean',
        doc: 'It has records of a life of the topic that was given up before Loki was seen to have passed them',
      },
      dropped_at: { type: 'timestamp with time zone', nullable: true, doc: 'When its partition was dropped' },
    },
  },
} as const satisfies Record<string, Table>

/** `NOTIFY` channel; the payload is `{"<topic>": {"<partition>": "<next offset>"}}`. */
export const POSITIONS_CHANNEL = 'runlight_positions'

/** Database roles. The owner migrates; nobody else changes the schema. */
export const ROLES = {
  owner: 'runlight_owner',
  writer: 'runlight_writer',
  reader: 'runlight_reader',
  grafana: 'runlight_grafana',
} as const

export const DATABASE = 'runlight'
