// `runlight logs RUN --logql`, and the client's method beneath it, against the real API and Loki.

import { startBothStores } from '@runlight/api/test/both-stores.fixture'
import type { BothStores } from '@runlight/api/test/both-stores.fixture'
import { logEntry, time, traceEvent } from '@runlight/api/test/records.fixture'
import { ApiProblem } from '@runlight/sdk/client/api-problem'
import { LogStreamingService } from '@runlight/sdk/client/log-streaming-service'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, runlight } from './runlight.fixture.ts'

const RUN = 'run-asked'
const START = Date.now() - 60_000

let stores: BothStores
const env = () => ({ RUNLIGHT_API_URL: stores.api('perRun').url })
const ask = (...args: string[]) => runlight(['logs', RUN, '--logql', ...args], env())

beforeAll(async () => {
  stores = await startBothStores()
  await stores.store.storeEvents([traceEvent({ runId: RUN, type: 'RUN_STARTED', timestamp: time(START) })])
  await stores.store.storeLogs(
    Array.from({ length: 6 }, (_, index) =>
      logEntry({
        ...{ runId: RUN, message: `line ${index}\u0007`, timestamp: time(START + index) },
        ...{ nodeRef: index % 2 ? 'test' : 'build', attempt: index > 3 ? 2 : 1 },
        ...{ level: index === 5 ? 'error' : 'info' },
      }),
    ),
  )
})
afterAll(() => stores?.stop())

test('lines look as they do otherwise, oldest first', async () => {
  const { code, out, err } = await ask('{}')
  expect([code, err]).toEqual([0, ''])
  const shown = [
    'build  line 0',
    'test   line 1',
    'build  line 2',
    'test   line 3',
    'build#2 line 4',
    'test#2  ERROR line 5',
  ]
  expect(linesOf(out).map((line) => line.replace(/ +/g, ' '))).toEqual(
    shown.map((line) => `${line.replace(/ +/g, ' ')}\\x07`),
  )
  const last = linesOf((await ask('{node="build"} != "line 2"', '-n', '1', '-t')).out)
  // Loki's times have digits of the position behind the record's own.
  expect(last).toEqual([expect.stringMatching(new RegExp(`^${time(START + 4).slice(0, -1)}\\d*Z build#2 line 4`))])
})

test('what is counted comes as rows, or as Loki says it', async () => {
  const count = 'sum by (node) (count_over_time({}[1h]))'
  const rows = linesOf((await ask(count)).out)
  expect(rows.at(-1)).toMatch(/^\d{4}-\S+Z {2}3 {2}node="test"$/)
  const answer = JSON.parse((await ask(count, '--json')).out) as unknown
  expect(answer).toMatchObject({ status: 'success', data: { resultType: 'matrix' } })
})

test('what is not taken: 1 with the words of the API, 2 beside a flag that the query stands for', async () => {
  expect(await ask('{} | unwrap x')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('position') as string,
  })
  expect(await ask('{}', '-f')).toMatchObject({ code: 2, out: '' })
  expect((await runlight(['logs', '--logql', '{}'], env())).code).toBe(2)
})

test('the client gives the answer, and refusals as it always does', async () => {
  const service = new LogStreamingService({ baseUrl: stores.api('bounded').url })
  const { data } = await service.queryJobRunLogs(RUN, '{} | attempt > 1', { limit: 10 })
  expect(data.result.flatMap(({ values }) => values)).toHaveLength(2)
  await expect(service.queryJobRunLogs(RUN, '{')).rejects.toBeInstanceOf(ApiProblem)
  await expect(service.queryJobRunLogs('none')).rejects.toMatchObject({ problem: { status: 404 } })
})
