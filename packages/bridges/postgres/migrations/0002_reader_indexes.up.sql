-- What the API reads by, so that a page costs the same however large a run, the list of runs or the store has grown.

-- Lines of a run that were stored after a position: the rest of a list that somebody is paging through, and live reading.
CREATE INDEX logs_run_position ON logs (job_run_id, kafka_partition, kafka_offset) WHERE job_run_id IS NOT NULL;

-- Events that say what a run's producers sent: completeness is judged by them.
CREATE INDEX workflow_traces_accounts ON workflow_traces (run_id)
  WHERE type IN ('PRODUCER_CLOSED', 'RUN_COMPLETED', 'RUN_FAILED', 'RUN_CANCELLED', 'RUN_TERMINATED', 'RUN_TIMED_OUT');

-- Runs of all organisations, newest first.
CREATE INDEX runs_created ON runs (created_at, run_id);
