// How runs stand while the bus does: its connections stay open, and nothing is answered.

import { expect, test } from 'vitest'
import { event } from './scene.fixture.ts'
import type { StatusScene } from './scene.fixture.ts'
import { account, closed } from '../test/records.fixture.ts'

export function frozen(scene: StatusScene): void {
  test('a bus that stands still: nobody waits for it, what was known last is told, and then what is known again', async () => {
    const runId = 'run-beside-it'
    await scene.store.storeEvents([
      event(runId, 'RUN_STARTED'),
      closed(runId, {
        logs: account({ producerId: runId, lastSeq: 1, count: 1, positions: [{ partition: 0, offset: '10' }] }),
        events: account({ producerId: runId }),
      }),
      event(runId, 'RUN_COMPLETED', { data: { attempts: [{ nodeRef: 'build', attempt: 1, outcome: 'completed' }] } }),
    ])
    const loki = async () => (await scene.status(runId)).telemetry.loki?.state
    await scene.eventually(loki).toBe('arriving')
    const settled = async () => (await scene.status('run-accounted')).telemetry.loki?.state
    await scene.eventually(settled).toBe('complete')

    scene.kafka.pause()
    const reason = expect.stringContaining('The bus gave no answer within 1000 ms') as string
    const degraded = expect.arrayContaining([{ component: 'bus', reason }]) as object[]
    await scene
      .eventually(() => scene.status(runId))
      .toMatchObject({ status: 'COMPLETED', telemetry: { loki: { state: 'arriving' } }, degraded })
    for (const list of ['/workflows/runs', '/api/v1/dead-letters']) {
      await scene.eventually(() => scene.api.get(list)).toMatchObject({ degraded })
    }
    const ready = async () => (await fetch(`${scene.api.url}/readyz`)).json()
    await scene.eventually(ready).toMatchObject({ status: 'ok', checks: { bus: { ok: true, detail: reason } } })
    expect(await settled()).toBe('complete')

    scene.kafka.resume()
    await scene.eventually(async () => (await scene.status(runId)).degraded).toBeUndefined()
    expect(await loki()).toBe('arriving')
    await scene.commitLoki(0, 11)
    await scene.eventually(loki).toBe('complete')
  })
}
