// How a run stands by what Temporal says of it, and by what is stored.

import { describe, expect, test } from 'vitest'
import { MEMO, event } from './scene.fixture.ts'
import type { StatusScene } from './scene.fixture.ts'
import { complete, fail } from '../test/temporal-tasks.fixture.ts'

export function found(scene: StatusScene): void {
  describe('before the trace store knows anything', () => {
    test('a run is queued, runs, and completes', async () => {
      const runId = 'run/ä 1'
      await scene.start(runId)
      // With its first question the API still has to find the bus; on a busy machine it answers without it meanwhile.
      await scene.eventually(() => scene.status(runId)).not.toHaveProperty('degraded')
      expect(await scene.status(runId)).toMatchObject({
        ...{ runId, orgId: 'acme', workflowId: 'audit', execution: 1, status: 'QUEUED' },
        progress: { completedActions: 0, totalActions: 1 },
        telemetry: { loki: { state: 'arriving' }, postgres: { state: 'arriving' } },
      })
      const answer = await scene.takeTask(runId)
      await scene.untilStatus(runId, 'RUNNING')
      await answer(complete)
      const done = await scene.untilStatus(runId, 'COMPLETED')
      expect(done.completedAt && done.startedAt && done.completedAt > done.startedAt).toBe(true)
      // Its trace and its lines are empty, not unknown.
      const path = `/workflows/runs/${encodeURIComponent(runId)}`
      expect(await scene.api.get(`${path}/logs`)).toMatchObject({ logs: [], hasMore: false })
      expect(await scene.api.get(`${path}/trace`)).toMatchObject({ events: [], hasMore: false })
    })

    test('a run fails with its failure', async () => {
      await scene.start('run-fails')
      await scene.takeTask('run-fails').then((answer) => answer(fail))
      expect((await scene.untilStatus('run-fails', 'FAILED')).failure).toEqual({
        ...{ reason: 'AuditError', message: 'the lock file is broken' },
      })
    })

    test('a run is terminated with the reason', async () => {
      await scene.start('run-terminated')
      await scene.client.workflow.getHandle('run-terminated').terminate('not needed any more')
      expect((await scene.untilStatus('run-terminated', 'TERMINATED')).failure).toEqual({
        ...{ reason: 'Terminated', message: 'not needed any more' },
      })
    })
  })

  describe('with events stored', () => {
    test('Temporal tells of an end that is not stored yet; the stored one stays', async () => {
      const runId = 'run-stored'
      await scene.start(runId)
      await scene.store.storeEvents([
        event(runId, 'RUN_STARTED', { data: { graph: MEMO.graph } }),
        event(runId, 'NODE_COMPLETED', { nodeRef: 'build' }),
      ])
      expect(await scene.status(runId)).toMatchObject({
        status: 'RUNNING',
        progress: { completedActions: 1, totalActions: 1 },
      })
      await scene.takeTask(runId).then((answer) => answer(complete))
      const told = await scene.untilStatus(runId, 'COMPLETED')
      expect(told).toMatchObject({ progress: { completedActions: 1 }, telemetry: { postgres: { state: 'arriving' } } })
      await scene.store.storeEvents([
        event(runId, 'RUN_COMPLETED', { data: { attempts: [] } }),
        event(runId, 'NODE_PROGRESS', { nodeRef: 'build' }),
      ])
      expect(await scene.status(runId)).toMatchObject({
        status: 'COMPLETED',
        telemetry: { postgres: { state: 'complete' } },
      })
    })

    test('a run that goes on in another execution is not over', async () => {
      const runId = 'run-continued'
      await scene.store.storeEvents([
        event(runId, 'RUN_STARTED'),
        event(runId, 'RUN_COMPLETED', { data: { attempts: [], continuedBy: 'a Temporal run' } }),
      ])
      // Temporal has forgotten it: what is stored is all there is to say.
      expect(await scene.status(runId)).toMatchObject({ status: 'COMPLETED', execution: 1 })
      await scene.start(runId)
      expect(await scene.untilStatus(runId, 'QUEUED')).toMatchObject({
        execution: 2,
        telemetry: { loki: { state: 'arriving' } },
      })
      await scene.store.storeEvents([event(runId, 'RUN_STARTED', { execution: 2 })])
      expect(await scene.untilStatus(runId, 'RUNNING')).toMatchObject({ execution: 2 })
    })
  })
}
