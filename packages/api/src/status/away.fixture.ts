// How a run stands while one of those who know of it is away.

import type { LogPage, TracePage } from '@runlight/contracts/api'
import { describe, expect, test } from 'vitest'
import { event } from './scene.fixture.ts'
import type { StatusScene } from './scene.fixture.ts'
import { readEvents } from '../test/event-stream.fixture.ts'
import { account, closed } from '../test/records.fixture.ts'
import { complete } from '../test/temporal-tasks.fixture.ts'

export function away(scene: StatusScene): void {
  describe('when something is away', () => {
    test('Temporal: what it told of an end stays, the rest is answered from the trace store, marked degraded', async () => {
      const stored = ['run-ended-before', 'run-open-before', 'run-open-again']
      await Promise.all([...stored, 'run-unstored'].map((runId) => scene.start(runId)))
      await scene.store.storeEvents(stored.map((runId) => event(runId, 'RUN_STARTED')))
      for (const runId of ['run-ended-before', 'run-open-again']) {
        await scene.takeTask(runId).then((answer) => answer(complete))
        await scene.untilStatus(runId, 'COMPLETED')
      }
      await scene.start('run-open-again')
      await scene.untilStatus('run-open-again', 'RUNNING')
      await scene.temporal.kill()

      // On a busy machine the others may not answer in time at first.
      await scene
        .eventually(async () => {
          const { status, degraded } = await scene.status('run-ended-before')
          return { status, degraded }
        })
        .toEqual({ status: 'COMPLETED', degraded: undefined })
      for (const runId of ['run-open-before', 'run-open-again']) {
        await scene
          .eventually(() => scene.status(runId))
          .toMatchObject({ status: 'RUNNING', degraded: [{ component: 'temporal' }] })
      }
      expect((await scene.api.refused('/workflows/runs/run-unstored/status')).status).toBe(404)

      await scene.temporal.start()
      await scene.eventually(async () => (await scene.status('run-open-before')).degraded).toBeUndefined()
      expect(await scene.untilStatus('run-unstored', 'QUEUED')).toMatchObject({ status: 'QUEUED' })
    })

    test('Loki: status, trace, the live stream and recent lines go on, marked degraded', async () => {
      await scene.loki.kill()
      const degraded = [{ component: 'loki' }]
      const logs = '/workflows/runs/run-accounted/logs'
      await scene.eventually(() => scene.api.get(logs)).toMatchObject({ degraded })
      expect((await scene.api.get<LogPage>(logs)).logs).toHaveLength(5)
      // Loki alone; on a busy machine others may not answer in time at first.
      await scene.eventually(() => scene.status('run-accounted')).toMatchObject({ status: 'COMPLETED', degraded })
      for (const path of ['/workflows/runs/run-accounted/trace', '/workflows/runs']) {
        await scene.eventually(() => scene.api.get(path)).toMatchObject({ degraded })
      }
      const trace = await scene.api.get<TracePage>('/workflows/runs/run-accounted/trace')
      const reader = await readEvents(new URL(logs.replace('/logs', '/stream'), scene.api.url))
      const told = (name: string) => reader.events.filter(({ event }) => event === name)
      const all = [5, trace.events.length]
      await scene.eventually(() => ['log', 'trace'].map((name) => told(name).length)).toEqual(all)
      await scene.eventually(() => told('status').at(-1)?.data).toContain('"component":"loki"')
      reader.cut()
      expect(await (await fetch(`${scene.api.url}/readyz`)).text()).toContain('answers are marked degraded')
      await scene.loki.start()
      await scene.eventually(() => scene.api.get(logs)).not.toHaveProperty('degraded')
    })

    test('the bus: what has reached Loki since is not known, and what was settled before stays', async () => {
      await scene.kafka.kill()
      await scene
        .eventually(() => scene.status('run-stored'))
        .toMatchObject({ telemetry: { loki: { state: 'complete' } } })
      const runId = 'run-after-the-bus'
      await scene.store.storeEvents([
        event(runId, 'RUN_STARTED'),
        closed(runId, {
          logs: account({ producerId: 'late', lastSeq: 1, count: 1, positions: [{ partition: 0, offset: '0' }] }),
          events: account({ producerId: 'late' }),
        }),
        event(runId, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
      ])
      await scene
        .eventually(() => scene.status(runId))
        .toMatchObject({
          status: 'COMPLETED',
          telemetry: { loki: { state: 'arriving' } },
          degraded: [{ component: 'bus' }],
        })
      await scene.kafka.start()
      await scene.eventually(async () => (await scene.status(runId)).degraded).toBeUndefined()
      await scene.commitLoki(0, 1)
      await scene.eventually(async () => (await scene.status(runId)).telemetry.loki?.state).toBe('complete')
    })
  })
}
