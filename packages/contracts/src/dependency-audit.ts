// The demo workflow as those know it who start it, run it and read of it: its names and its graph.
// Imports only types, so that it can be bundled into the workflow sandbox.

import type { RunGraph } from './trace-event.ts'

/** The workflow definition: `workflowId` of the runs' memo and records. */
export const AUDIT_WORKFLOW_ID = 'dependency-audit'

/** Its name in Temporal: the function of the worker. */
export const AUDIT_WORKFLOW_TYPE = 'dependencyAudit'

/** What runs once for each shard, in parallel. */
export const SHARDED = ['licences', 'integrity', 'sizes'] as const

/** Nodes by the name that is also their Temporal activity id; shards count from 1. */
export const NODES = {
  readLock: 'read-lock',
  sharded: (name: (typeof SHARDED)[number], shard: number): string => `${name}-${shard}`,
  duplicates: 'duplicates',
  join: 'join',
  report: 'report',
} as const

/** The graph of an audit: read, then everything in parallel, then join, then report. */
export function auditGraph(shards: number): RunGraph {
  const parallel = [
    ...Array.from({ length: shards }, (_, i) => SHARDED.map((name) => NODES.sharded(name, i + 1))).flat(),
    NODES.duplicates,
  ]
  return {
    nodes: [
      { ref: NODES.readLock, after: [] },
      ...parallel.map((ref) => ({ ref, after: [NODES.readLock] })),
      { ref: NODES.join, after: parallel },
      { ref: NODES.report, after: [NODES.join] },
    ],
  }
}
