import { expect, test } from 'vitest'
import { executionNumbers } from './executions.ts'
import type { VisibleRun } from './temporal.ts'

/** Visibility as a list in memory, and the queries that were made of it. */
function visibility(...runs: [runId: string, temporalRunId: string, start: number, close?: number][]) {
  const queries: string[] = []
  const time = (seconds: number | undefined) => (seconds === undefined ? null : ({ seconds, nanos: 0 } as never))
  const listed: VisibleRun[] = runs.map(([runId, temporalRunId, start, close]) => ({
    ...{ runId, temporalRunId, open: close === undefined },
    ...{ startTime: time(start), closeTime: time(close) },
  }))
  const list = (query: string): Promise<VisibleRun[]> => {
    queries.push(query)
    return Promise.resolve(listed.filter(({ runId }) => query.includes(`'${runId}'`)))
  }
  return { list, queries }
}

const alone = { predecessor: undefined, direct: false, counted: undefined }

test('the place among the runs of one workflow id, in the order of their start', async () => {
  const numbers = executionNumbers(visibility(['r', 'second', 20], ['r', 'first', 10, 20], ['other', 'x', 5]))
  expect(await numbers.numberOf({ runId: 'r', temporalRunId: 'first', ...alone })).toBe(1)
  expect(await numbers.numberOf({ runId: 'r', temporalRunId: 'second', ...alone })).toBe(2)
})

test('of two that started at once, the one that is open is the later', async () => {
  const numbers = executionNumbers(visibility(['r', 'b', 10], ['r', 'c', 10, 10], ['r', 'a', 10, 11]))
  const places = ['c', 'a', 'b'].map((temporalRunId) => numbers.numberOf({ runId: 'r', temporalRunId, ...alone }))
  expect(await Promise.all(places)).toEqual([1, 2, 3])
})

test('not known while the run itself or the one before it is not listed', async () => {
  const numbers = executionNumbers(visibility(['r', 'second', 20]))
  expect(await numbers.numberOf({ runId: 'r', temporalRunId: 'unlisted', ...alone })).toBeUndefined()
  const following = { runId: 'r', temporalRunId: 'second', predecessor: 'first', direct: true, counted: undefined }
  expect(await numbers.numberOf(following)).toBeUndefined()
})

test('one more than the run before, where that is known: no question, and retention does not matter', async () => {
  const { list, queries } = visibility(['r', 'n', 10])
  const numbers = executionNumbers({ list })
  await numbers.numberOf({ runId: 'r', temporalRunId: 'n', ...alone, counted: 168 })
  const next = { runId: 'r', temporalRunId: 'n+1', predecessor: 'n', direct: true, counted: undefined }
  expect(await numbers.numberOf(next)).toBe(169)
  expect(queries).toHaveLength(1)
})

test('many are asked for in few requests, and quotes in ids are escaped', async () => {
  const { list, queries } = visibility(["o'hara", 't', 1])
  const numbers = executionNumbers({ list })
  numbers.expect([...Array.from({ length: 120 }, (_, index) => `r${index}`), "o'hara"])
  await numbers.numberOf({ runId: 'r7', temporalRunId: 'x', ...alone })
  expect(queries).toHaveLength(3)
  expect(queries.join()).toContain(String.raw`'o\'hara'`)
})
