// Loki was given plain lines: what it alone still has lacks fields, and the answer says so.

import type { LogPage, StoredLog } from '@runlight/contracts/api'
import type { UnifiedLogPage } from '@runlight/contracts/api-unified'
import { LABEL_MODES } from '@runlight/contracts/labels'
import type { LabelMode } from '@runlight/contracts/labels'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBothStores } from '../test/both-stores.fixture.ts'
import type { BothStores } from '../test/both-stores.fixture.ts'
import { eventually } from '../test/live.fixture.ts'
import { logEntry, time } from '../test/records.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

const DAY_MS = 86_400_000
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS
const RUN = 'run-plain'

let stores: BothStores | undefined
let store: TraceStore
let api: BothStores['api']

beforeAll(async () => {
  stores = await startBothStores({ lines: 'plain' })
  ;({ store, api } = stores)
  for (const [daysAgo, from] of [
    [2, 0],
    [0, 60],
  ] as const) {
    const appendedAt = daysAgo === 0 ? Date.now() : TODAY - 1.5 * DAY_MS
    const entries = Array.from({ length: 60 }, (_, index) => entryAt(appendedAt, from + index))
    for (const partition of [0, 1]) {
      await store.storeLogs(
        entries.filter((__, index) => index % 2 === partition),
        { partition, appendedAt },
      )
    }
  }
})
afterAll(() => stores?.stop())

/** Times of every precision, one to be skewed; messages that look like records; metadata and traces. */
function entryAt(appendedAt: number, number: number): LogEntry {
  const kind = number % 6
  const own = appendedAt - 10_000 + Math.floor(number / 4)
  const entry = logEntry({
    ...{ runId: RUN, workflowId: 'audit', message: `line ${number}`, level: number % 5 ? 'info' : 'error' },
    timestamp: kind === 0 ? time(own, 123_456) : kind === 1 ? time(own, 5_000) : kind === 2 ? time(1e12) : time(own),
    ...(kind === 3 && { metadata: { some: 'thing' }, trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } }),
    ...(kind !== 4 && { producer: { id: 'plain', seq: number + 1 } }),
  })
  if (kind === 5) return { ...entry, message: JSON.stringify({ ...entry, message: 'not this one', stream: 'stderr' }) }
  if (kind !== 4) return entry
  const { nodeRef: _node, attempt: _attempt, ...job } = entry
  return { ...job, type: 'job' }
}

async function readAll(mode: LabelMode, query: Readonly<Record<string, string | number>> = {}) {
  const logs: StoredLog[] = []
  const reasons = new Set<string>()
  let cursor: string | undefined
  for (;;) {
    const page = await api(mode).get<LogPage>(`/workflows/runs/${RUN}/logs`, {
      limit: 7,
      ...query,
      cursor,
    })
    logs.push(...page.logs)
    for (const { component, reason } of page.degraded ?? []) reasons.add(`${component}: ${reason}`)
    if (!page.hasMore) return { logs, reasons: [...reasons] }
    cursor = page.nextCursor
  }
}

test('older lines keep their order, times and identity, lack the rest, and are marked', async () => {
  await eventually(async () => (await readAll('perRun')).reasons).toEqual([])
  const whole = (await readAll('perRun')).logs
  expect(whole).toHaveLength(120)
  const day = new Date(TODAY - 2 * DAY_MS).toISOString().slice(0, 10)
  await store.sql`SELECT runlight_drop_log_partition(${day}::date)`
  for (const mode of LABEL_MODES) {
    // Labels of a run alone do not name its workflow.
    const known = ({ metadata: _metadata, trace: _trace, ...line }: StoredLog): StoredLog => {
      const { workflowId, ...rest } = line
      return mode === 'bounded' && workflowId !== undefined ? { ...rest, workflowId } : rest
    }
    const expected = whole.map((line, index) => (index < 60 ? known(line) : line))
    const { logs, reasons } = await readAll(mode)
    expect(logs).toEqual(expected)
    expect(reasons).toEqual([expect.stringMatching(/^loki: It holds the older of these lines as plain text/)])
    expect((await readAll(mode, { direction: 'backward' })).logs).toEqual(expected.toReversed())
    const errors = await readAll(mode, { level: 'error', grep: 'line' })
    expect(errors.logs).toEqual(expected.filter(({ level, message }) => level === 'error' && message.includes('line')))
    const recent = await readAll(mode, { since: time(TODAY - DAY_MS) })
    expect([recent.logs.length, recent.reasons]).toEqual([60, []])
  }
})

test('the lists by type mark them too', async () => {
  const own = api('perRun')
  const page = await own.get<UnifiedLogPage>('/api/v1/logs/type/job', { limit: 5 })
  expect(page.logs.map(({ message }) => message)).toEqual(['line 4', 'line 10', 'line 16', 'line 22', 'line 28'])
  expect(page.degraded).toMatchObject([{ component: 'loki' }])
  const newest = await own.get<UnifiedLogPage>('/api/v1/logs/type/job', { limit: 5, direction: 'backward' })
  expect([newest.logs.length, newest.degraded]).toEqual([5, undefined])
})
