// The demo workflow: an audit of an installed dependency tree. Runs in Temporal's sandbox.

import type { AuditInput, Fault } from '@runlight/contracts/audit-inputs'
import { NODES } from '@runlight/contracts/dependency-audit'
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow'
import type { AuditActivities } from './activities/all.ts'
import type { AuditResult } from './audit.ts'

export async function dependencyAudit(input: AuditInput): Promise<AuditResult> {
  /** The activities as one node: the activity id is the node's name. */
  const as = (ref: string): { activities: Activities; fault: Fault } => ({
    activities: proxyActivities<AuditActivities>({
      activityId: ref,
      startToCloseTimeout: input.timeoutMs,
      heartbeatTimeout: '15 seconds',
      // The run is cancelled when its nodes have taken note.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { maximumAttempts: input.attempts, initialInterval: '200 milliseconds', maximumInterval: '2 seconds' },
    }),
    fault: input.faults[ref] ?? {},
  })

  const reading = as(NODES.readLock)
  const lock = await reading.activities.readLock({ file: input.lockFile }, reading.fault)

  const shards = Array.from({ length: input.shards }, (_, i) => ({ lock, index: i + 1, of: input.shards }))
  const duplicating = as(NODES.duplicates)
  const [licences, integrity, sizes, duplicates] = await settled([
    settled(
      shards.map((shard) => {
        const { activities, fault } = as(NODES.sharded('licences', shard.index))
        return activities.licences(shard, fault)
      }),
    ),
    settled(
      shards.map((shard) => {
        const { activities, fault } = as(NODES.sharded('integrity', shard.index))
        return activities.integrity(shard, fault)
      }),
    ),
    settled(
      shards.map((shard) => {
        const { activities, fault } = as(NODES.sharded('sizes', shard.index))
        return activities.sizes(shard, fault)
      }),
    ),
    duplicating.activities.duplicates(lock, duplicating.fault),
  ])

  const joining = as(NODES.join)
  const findings = await joining.activities.join({ lock, licences, integrity, sizes, duplicates }, joining.fault)
  const reporting = as(NODES.report)
  return reporting.activities.report({ outputFolder: input.outputFolder, findings }, reporting.fault)
}

type Activities = ReturnType<typeof proxyActivities<AuditActivities>>

/** Waits for all, so that a node that fails doesn't stop the others; then gives the results or the first failure. */
async function settled<T extends readonly unknown[]>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(promises)
  return (await Promise.all(promises)) as unknown as T
}
