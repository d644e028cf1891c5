// The lines of a run, read back from a real Loki in pages.

import { LABELS, STRUCTURED_METADATA, TENANT_HEADER } from '@runlight/contracts/labels'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLoki, type TestLoki } from '../../../../regression/fixtures/loki.ts'
import { linesInLoki } from './loki-lines.ts'

const ORG = 'verified'
const START = Date.now() - 60_000

let loki: TestLoki
beforeAll(async () => (loki = await startLoki()))
afterAll(async () => loki?.stop())

/** Lines of two nodes, four of them at each millisecond; their numbers are their identities. */
async function push(runId: string, labels: Record<string, string>, count: number): Promise<void> {
  const valuesOf = (node: number) =>
    Array.from({ length: count }, (_, index) => index)
      .filter((index) => index % 2 === node)
      .map((index) => [
        `${START + Math.floor(index / 4)}000000`,
        'said',
        {
          [STRUCTURED_METADATA.runId]: runId,
          [STRUCTURED_METADATA.producer]: 'p',
          [STRUCTURED_METADATA.seq]: `${index}`,
        },
      ])
  const streams = [0, 1].map((node) => ({ stream: { ...labels, node: `n${node}` }, values: valuesOf(node) }))
  const response = await fetch(new URL('/loki/api/v1/push', loki.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', [TENANT_HEADER]: ORG },
    body: JSON.stringify({ streams }),
  })
  expect(await response.text()).toBe('')
}

const read = (runId: string, page?: number) => {
  const run = { runId, orgId: ORG, updatedAt: new Date(START).toISOString() }
  return linesInLoki(loki.url.href.replace(/\/$/, ''), run, AbortSignal.timeout(60_000), page)
}
const all = (count: number) => Array.from({ length: count }, (_, index) => `p#${index}`).sort()

test.each([
  ['a label of its own', (runId: string) => ({ [LABELS.runId]: runId })],
  ['its organisation only', () => ({ [LABELS.org]: ORG })],
])('each line once, past the largest answer, of a run with %s', async (name, labels) => {
  const runId = `run with ${name}`
  await push(runId, labels(runId), 12_003)
  expect((await read(runId)).sort()).toEqual(all(12_003))
})

test('lines of one nanosecond on both sides of a page, each once; more than a page of them is said', async () => {
  const labels = { [LABELS.runId]: 'short' }
  await push('short', labels, 30)
  for (const page of [5, 30, 31]) expect((await read('short', page)).sort()).toEqual(all(30))
  await expect(read('short', 4)).rejects.toThrow(/holds 4 lines or more at one nanosecond/)
})

test('none, where Loki holds none', async () => {
  expect(await read('unheard of')).toEqual([])
})
