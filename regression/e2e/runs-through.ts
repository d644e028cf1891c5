// Runs of every kind: each record of them in both stores once, and back in order.

import { describe, expect, it } from 'vitest'
import { connectAsReader } from './held-records.ts'
import { isWhole, NODES, startRun, untilStatus, withTemporal } from './runs.ts'
import { expectOnceEverywhere, type Scene } from './scene.ts'

export function runsThrough(scene: () => Scene): void {
  describe('a run', () => {
    it('completes, and every record of it is in both stores once and comes back in order', async () => {
      const { stack, api } = scene()
      const runId = await startRun(stack)
      const status = await untilStatus(api, runId, isWhole)
      expect(status).toMatchObject({
        status: 'COMPLETED',
        workflowId: 'dependency-audit',
        progress: { completedActions: NODES, totalActions: NODES },
      })
      expect(runId).toMatch(/^shipsec-run-[0-9a-f-]{36}$/)
      await expectOnceEverywhere(scene(), runId)
    })

    it('whose node fails for good is FAILED, and says which node and why', async () => {
      const { stack, api } = scene()
      const runId = await startRun(stack, { faults: { duplicates: { fail: true } } })
      const status = await untilStatus(api, runId, isWhole)
      expect(status.status).toBe('FAILED')
      expect(status.failure).toMatchObject({ nodeRef: 'duplicates' })
      await expectOnceEverywhere(scene(), runId)
    })

    it('whose node fails twice, then succeeds, is COMPLETED with three attempts', async () => {
      const { stack, api } = scene()
      const runId = await startRun(stack, { faults: { 'sizes-2': { failTimes: 2 } } })
      const status = await untilStatus(api, runId, isWhole)
      expect(status.status).toBe('COMPLETED')
      const events = []
      for await (const event of api.allEvents(runId)) if (event.nodeRef === 'sizes-2') events.push(event)
      expect(events.filter(({ type }) => type === 'NODE_STARTED').map(({ attempt }) => attempt)).toEqual([1, 2, 3])
      expect(events.filter(({ type }) => type === 'NODE_RETRYING')).toHaveLength(2)
      await expectOnceEverywhere(scene(), runId)
    })

    it('that is cancelled is CANCELLED, one that is terminated is TERMINATED', async () => {
      const { stack, api } = scene()
      const [cancelled, terminated] = await Promise.all([
        startRun(stack, { faults: { duplicates: { hang: true } } }),
        startRun(stack, { faults: { duplicates: { hang: true } } }),
      ])
      for (const runId of [cancelled, terminated]) {
        await untilStatus(api, runId, ({ status, progress }) => status === 'RUNNING' && progress.completedActions > 0)
      }
      // Temporal may be too slow on a busy machine; then it is asked again, though the first request may have ended it.
      const address = `${stack.outputs.addresses.api}/workflows/runs/${cancelled}/cancel`
      const answers: number[] = []
      const ask = async () => {
        answers.push((await fetch(address, { method: 'POST' })).status)
        return answers.at(-1)
      }
      await expect.poll(ask, { timeout: 60_000 }).not.toBe(503)
      expect(answers.length > 1 ? [202, 409] : [202]).toContain(answers.at(-1))
      await withTemporal(stack, (client) => client.workflow.getHandle(terminated).terminate('by the test'))
      expect((await untilStatus(api, cancelled, isWhole)).status).toBe('CANCELLED')
      const last = await untilStatus(api, terminated, ({ status }) => status === 'TERMINATED')
      expect(last.progress.totalActions).toBe(NODES)
      await expectOnceEverywhere(scene(), cancelled)
    })
  })

  describe('100,000 lines of one run', () => {
    it('arrive once and in order, though both bridges are killed on the way and brought back by pulumi up', async () => {
      const { stack, api } = scene()
      const runId = await startRun(stack, { faults: { 'read-lock': { lines: 100_000 } } })
      const { 'bridge-loki': loki, 'bridge-postgres': postgres } = stack.outputs.components
      const sql = await connectAsReader(stack)
      try {
        await expect
          .poll(async () => (await sql`select 1 from logs where job_run_id = ${runId} limit 1`).length, {
            timeout: 120_000,
          })
          .toBe(1)
      } finally {
        await sql.end()
      }
      for (const component of [loki, postgres]) process.kill(component?.pid ?? 0, 'SIGKILL')
      const { output } = await stack.up()
      expect(output).toMatch(/2 (?:created|replaced|updated)/)
      await stack.refreshOutputs()
      await untilStatus(api, runId, isWhole, 300_000)
      const held = await expectOnceEverywhere(scene(), runId)
      expect(held.logs.length).toBeGreaterThanOrEqual(100_000)
    })
  })
}
