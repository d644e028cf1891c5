// Names in Temporal: what a run's memo and its activities' headers are called.
// Imports nothing, so that it can be bundled into the workflow sandbox.

/** Fields of a workflow's memo. Whoever starts a run sets them; the server copies them to retries, resets and continuations. */
export const MEMO_KEYS = {
  /** RunGraph: the declared graph; its nodes are the total that progress is counted against. */
  graph: 'graph',
  /** The workflow definition that the run is one of. */
  workflowId: 'workflowId',
  /** The organisation that the run belongs to. */
  orgId: 'orgId',
} as const

/** Header of workflows and activities that carries a RunHeader, encoded as one JSON payload. */
export const RUN_HEADER = 'runlight-run'
