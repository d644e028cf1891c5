-- The trace store: hot logs, events, runs, and how far each partition of the bus is stored.
-- Names and columns are those of packages/contracts/src/tables.ts; a test compares the two.

-- Partitioned by the UTC day of the append time: a day is dropped whole when its time is over. Rows arrive with COPY, so
-- there is nothing here that a row could violate but its types; identity is kept in producer_ranges.
CREATE TABLE logs (
  type text NOT NULL,
  org_id text NOT NULL,
  workflow_id text,
  job_run_id text,
  task_run_id text,
  execution integer,
  node_ref text,
  attempt integer,
  component text,
  "timestamp" timestamptz NOT NULL,
  timestamp_ns bigint NOT NULL,
  effective_ns bigint NOT NULL,
  skewed boolean NOT NULL,
  level text NOT NULL,
  stream text NOT NULL,
  message text NOT NULL,
  metadata jsonb,
  trace_id text,
  span_id text,
  producer_id text NOT NULL,
  producer_seq bigint NOT NULL,
  created_at timestamptz NOT NULL,
  kafka_partition integer NOT NULL,
  kafka_offset bigint NOT NULL,
  PRIMARY KEY (created_at, kafka_partition, kafka_offset)
) PARTITION BY RANGE (created_at);

-- Most rows are info lines of tasks: they are in the first three, the others hold the rare kinds only.
CREATE INDEX logs_run ON logs (job_run_id, effective_ns, kafka_partition, kafka_offset) WHERE job_run_id IS NOT NULL;
CREATE INDEX logs_task_run ON logs (task_run_id, effective_ns) WHERE task_run_id IS NOT NULL;
CREATE INDEX logs_time ON logs ("timestamp");
CREATE INDEX logs_type_time ON logs (type, "timestamp") WHERE type IN ('system', 'job');
CREATE INDEX logs_level_time ON logs (level, "timestamp") WHERE level IN ('warn', 'error');
CREATE INDEX logs_component ON logs (component, effective_ns, kafka_partition, kafka_offset) WHERE component IS NOT NULL;

CREATE TABLE log_stream (
  org_id text NOT NULL,
  selector text NOT NULL,
  run_id text,
  component text,
  node_ref text,
  stream text NOT NULL,
  labels jsonb NOT NULL,
  first_ns bigint NOT NULL,
  last_ns bigint NOT NULL,
  lines bigint NOT NULL,
  bytes bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, selector)
) WITH (fillfactor = 70);

CREATE INDEX log_stream_run ON log_stream (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX log_stream_component ON log_stream (component) WHERE component IS NOT NULL;

CREATE TABLE runs (
  run_id text PRIMARY KEY,
  org_id text NOT NULL,
  workflow_id text,
  parent_run_id text,
  execution integer NOT NULL,
  status text NOT NULL
    CHECK (status IN ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT')),
  started_ns bigint,
  updated_ns bigint NOT NULL,
  completed_ns bigint,
  completed_actions integer NOT NULL DEFAULT 0,
  total_actions integer NOT NULL DEFAULT 0,
  failure jsonb,
  graph jsonb,
  last_sequence bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

CREATE INDEX runs_org_created ON runs (org_id, created_at, run_id);

CREATE TABLE workflow_traces (
  run_id text NOT NULL,
  sequence bigint NOT NULL,
  org_id text NOT NULL,
  workflow_id text,
  execution integer NOT NULL,
  node_ref text,
  attempt integer NOT NULL,
  type text NOT NULL,
  level text NOT NULL,
  message text NOT NULL,
  "timestamp" timestamptz NOT NULL,
  timestamp_ns bigint NOT NULL,
  effective_ns bigint NOT NULL,
  skewed boolean NOT NULL,
  error jsonb,
  output_summary jsonb,
  data jsonb,
  causes text[],
  producer_id text NOT NULL,
  producer_seq bigint NOT NULL,
  created_at timestamptz NOT NULL,
  kafka_partition integer NOT NULL,
  kafka_offset bigint NOT NULL,
  PRIMARY KEY (run_id, sequence)
);

-- Which nodes of an execution are done: progress counts each once.
CREATE INDEX workflow_traces_done ON workflow_traces (run_id, execution, node_ref)
  WHERE type IN ('NODE_COMPLETED', 'NODE_SKIPPED');
CREATE INDEX workflow_traces_position ON workflow_traces (kafka_partition, kafka_offset);
CREATE INDEX workflow_traces_type_time ON workflow_traces (type, effective_ns);

CREATE TABLE positions (
  topic text NOT NULL,
  kafka_partition integer NOT NULL,
  generation text NOT NULL,
  next_offset bigint NOT NULL,
  last_append_ns bigint,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, kafka_partition)
) WITH (fillfactor = 50);

CREATE TABLE producer_ranges (
  topic text NOT NULL,
  producer_id text NOT NULL,
  seqs int8multirange NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, producer_id)
) WITH (fillfactor = 70);

-- Makes the partition of a UTC day where it is missing. It runs with the owner's rights, so that the writer can call it
-- without being able to change anything else of the schema. Attaching takes a weaker lock than CREATE ... PARTITION OF:
-- readers and writers of other days go on.
CREATE FUNCTION runlight_ensure_log_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text := 'logs_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('runlight_ensure_log_partition'));
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format(
    'ALTER TABLE public.logs ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    name,
    (day::timestamp AT TIME ZONE 'UTC')::text,
    ((day + 1)::timestamp AT TIME ZONE 'UTC')::text
  );
END
$$;

REVOKE ALL ON FUNCTION runlight_ensure_log_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runlight_ensure_log_partition(date) TO runlight_writer;

GRANT SELECT, INSERT ON logs, workflow_traces TO runlight_writer;
GRANT SELECT, INSERT, UPDATE ON log_stream, runs, positions, producer_ranges TO runlight_writer;
GRANT SELECT ON logs, log_stream, runs, workflow_traces, positions, producer_ranges TO runlight_reader, runlight_grafana;
