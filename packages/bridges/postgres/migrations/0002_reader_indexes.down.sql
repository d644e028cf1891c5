DROP INDEX runs_created, workflow_traces_accounts, logs_run_position;
