DROP INDEX runs_workflow_created, runs_status_created;
