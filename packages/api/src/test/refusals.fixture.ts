// What the API refuses, by the name of what is wrong; of a trace store that has a run `run-0` with two lines.

import { Problem } from '@runlight/contracts/api'
import type { LogPage } from '@runlight/contracts/api'
import { shape } from '@runlight/contracts/schema'
import type { TSchema } from 'typebox'
import { describe, expect, test } from 'vitest'
import type { TestApi } from './api.fixture.ts'

export function expectShape(schema: TSchema, value: unknown): void {
  expect(shape(schema).check(value)).toMatchObject({ ok: true })
}

export function refusals(api: () => TestApi): void {
  describe('refusals', () => {
    const logs = '/workflows/runs/run-0/logs'
    test.each<[path: string, parameter: string]>([
      [`${logs}?limit=0`, 'limit'],
      [`${logs}?limit=1001`, 'limit'],
      ['/workflows/runs/run-0/trace?limit=10001', 'limit'],
      [`${logs}?limit=ten`, 'limit'],
      [`${logs}?limit=1&limit=2`, 'limit'],
      [`${logs}?direction=up`, 'direction'],
      [`${logs}?level=fatal`, 'level'],
      [`${logs}?level=warn,`, 'level'],
      [`${logs}?stream=std%20out`, 'stream'],
      [`${logs}?attempt=0`, 'attempt'],
      [`${logs}?attempt=99999999999`, 'attempt'],
      [`${logs}?nodeRef=%00`, 'nodeRef'],
      [`${logs}?since=yesterday`, 'since'],
      [`${logs}?until=2026-02-30T00:00:00Z`, 'until'],
      [`${logs}?cursor=`, 'cursor'],
      [`${logs}?cursor=nonsense`, 'cursor'],
      [`${logs}?page=2`, 'page'],
      ['/workflows/runs?status=DONE', 'status'],
      ['/workflows/runs?workflow=', 'workflow'],
      ['/workflows/runs?since=yesterday', 'since'],
      ['/workflows/runs?until=2026-02-30T00:00:00Z', 'until'],
      ['/workflows/runs?cursor=AAAA', 'cursor'],
      ['/workflows/runs/run-0/trace?direction=sideways', 'direction'],
      ['/workflows/runs/run-0/trace?cursor=AAAA', 'cursor'],
      ['/workflows/runs/run-0/status?verbose=1', 'verbose'],
      ['/workflows/runs/a%00b/logs', 'runId'],
      ['/workflows/runs/%zz/logs', 'request'],
    ])('%s', (path, parameter) => expectRefused(path, parameter))

    test('values that are too long', async () => {
      const long = 'x'.repeat(257)
      await expectRefused(`${logs}?nodeRef=${long}`, 'nodeRef')
      await expectRefused(`${logs}?cursor=${'A'.repeat(12_000)}`, 'cursor')
      await expectRefused(`/workflows/runs/${long}/status`, 'runId')
    })

    async function expectRefused(path: string, parameter: string): Promise<void> {
      const { status, problem } = await api().refused(path)
      expectShape(Problem, problem)
      expect([status, problem.status, problem.parameter]).toEqual([400, 400, parameter])
      expect(problem.detail).toContain(parameter)
      expect(['RL_PARAMETER_INVALID', 'RL_CURSOR_INVALID']).toContain(problem.code)
    }

    test.each([
      ['/workflows/runs/run-none/status', 'RL_RUN_NOT_FOUND'],
      ['/workflows/runs/run-none/trace', 'RL_RUN_NOT_FOUND'],
      ['/workflows/runs/run-none/logs', 'RL_RUN_NOT_FOUND'],
      ['/workflows/runs/run-none/logs?level=error', 'RL_RUN_NOT_FOUND'],
      ['/workflows', 'RL_ROUTE_NOT_FOUND'],
    ])('%s is not found', async (path, code) => {
      const { status, problem } = await api().refused(path)
      expectShape(Problem, problem)
      expect([status, problem.code]).toEqual([404, code])
    })

    test('a cursor is taken only with the parameters that it was given for', async () => {
      const { nextCursor } = await api().get<LogPage>(logs, { limit: 1 })
      await api().get<LogPage>(logs, { limit: 2, cursor: nextCursor })
      for (const path of [
        `${logs}?level=info&cursor=${nextCursor}`,
        `${logs}?direction=backward&cursor=${nextCursor}`,
        `/workflows/runs/run-1/logs?cursor=${nextCursor}`,
        `/workflows/runs/run-0/trace?cursor=${nextCursor}`,
        `/workflows/runs?cursor=${nextCursor}`,
      ]) {
        expect((await api().refused(path)).problem.code).toBe('RL_CURSOR_INVALID')
      }
    })

    test('nothing that a request says makes the server fail', async () => {
      const hostile = [
        '..',
        '%2e%2e%2f',
        "';DROP TABLE logs;--",
        '%F0%9F%92%A9',
        '\\',
        '${7*7}',
        '%25',
        '-1',
        'NaN',
        '1e400',
      ]
      for (const text of hostile) {
        for (const path of [
          `/workflows/runs/${encodeURIComponent(text)}/logs`,
          `/workflows/runs?workflow=${encodeURIComponent(text)}`,
          `${logs}?nodeRef=${encodeURIComponent(text)}&since=${encodeURIComponent(text)}`,
          `${logs}?cursor=${encodeURIComponent(text)}`,
          `/${encodeURIComponent(text)}`,
        ]) {
          const { status } = await fetch(new URL(path, api().url))
          expect([200, 400, 404]).toContain(status)
        }
      }
    })
  })
}
