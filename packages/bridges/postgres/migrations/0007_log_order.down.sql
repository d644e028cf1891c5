DROP INDEX logs_time;
CREATE INDEX logs_time ON logs ("timestamp");
CREATE INDEX logs_type_time ON logs (type, "timestamp") WHERE type IN ('system', 'job');
DROP INDEX logs_type_order;
DROP INDEX logs_task_order;
ALTER TABLE logs DROP CONSTRAINT logs_pkey;
ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY (created_at, kafka_partition, kafka_offset);
