-- Records that a store refused for good, and what became of their replays. The list is read newest first.
CREATE TABLE dead_letters (
  id text PRIMARY KEY,
  sink text NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  generation text NOT NULL,
  topic text NOT NULL,
  kafka_partition integer NOT NULL,
  kafka_offset bigint NOT NULL,
  appended_at timestamptz NOT NULL,
  key bytea,
  key_bytes integer,
  value bytea,
  value_bytes bigint NOT NULL,
  failed_at timestamptz NOT NULL,
  refusals integer NOT NULL,
  replays integer NOT NULL DEFAULT 0,
  replay_offset bigint,
  refused_offset bigint,
  stored_at timestamptz,
  created_at timestamptz NOT NULL
);

CREATE INDEX dead_letters_created ON dead_letters (created_at, id);
CREATE INDEX dead_letters_reason ON dead_letters (sink, reason, created_at, id);

GRANT SELECT, INSERT, UPDATE ON dead_letters TO runlight_writer;
GRANT SELECT ON dead_letters TO runlight_reader, runlight_grafana;
