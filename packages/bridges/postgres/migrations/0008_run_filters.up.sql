-- Runs of one workflow and those in one state, newest first: a page of a filtered list costs what a page of all runs does.
CREATE INDEX runs_workflow_created ON runs (workflow_id, created_at, run_id) WHERE workflow_id IS NOT NULL;
CREATE INDEX runs_status_created ON runs (status, created_at, run_id);
