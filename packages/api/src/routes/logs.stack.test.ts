// Paging through the lines of a run: everything once, in order, whatever arrives meanwhile.

import type { LogPage, StoredLog } from '@runlight/contracts/api'
import { LogPage as LogPageShape } from '@runlight/contracts/api'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { shape } from '@runlight/contracts/schema'
import { instantToNanos, parseInstant } from '@runlight/contracts/time'
import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { logEntry, time } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { Place, TraceStore } from '../test/trace-store.fixture.ts'

let store: TraceStore
let api: TestApi

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Reads pages until there are no more; `between` runs after each of them. */
async function readAll(
  runId: string,
  query: Query,
  between: (page: LogPage, index: number) => Promise<void> | void = () => undefined,
): Promise<{ logs: StoredLog[]; pages: number; cursor: string | undefined }> {
  const logs: StoredLog[] = []
  let cursor = query['cursor'] as string | undefined
  for (let pages = 1; ; pages++) {
    const page = await api.get<LogPage>(`/workflows/runs/${runId}/logs`, { ...query, cursor })
    for (const log of page.logs) logs.push(log)
    cursor = page.nextCursor
    await between(page, pages)
    if (!page.hasMore) return { logs, pages, cursor }
  }
}

const numbered = (prefix: string, from: number) => [...Array(10).keys()].map((index) => `${prefix}-${from + index}`)
const messages = (logs: readonly StoredLog[]) => logs.map((log) => log.message)

function keyOf(log: StoredLog): [time: bigint, partition: number, offset: bigint] {
  const instant = parseInstant(log.effectiveTs)
  if (!instant) throw new Error(`${log.effectiveTs} is no time`)
  const [partition, offset] = log.position.split(':') as [string, string]
  return [instantToNanos(instant), Number(partition), BigInt(offset)]
}

function inOrder(logs: readonly StoredLog[]): boolean {
  return logs.every((log, index) => {
    const before = logs[index - 1]
    if (!before) return true
    const [a, b] = [keyOf(before), keyOf(log)]
    return a[0] < b[0] || (a[0] === b[0] && (a[1] < b[1] || (a[1] === b[1] && a[2] < b[2])))
  })
}

/** Lines of a run in several partitions, many of them at the same moment. */
async function storeLines(runId: string, count: number, settings: Place & { from?: number; millis?: number }) {
  const { from = 0, millis = Date.now() - 60_000, partition = 0, ...place } = settings
  const entries: LogEntry[] = []
  for (let index = from; index < from + count; index++) {
    // Fifty lines at each moment, down to the nanosecond.
    entries.push(logEntry({ runId, message: `${partition}-${index}`, timestamp: time(millis, Math.floor(index / 50)) }))
  }
  await store.storeLogs(entries, { ...place, partition })
}

test('100,000 lines come exactly once and in order while lines with older times keep arriving', async () => {
  const runId = 'run-large'
  const start = Date.now() - 60_000
  for (let batch = 0; batch < 20; batch++) {
    await storeLines(runId, 5_000, { partition: batch % 4, from: batch * 5_000, millis: start + batch * 100 })
  }
  let late = 0
  const { logs, pages } = await readAll(runId, { limit: 1_000 }, async (_, page) => {
    if (page > 90 || page % 3 > 0) return
    // Older than everything that was given already, newer than everything, and in between.
    for (const millis of [start - 600_000, start + 100_000, start + 1_000]) {
      await storeLines(runId, 3, { partition: page % 5, from: 1_000_000 + late, millis, appendedAt: Date.now() })
      late += 3
    }
  })
  const all = messages(logs)
  expect(all).toHaveLength(100_000 + late)
  expect(new Set(all).size).toBe(100_000 + late)
  const history = logs.slice(0, 100_000)
  expect(inOrder(history)).toBe(true)
  expect(history.every((log) => Number(log.message.split('-')[1]) < 100_000)).toBe(true)
  expect(pages).toBeGreaterThan(100)
})

test('newest first gives the same lines in the opposite order', async () => {
  const runId = 'run-backward'
  for (const partition of [0, 1, 2]) await storeLines(runId, 2_000, { partition })
  const forward = await readAll(runId, { limit: 997 })
  const backward = await readAll(runId, { limit: 1_000, direction: 'backward' })
  expect(backward.logs).toEqual(forward.logs.toReversed())
  expect(inOrder(forward.logs)).toBe(true)
})

test('the cursor of a run that was read to its end gives what arrives later, and nothing twice', async () => {
  const runId = 'run-followed'
  await storeLines(runId, 250, { partition: 1 })
  const read = await readAll(runId, { limit: 100 })
  expect(read.logs).toHaveLength(250)
  const idle = await readAll(runId, { limit: 100, cursor: read.cursor })
  expect(idle).toMatchObject({ logs: [], pages: 1 })

  const older = Date.now() - 1_000_000
  await storeLines(runId, 150, { partition: 1, from: 1_000, millis: older })
  await storeLines(runId, 150, { partition: 3, from: 2_000, millis: older })
  await storeLines('run-other', 150, { partition: 1 })
  const later = await readAll(runId, { limit: 100, cursor: idle.cursor })
  const expected = [...Array(150).keys()].flatMap((index) => [`1-${1_000 + index}`, `3-${2_000 + index}`])
  expect(messages(later.logs).sort()).toEqual(expected.sort())
  expect((await readAll(runId, { limit: 100, cursor: later.cursor })).logs).toEqual([])
})

test('a cursor behind all gives what arrives from then on, however old, and nothing twice', async () => {
  const runId = 'run-from-its-end'
  const start = Date.now() - 60_000
  await storeLines(runId, 30, { partition: 1, millis: start })
  const end = await readAll(runId, { cursor: 'end' })
  expect(end).toMatchObject({ logs: [], pages: 1 })
  await storeLines(runId, 10, { partition: 1, from: 30, millis: start - 600_000 })
  await storeLines(runId, 10, { partition: 2, from: 40, millis: start + 1_000 })
  const later = await readAll(runId, { cursor: end.cursor, limit: 3 })
  expect(messages(later.logs)).toEqual([...numbered('1', 30), ...numbered('2', 40)])
  expect((await readAll(runId, { cursor: later.cursor })).logs).toEqual([])
  expect((await api.refused('/workflows/runs/nobody/logs?cursor=end')).status).toBe(404)
})

test('a cursor from before the first line gives all of them', async () => {
  const runId = 'run-not-begun'
  await store.sql`
    INSERT INTO runs (run_id, org_id, execution, status, updated_ns, created_at)
    VALUES (${runId}, 'unassigned', 1, 'RUNNING', 0, now())`
  const before = await readAll(runId, {})
  expect(before.logs).toEqual([])
  // The bridge was behind: the lines are older than the moment at which somebody looked.
  await storeLines(runId, 120, { partition: 6, appendedAt: Date.now() - 3_600_000, millis: Date.now() - 3_600_000 })
  expect((await readAll(runId, { cursor: before.cursor })).logs).toHaveLength(120)
})

test('filters give the matching lines once, also where they are few and far between', async () => {
  const runId = 'run-filtered'
  const start = Date.now() - 60_000
  const entries = Array.from({ length: 60_000 }, (_, index) =>
    logEntry({
      runId,
      message: String(index),
      timestamp: time(start, index),
      ...(index % 20_011 === 20_010 && { level: 'error' as const }),
      ...(index % 3 === 0 && { stream: 'stderr' }),
      ...(index >= 59_000 && { nodeRef: 'deploy', attempt: 2 }),
    }),
  )
  await store.storeLogs(entries)
  const all = entries.map((entry) => entry.message)
  const errors = await readAll(runId, { level: 'error', limit: 1_000 })
  expect(messages(errors.logs)).toEqual(['20010', '40021'])
  expect(errors.pages).toBeGreaterThan(2)
  const backward = await readAll(runId, { level: 'warn,error', limit: 1, direction: 'backward' })
  expect(messages(backward.logs)).toEqual(['40021', '20010'])
  const deployed = await readAll(runId, { nodeRef: 'deploy', attempt: 2, stream: 'stderr', limit: 1_000 })
  expect(messages(deployed.logs)).toEqual(all.slice(59_000).filter((message) => Number(message) % 3 === 0))
  expect((await readAll(runId, { nodeRef: 'deploy', attempt: 1 })).logs).toEqual([])
  const nodes = { nodeRef: ['none', 'build', 'deploy'], since: time(start, 58_990), limit: 7 }
  const both = await readAll(runId, { ...nodes, until: time(start, 59_010) })
  expect(messages(both.logs)).toEqual(all.slice(58_990, 59_011))
  const one = await readAll(runId, { ...nodes, nodeRef: ['none', 'build'] })
  expect(messages(one.logs)).toEqual(all.slice(58_990, 59_000))
  const between = await readAll(runId, { since: time(start, 100), until: time(start, 199), limit: 30 })
  expect(messages(between.logs)).toEqual(all.slice(100, 200))
  expect((await readAll(runId, { since: '30s' })).logs).toEqual([])
})

test('a line comes back as it was, to the last digit', async () => {
  const runId = 'run-exact'
  const timestamp = time(Date.now() - 1_000, 123_456_789)
  const entry = logEntry({
    runId,
    orgId: 'acme',
    workflowId: 'flow',
    timestamp,
    level: 'warn',
    stream: 'terminal',
    message: 'ünï "quoted" \u001b[31mred\u001b[0m \\ 💡',
    trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
    producer: { id: 'producer-exact', seq: 9_007_199_254_740_991 },
  })
  const metadata = '{"big": 12345678901234567890, "nested": [1.10, {"a": null}]}'
  await store.storeLogs([{ ...entry, metadata: {} }])
  await store.sql`UPDATE logs SET metadata = ${metadata}::text::jsonb WHERE job_run_id = ${runId}`
  const response = await fetch(`${api.url}/workflows/runs/${runId}/logs`)
  const text = await response.text()
  expect(text).toContain(metadata)
  const page = JSON.parse(text) as LogPage
  expect(shape(LogPageShape).check(page)).toMatchObject({ ok: true })
  const [log] = page.logs
  expect(log).toEqual({
    ...entry,
    metadata: JSON.parse(metadata),
    effectiveTs: timestamp,
    position: expect.stringMatching(/^0:\d+$/),
    taskRunId: `${runId}/1/build/1`,
  })
})

test('lines without node, organisation or producer have no such fields', async () => {
  const { nodeRef: _, attempt: __, ...job } = logEntry({ runId: 'run-job', type: 'job' })
  await store.storeLogs([job])
  const { logs } = await readAll('run-job', {})
  expect(logs).toEqual([{ ...job, effectiveTs: job.timestamp, position: expect.any(String) }])
})

test('large lines make a page short, never empty', async () => {
  const runId = 'run-wide'
  const message = 'x'.repeat(1_500_000)
  await store.storeLogs(Array.from({ length: 8 }, (_, index) => logEntry({ runId, message: `${index}${message}` })))
  const sizes: number[] = []
  const { logs } = await readAll(runId, { limit: 1_000 }, (page) => void sizes.push(page.logs.length))
  expect(messages(logs).map((text) => text[0])).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  expect(Math.max(...sizes)).toBeLessThanOrEqual(3)
  expect(Math.min(...sizes)).toBeGreaterThan(0)
})

test('a line is written as it was sent, in the order and with the escapes that one from Loki has', async () => {
  const runId = 'run "odd" \\ é'
  const message = `"quoted" \\ a\tb\r\n \b\f \u0001\u001f\u007f\u2028 é 漢 \u{1f600} $& $1 {} , ]`
  const now = Date.now()
  const { schemaVersion, type } = logEntry({ runId })
  const odd: LogEntry = {
    ...{ schemaVersion, type, orgId: 'acme', workflowId: 'a "workflow"', runId, execution: 3 },
    ...{
      nodeRef: 'a "node" \\ \u{1f600}',
      attempt: 7,
      timestamp: time(now - 1_000, 1),
      level: 'error',
      stream: 'terminal',
      message,
    },
    trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
    producer: { id: 'a "producer" \\', seq: 9_007_199_254_740_991 },
  }
  // Its own time is not believed: it has two.
  const late: LogEntry = {
    ...{ schemaVersion, type: 'job', runId, timestamp: time(now - 3 * 3_600_000) },
    ...{ level: 'info', stream: 'stdout', message: '' },
  }
  await store.storeLogs([{ ...odd, metadata: { text: message, n: 1.5, none: null } }, late], {
    partition: 3,
    appendedAt: now,
  })
  const { logs } = await readAll(encodeURIComponent(runId), {})
  const [[, , first], [, , second]] = logs.map(keyOf) as [[bigint, number, bigint], [bigint, number, bigint]]
  const taskRunId = `run "odd" \\ é/3/a "node" \\ \u{1f600}/7`
  const expected = [
    { ...odd, effectiveTs: odd.timestamp, position: `3:${first}`, taskRunId },
    { ...late, effectiveTs: time(now), position: `3:${second}` },
  ].map((line) => JSON.stringify(line))
  const answer = await (await fetch(`${api.url}/workflows/runs/${encodeURIComponent(runId)}/logs`)).text()
  const metadata = `{"n": 1.5, "none": null, "text": ${JSON.stringify(message)}}`
  expect(answer).toContain(`[${expected[0]?.slice(0, -1)},"metadata":${metadata}},${expected[1]}]`)
})

test('a dead letter leaves no gap in the order, only in the offsets', async () => {
  const runId = 'run-gaps'
  await storeLines(runId, 10, { partition: 2 })
  store.skip(TOPICS.logs, 2, 100)
  await storeLines(runId, 10, { partition: 2, from: 10 })
  const { logs } = await readAll(runId, { limit: 7 })
  expect(messages(logs)).toEqual([...Array(20).keys()].map((index) => `2-${index}`))
})

test('a topic that was made anew keeps the older lines readable and refuses older cursors', async () => {
  const runId = 'run-regenerated'
  const hourAgo = Date.now() - 3_600_000
  store.skip(TOPICS.logs, 0, 1_000_000)
  await storeLines(runId, 300, { partition: 0, millis: hourAgo, appendedAt: hourAgo })
  const before = await readAll(runId, { limit: 100 })
  expect(before.logs).toHaveLength(300)
  await store.renewLogTopic()
  expect((await readAll(runId, { limit: 100 })).logs).toEqual(before.logs)
  await storeLines(runId, 30, { partition: 0, from: 1_000 })
  const after = await readAll(runId, { limit: 100 })
  expect(after.logs.slice(0, 300)).toEqual(before.logs)
  expect(after.logs).toHaveLength(330)
  const { status, problem } = await api.refused(`/workflows/runs/${runId}/logs?limit=100&cursor=${before.cursor}`)
  expect({ status, code: problem.code, parameter: problem.parameter }).toEqual({
    ...{ status: 400, code: 'RL_CURSOR_INVALID', parameter: 'cursor' },
  })
})
