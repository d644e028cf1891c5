DROP FUNCTION runlight_ensure_log_partition(date);
DROP TABLE logs, log_stream, runs, workflow_traces, positions, producer_ranges;
