// LogQL of readers against a real Loki that holds the lines of other runs, and of other organisations, as well.

import type { LokiAnswer } from '@runlight/contracts/api-loki'
import { LokiAnswer as LokiAnswerShape } from '@runlight/contracts/api-loki'
import type { Problem } from '@runlight/contracts/api'
import type { LabelMode } from '@runlight/contracts/labels'
import { LABEL_MODES } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { shape } from '@runlight/contracts/schema'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestLoki } from '../../../../regression/fixtures/loki.ts'
import { startBothStores } from '../test/both-stores.fixture.ts'
import type { BothStores } from '../test/both-stores.fixture.ts'
import { logEntry, time, traceEvent } from '../test/records.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'
import { logqlQuery, soup, writeLogql } from './queries.fixture.ts'

const RUN = 'run-a'
/** A name that would end the quotes around it. */
const QUOTED = 'x"} or {run_id=~".+"} # ` \\ ü'
const BEGUN = Date.now() - 600_000
const LINES = 30

let stores: BothStores | undefined
let loki: TestLoki
let store: TraceStore
let api: BothStores['api']

const own = (index: number, fields: Partial<LogEntry> = {}) =>
  logEntry({
    ...{ runId: RUN, orgId: 'acme', timestamp: time(BEGUN + index * 1_000), message: `mine ${index}` },
    ...{ nodeRef: index % 3 === 0 ? 'build' : 'test', attempt: 1 + (index % 2) },
    ...{ level: index % 5 === 0 ? 'error' : 'info', stream: index % 2 ? 'stdout' : 'stderr' },
    ...(index === 4 && { metadata: { run_id: 'run-b', size: 12 } }),
    ...fields,
  })

beforeAll(async () => {
  stores = await startBothStores()
  ;({ loki, store, api } = stores)
  const runs = [RUN, 'run-b', QUOTED, 'run-wide']
  await store.storeEvents(runs.map((runId) => traceEvent({ runId, orgId: 'acme', type: 'RUN_STARTED' })))
  await store.storeEvents([traceEvent({ runId: 'run-c', orgId: 'other', type: 'RUN_STARTED' })])
  // Another run of the organisation, another organisation's run, and lines of another organisation that claim to be ours.
  const foreign = ['run-b', 'run-c', RUN].flatMap((runId, kind) =>
    Array.from({ length: 40 }, (_, index) =>
      own(index, {
        ...{ runId, orgId: kind === 0 ? 'acme' : 'other' },
        ...{
          message: `theirs run_id=run-a {"run_id":"run-a"} ${kind} ${index}`,
          metadata: { run_id: RUN, orgId: 'acme' },
        },
      }),
    ),
  )
  const lines = Array.from({ length: LINES }, (_, index) => own(index))
  await store.storeLogs([...lines, ...foreign, own(0, { runId: QUOTED, message: 'mine' })])
  const wide = 'w'.repeat(200_000)
  for (let batch = 0; batch < 10; batch++) {
    await store.storeLogs(
      Array.from({ length: 10 }, (_, index) => own(index, { runId: 'run-wide', message: `${batch} ${wide}` })),
    )
  }
})

afterAll(() => stores?.stop())

type Parameters = Readonly<Record<string, string | number>>

async function ask(mode: LabelMode, runId: string, parameters: Parameters) {
  const address = new URL(`/workflows/runs/${encodeURIComponent(runId)}/loki`, api(mode).url)
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, String(value))
  const response = await fetch(address)
  const body = (await response.json()) as unknown
  return { status: response.status, problem: body as Problem, answer: body as LokiAnswer }
}

async function linesOf(mode: LabelMode, parameters: Parameters, runId = RUN): Promise<string[]> {
  const { status, answer } = await ask(mode, runId, { limit: 1_000, ...parameters })
  expect({ status, answer }).toMatchObject({ status: 200, answer: { data: { resultType: 'streams' } } })
  return allLines(answer).map((line) => (JSON.parse(line) as LogEntry).message)
}

function allLines({ data }: LokiAnswer): string[] {
  return data.result.flatMap((stream) => stream.values.map((value) => value[1] as string))
}

const numbers = (keep: (index: number) => boolean) =>
  [...Array(LINES).keys()].filter(keep).map((index) => `mine ${index}`)

describe.each(LABEL_MODES)('with the labels %s', (mode) => {
  test.each<[query: string, more: Parameters, keep: (index: number) => boolean]>([
    ['{}', {}, () => true],
    [`{run_id="${RUN}", node="build"}`, {}, (index) => index % 3 === 0],
    ['{node!="build", stream=~"std(out)"}', {}, (index) => index % 3 > 0 && index % 2 === 1],
    ['{} |= "mine 1"', {}, (index) => String(index).startsWith('1')],
    ['{} |~ "mine (3|4)\\"" != "mine 4"', {}, (index) => index === 3],
    ['{} |= "mine 7\\"" or "mine 8\\""', {}, (index) => index === 7 || index === 8],
    ['{} | level="error" and attempt > 1', {}, (index) => index % 5 === 0 && index % 2 === 1],
    [
      '{} | json | message=~"mine [12]" or (metadata_size=12 and level!="error")',
      {},
      (index) => [1, 2, 4].includes(index),
    ],
    ['{}', { nodeRef: 'build', attempt: 2 }, (index) => index % 3 === 0 && index % 2 === 1],
    ['{node="test"}', { nodeRef: 'build' }, () => false],
    ['{}', { since: time(BEGUN + 3_000), until: time(BEGUN + 6_000) }, (index) => index >= 3 && index <= 6],
  ])('%s %j gives the lines of the run that it means', async (query, more, keep) => {
    expect((await linesOf(mode, { query, ...more })).sort()).toEqual(numbers(keep).sort())
  })

  test('a name in quotes is a name and nothing else', async () => {
    expect(await linesOf(mode, {}, QUOTED)).toEqual(['mine'])
  })

  test('newest first, and no more than were asked for', async () => {
    const { answer } = await ask(mode, RUN, { query: '{node="test",stream="stdout"}', limit: 2, direction: 'backward' })
    expect(allLines(answer).map((line) => (JSON.parse(line) as LogEntry).message)).toEqual(['mine 29', 'mine 25'])
    expect(shape(LokiAnswerShape).check(answer)).toMatchObject({ ok: true })
  })

  test('lines are counted by node, and by all that groups them', async () => {
    const until = time(BEGUN + 60_000)
    const window = { since: until, until: time(BEGUN + 60_001), step: '1s' }
    const { status, answer } = await ask(mode, RUN, { query: 'sum by (node) (count_over_time({}[1h]))', ...window })
    expect(status).toBe(200)
    expect(shape(LokiAnswerShape).check(answer)).toMatchObject({ ok: true })
    const counts = answer.data.result.map((series) => [
      (series as { metric: Record<string, string> }).metric,
      series.values[0]?.[1],
    ])
    expect(counts).toHaveLength(2)
    expect(counts).toEqual(
      expect.arrayContaining([
        [{ node: 'build' }, '10'],
        [{ node: 'test' }, '20'],
      ]),
    )
    const { answer: whole } = await ask(mode, RUN, { query: 'count_over_time({} |= "mine"[1h])', ...window })
    const total = whole.data.result.reduce((sum, series) => sum + Number(series.values[0]?.[1]), 0)
    expect(total).toBe(LINES)
  })

  test('whatever is asked, there is a 400 or an answer with the lines of the run alone', async () => {
    const query = fc.oneof(
      logqlQuery.map(writeLogql),
      soup,
      soup.map((text) => `{}${text}`),
    )
    const parameters = fc.record(
      { nodeRef: fc.constantFrom('build', 'test', '"'), attempt: fc.integer({ min: 1, max: 3 }) },
      { requiredKeys: [] },
    )
    let answers = 0
    await fc.assert(
      fc.asyncProperty(query, parameters, async (text, more) => {
        const { status, problem, answer } = await ask(mode, RUN, { query: text, limit: 1_000, ...more })
        if (status !== 200) {
          expect({ status, code: problem.code, parameter: problem.parameter }).toEqual({
            ...{ status: 400, code: 'RL_LOGQL_INVALID', parameter: 'query' },
          })
          // What the parser takes, Loki takes, but for what only the lines can tell.
          if (problem.position === undefined) expect(problem.detail).toMatch(ONLY_LINES_TELL)
          return
        }
        answers++
        if (answer.data.resultType === 'streams') {
          for (const line of allLines(answer)) {
            expect(JSON.parse(line)).toMatchObject({
              runId: RUN,
              orgId: 'acme',
              message: expect.stringMatching(/^mine/),
            })
          }
        } else if (text.includes('count_over_time') && !text.includes('bytes')) {
          for (const series of answer.data.result) {
            for (const value of series.values) expect(Number(value[1])).toBeLessThanOrEqual(LINES)
          }
        }
      }),
      { numRuns: 200 },
    )
    expect(answers).toBeGreaterThan(50)
  })
})

/** A comparison with what is no number, or more series than Loki gives. */
const ONLY_LINES_TELL = /pipeline error|maximum (?:number )?of series/

test.each<[Parameters, string, string]>([
  [{ query: '{run_id="run-b"}' }, 'RL_LOGQL_INVALID', 'query'],
  [{ query: '{} | line_format "{{.message}}"' }, 'RL_LOGQL_INVALID', 'query'],
  [{ since: '1h', until: '2h' }, 'RL_PARAMETER_INVALID', 'since'],
  [{ since: '31d' }, 'RL_PARAMETER_INVALID', 'since'],
  [{ query: 'rate({}[5m])', step: '1ms' }, 'RL_PARAMETER_INVALID', 'step'],
  [{ query: 'rate({}[5m])', step: '0' }, 'RL_PARAMETER_INVALID', 'step'],
  [{ step: 'soon' }, 'RL_PARAMETER_INVALID', 'step'],
  [{ limit: 5_000 }, 'RL_PARAMETER_INVALID', 'limit'],
  [{ direction: 'up' }, 'RL_PARAMETER_INVALID', 'direction'],
  [{ start: '1h' }, 'RL_PARAMETER_INVALID', 'start'],
])('%j is refused: %s', async (parameters, code, parameter) => {
  const { status, problem } = await ask('perRun', RUN, parameters)
  expect({ status, code: problem.code, parameter: problem.parameter }).toEqual({ status: 400, code, parameter })
})

test('a query that is too long is refused by its name', async () => {
  const { status, problem } = await ask('perRun', RUN, { query: 'x'.repeat(5_000) })
  expect([status, problem.code, problem.parameter]).toEqual([400, 'RL_PARAMETER_INVALID', 'query'])
})

test('a run that nobody knows is asked for at no tenant', async () => {
  expect(await ask('perRun', 'run-nobody', {})).toMatchObject({ status: 404, problem: { code: 'RL_RUN_NOT_FOUND' } })
})

test('an answer that is too large is refused, and a smaller part of it is not', async () => {
  const { status, problem } = await ask('perRun', 'run-wide', { limit: 1_000 })
  expect([status, problem.code]).toEqual([400, 'RL_ANSWER_TOO_LARGE'])
  expect(allLines((await ask('perRun', 'run-wide', { limit: 50 })).answer)).toHaveLength(50)
})

test('without Loki there is a 503, and an answer when it is back', async () => {
  await loki.kill()
  const { status, problem } = await ask('perRun', RUN, {})
  expect([status, problem.code]).toEqual([503, 'RL_STORE_UNAVAILABLE'])
  await loki.start()
  await expect.poll(async () => (await ask('perRun', RUN, {})).status, { timeout: 60_000 }).toBe(200)
})
