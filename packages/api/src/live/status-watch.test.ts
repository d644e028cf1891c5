import type { ExecutionStatus, StoreCompleteness } from '@runlight/contracts/execution-status'
import { expect, test } from 'vitest'
import { Feed } from './feed.ts'
import { StatusWatch } from './status-watch.ts'

const arriving: StoreCompleteness = { state: 'arriving', dropped: 0, missing: [], unclosed: [] }
const standing = (status: ExecutionStatus['status']): ExecutionStatus => ({
  ...{ runId: 'run-1', orgId: 'acme', execution: 1, status, updatedAt: '2026-01-01T00:00:00Z' },
  ...{ progress: { completedActions: 0, totalActions: 1 }, telemetry: { loki: arriving, postgres: arriving } },
})

test('what was asked for those who have left is not told to those who came since', async () => {
  const feed = new Feed(
    { kind: 'run', runId: 'run-1' },
    { vector: { generation: '', partitions: [], otherwise: { nextOffset: 0n, sinceMs: 0 } }, events: 0n },
    { bytes: 1_000 },
  )
  const questions: ((status: ExecutionStatus) => void)[] = []
  const watch = new StatusWatch({
    hub: { degraded: [], catchUp: () => Promise.resolve() },
    read: () => new Promise((resolve) => questions.push((status) => resolve(new Map([[status.runId, status]])))),
    loki: () => Promise.resolve([]),
  })
  watch.start(feed)
  await expect.poll(() => questions).toHaveLength(1)
  watch.stop(feed)
  watch.start(feed)
  await expect.poll(() => questions).toHaveLength(2)
  questions[1]?.(standing('RUNNING'))
  await expect.poll(() => feed.status).toContain('RUNNING')
  questions[0]?.(standing('QUEUED'))
  await watch.close()
  expect(feed.status).toContain('RUNNING')
})
