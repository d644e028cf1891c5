// What an audit is told, what its nodes tell each other, and the graph that they make.
// Imports only types: it is bundled into the workflow sandbox too.

import type { RunGraph } from '@runlight/contracts/trace-event'

/** The workflow definition; also the memo's workflowId. */
export const WORKFLOW_ID = 'dependency-audit'

/** What a node is made to do besides its work, to see how a run goes then. */
export interface Fault {
  /** Fails for good: no attempt can help. */
  fail?: boolean
  /** Fails in so many attempts, then works. */
  failTimes?: number
  /** Waits until it is cancelled (or its time is over). */
  hang?: boolean
  /** Logs so many lines before its work. */
  lines?: number
}

export interface AuditInput {
  /** Path of a package-lock.json; the installed packages lie beside it. */
  lockFile: string
  /** Folder in which the report gets a folder of its own, named after the run. */
  outputFolder: string
  /** Parts that the packages are divided into. */
  shards: number
  /** Attempts that each node has. */
  attempts: number
  /** Time that one attempt has, in milliseconds. */
  timeoutMs: number
  faults: Readonly<Record<string, Fault>>
}

/** Which lock file, to the byte: all nodes must have read the same. */
export interface Lock {
  file: string
  sha256: string
  packages: number
}

/** One part of the packages: those whose name falls into it. */
export interface Shard {
  lock: Lock
  index: number
  of: number
}

export interface Finding {
  /** `name@version`. */
  package: string
  problem: string
}

export interface LicenceResult {
  packages: number
  /** Licence → packages. */
  licences: Readonly<Record<string, number>>
  findings: Finding[]
}

export interface IntegrityResult {
  packages: number
  /** Hash algorithm → packages. */
  algorithms: Readonly<Record<string, number>>
  findings: Finding[]
}

export interface SizeResult {
  packages: number
  bytes: number
  largest: { package: string; bytes: number }[]
  notInstalled: number
}

export interface DuplicateResult {
  /** Names that are there in several versions. */
  duplicates: { name: string; versions: string[] }[]
}

export interface AuditSummary {
  packages: number
  bytes: number
  notInstalled: number
  licences: Readonly<Record<string, number>>
  algorithms: Readonly<Record<string, number>>
  duplicates: number
  findings: number
}

/** All results, joined. */
export interface AuditFindings {
  summary: AuditSummary
  findings: Finding[]
  duplicates: DuplicateResult['duplicates']
  largest: SizeResult['largest']
}

export interface AuditResult {
  summary: AuditSummary
  /** The artefacts. */
  json: string
  markdown: string
}

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
