"""Reads runs, logs and a refusal through the generated client, and prints what it got as JSON."""

import json
import sys

folder, url, run = sys.argv[1:]
sys.path.insert(0, folder)

from generated import Client
from generated.api.default import get_run_logs, get_run_status, get_run_trace, list_components, list_runs
from generated.models import GetRunLogsDirection, ListRunsStatus, Problem

client = Client(base_url=url)

runs = list_runs.sync(client=client, status=ListRunsStatus.RUNNING, limit=10)
status = get_run_status.sync(run, client=client)
trace = get_run_trace.sync(run, client=client)
components = list_components.sync(client=client)

messages, cursor = [], None
while True:
    page = get_run_logs.sync(
        run, client=client, level="warn,error", limit=2, direction=GetRunLogsDirection.FORWARD,
        **({} if cursor is None else {"cursor": cursor}),
    )
    messages += [log.message for log in page.logs]
    metadata = [log.metadata.to_dict() for log in page.logs if log.metadata]
    if not page.has_more:
        break
    cursor = page.next_cursor

refusal = get_run_status.sync("run-none", client=client)
assert isinstance(refusal, Problem)

print(json.dumps({
    "runs": [one.run_id for one in runs.runs],
    "status": status.status.value,
    "events": [event.type_.value for event in trace.events],
    "components": [component.name for component in components.components],
    "messages": messages,
    "metadata": metadata,
    "refusal": {"code": refusal.code, "status": refusal.status},
}))
