// Starting and cancelling by the command, with real Temporal. No worker is there: nothing has to run.

import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import { startTraceStore } from '@runlight/api/test/trace-store.fixture'
import type { TraceStore } from '@runlight/api/test/trace-store.fixture'
import { startTemporal } from '../../../regression/fixtures/temporal.ts'
import type { TestTemporal } from '../../../regression/fixtures/temporal.ts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runlight } from './runlight.fixture.ts'

let temporal: TestTemporal
let store: TraceStore
let api: TestApi

beforeAll(async () => {
  ;[temporal, store] = await Promise.all([startTemporal(), startTraceStore()])
  const { address, namespace } = temporal
  api = await startTestApi(store.postgres, {
    temporal: { address, namespace },
    start: { taskQueue: 'nobody', runPrefix: 'made-' },
  })
})
afterAll(async () => {
  await api?.stop()
  await Promise.all([temporal?.stop(), store?.stop()])
})

/** Temporal may be too slow on a busy machine; then the same is asked again, as the command says. */
const answered = (...args: string[]) =>
  vi.waitFor(
    async () => {
      const outcome = await runlight(args, { RUNLIGHT_API_URL: api.url })
      expect(outcome.err).not.toContain('Temporal cannot be reached')
      return outcome
    },
    { timeout: 120_000, interval: 100 },
  )

test('a run is started, once for an id, and asked to end', async () => {
  expect((await answered('start')).out).toMatch(/^made-[0-9a-f-]{36}\n$/)
  const own = ['start', 'dependency-audit', '--run-id', 'own run', '--inputs', '{"shards":2}']
  expect(await answered(...own)).toMatchObject({ code: 0, out: 'own run\n', err: '' })
  const again = JSON.parse((await answered(...own, '--json')).out) as object
  expect(again).toMatchObject({ runId: 'own run', workflowId: 'dependency-audit' })
  expect(await answered('start', '--run-id', 'own run')).toMatchObject({ code: 1, out: '' })
  const cancelled = await answered('cancel', 'own run')
  expect([cancelled.code, cancelled.out]).toEqual([0, expect.stringMatching(/^own run was asked to end/)])
})
