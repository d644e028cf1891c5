-- Lines of all runs and components by time and by position: the lists by type, and the live stream of everybody's lines.
-- What that costs while lines are stored was measured (docs/performance.md): one more index on each line takes a tenth of
-- the server's time, so each of these stands in the place of one that had the same lines.

-- By position. Each day is a table of its own, so an append time in front of the key told the server nothing.
ALTER TABLE logs DROP CONSTRAINT logs_pkey;
ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY (kafka_partition, kafka_offset, created_at);

-- By organisation, type and time, in the order of every list of lines. Nearly all lines are those of tasks.
CREATE INDEX logs_task_order ON logs (org_id, effective_ns, kafka_partition, kafka_offset) WHERE type = 'task';
CREATE INDEX logs_type_order ON logs (org_id, type, effective_ns, kafka_partition, kafka_offset)
  WHERE type IN ('system', 'job');
DROP INDEX logs_type_time;

-- By their own time, for who asks for a span of it. Lines lie in the order in which they came, so a summary of each few
-- pages finds them; what is wanted in order is ordered by effective_ns.
DROP INDEX logs_time;
CREATE INDEX logs_time ON logs USING brin ("timestamp") WITH (pages_per_range = 32, autosummarize = on);
