// `runlight logs` for components, followed lines and exports, against the real API.

import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import { account, closed, logEntry, time, traceEvent } from '@runlight/api/test/records.fixture'
import { startTraceStore } from '@runlight/api/test/trace-store.fixture'
import type { TraceStore } from '@runlight/api/test/trace-store.fixture'
import type { LogEntry } from '@runlight/contracts/log-entry'
import type { TraceEvent } from '@runlight/contracts/trace-event'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startProxy } from '../../../regression/fixtures/tcp-proxy.ts'
import { linesOf, runlight, startMeasured, startRunlight } from './runlight.fixture.ts'
import type { RunningCommand } from './runlight.fixture.ts'

const RUN = 'run-followed'
const START = Date.now() - 60_000
const WAIT = { timeout: 60_000, interval: 50 }

let store: TraceStore
let api: TestApi
let started: RunningCommand | undefined

const env = () => ({ RUNLIGHT_API_URL: api.url })
const follow = (...args: string[]) => (started = startRunlight(args, env()))

function systemEntry(component: string, second: number, fields: Partial<LogEntry> = {}): LogEntry {
  const { runId: _, nodeRef: __, execution: ___, attempt: ____, ...entry } = logEntry({ runId: '' })
  return {
    ...entry,
    ...{ type: 'system', component, stream: 'system', timestamp: time(START + second * 1000) },
    message: `${component} ${second}`,
    ...fields,
  }
}

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  await store.storeEvents([traceEvent({ runId: RUN, type: 'RUN_STARTED', timestamp: time(START) })])
  await store.storeLogs([
    systemEntry('bus', 1),
    systemEntry('postgres', 2, {
      level: 'error',
      message: 'no room\nDETAIL: disk',
      metadata: { path: '/data', pid: 7 },
    }),
    systemEntry('bus', 3),
    logEntry({ runId: RUN, message: 'say "hi",\nplease', timestamp: time(START + 4_000), metadata: { a: 1 } }),
    logEntry({ runId: RUN, message: 'second', timestamp: time(START + 5_000) }),
  ])
})
afterEach(async () => {
  await started?.end('SIGKILL')
  started = undefined
})
afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

describe('components', () => {
  test('all of them, aligned, each row with its prefix, errors with what was said beside', async () => {
    const { code, out } = await runlight(['logs'], env())
    expect(code).toBe(0)
    expect(linesOf(out)).toEqual([
      'bus      | bus 1',
      'postgres | ERROR no room path=/data',
      'postgres | DETAIL: disk',
      'bus      | bus 3',
    ])
  })

  test('those that -c names, where no run is named', async () => {
    expect(linesOf((await runlight(['logs', '-c', 'bus'], env())).out)).toEqual(['bus | bus 1', 'bus | bus 3'])
    const both = (await runlight(['logs', '-c', 'bus', '-c', 'postgres', '--json'], env())).out
    expect((await runlight(['logs', '-c', 'bus,postgres', '--json'], env())).out).toBe(both)
    expect(linesOf(both)).toHaveLength(3)
  })

  test('without what is excluded, with what is highlighted', async () => {
    const { out } = await runlight(['logs', '-n', '2', '-e', 'no ro+m', '-e', 'other', '-H', '\\d'], {
      ...env(),
      FORCE_COLOR: '1',
    })
    expect(linesOf(out).map((line) => line.split('\u001b[39m ')[1])).toEqual([
      'bus \u001b[7m1\u001b[27m',
      'bus \u001b[7m3\u001b[27m',
    ])
    expect((await runlight(['logs', '-e', '('], env())).code).toBe(2)
  })

  test('those that are named, filtered, with times, without prefix', async () => {
    const { out } = await runlight(['logs', 'bus', '-n', '1', '-t', '--no-log-prefix'], env())
    expect(linesOf(out)).toEqual([`${time(START + 3_000)} bus 3`])
    expect(linesOf((await runlight(['logs', 'bus', 'postgres', '-l', 'Error', '-i', 'ro+m'], env())).out)).toHaveLength(
      2,
    )
  })

  test('each in a colour of its own, where colour is wanted', async () => {
    const { out } = await runlight(['logs'], { ...env(), FORCE_COLOR: '1' })
    expect(out).toContain('\u001b[32mbus      |\u001b[39m bus 1')
    expect(out).toContain('\u001b[34mpostgres |\u001b[39m \u001b[31mERROR\u001b[39m \u001b[31mno room\u001b[39m')
  })

  test('a name that is nobody: 1, with those that there are', async () => {
    const { code, err } = await runlight(['logs', 'bus', 'buss'], env())
    expect(code).toBe(1)
    const there = 'The components are api, bus, loki, postgres, temporal.'
    expect(err).toBe(`There is no component "buss". ${there} Of runs, only one can be named at a time.\n`)
    expect((await runlight(['logs', 'buss'], env())).err).toBe(`There is no run or component "buss". ${there}\n`)
  })

  test('followed: what comes is shown once, until Ctrl-C', async () => {
    const command = follow('logs', 'bus', '-f', '-n', '1')
    await vi.waitFor(() => expect(linesOf(command.out())).toEqual(['bus | bus 3']), WAIT)
    await store.storeLogs([systemEntry('bus', 60), systemEntry('postgres', 61), systemEntry('bus', 62)])
    await vi.waitFor(
      () => expect(linesOf(command.out())).toEqual(['bus | bus 3', 'bus | bus 60', 'bus | bus 62']),
      WAIT,
    )
    expect(await command.end('SIGINT')).toMatchObject({ code: 130, err: '' })
  })
})

describe('a run', () => {
  test('is followed, over lost connections, and watched until it has ended', async () => {
    const proxy = await startProxy(Number(new URL(api.url).port))
    try {
      const logs = startRunlight(['logs', RUN, '-f', '--json', '--api', `http://127.0.0.1:${proxy.port}`], {})
      const watch = (started = startRunlight(['watch', RUN, '--api', `http://127.0.0.1:${proxy.port}`], {}))
      const messages = () => linesOf(logs.out()).map((line) => (JSON.parse(line) as { message: string }).message)
      const said = ['say "hi",\nplease', 'second']
      await vi.waitFor(() => expect(messages()).toEqual(said), WAIT)
      for (let round = 0; round < 5; round++) {
        proxy.cut()
        said.push(`after cut ${round}`)
        await store.storeLogs([logEntry({ runId: RUN, message: `after cut ${round}` })])
        await vi.waitFor(() => expect(messages()).toEqual(said), WAIT)
      }
      const node = { runId: RUN, nodeRef: 'build', timestamp: time(START + 30_000) }
      await store.storeEvents([traceEvent({ ...node, type: 'NODE_STARTED' })])
      await vi.waitFor(() => expect(watch.out()).toMatch(/▶ build started$/m), WAIT)
      await store.storeEvents([
        traceEvent({
          runId: RUN,
          type: 'RUN_FAILED',
          timestamp: time(START + 31_000),
          data: { attempts: [] },
          error: { message: 'no way on', type: 'Error', retryable: false },
        }),
      ])
      expect((await logs.ended).code).toBe(0)
      expect(messages()).toEqual(said)
      const { code, out } = await watch.ended
      expect(code).toBe(3)
      expect(linesOf(out).map((line) => line.replace(/^\S+Z /, ''))).toEqual([
        '▶ run started',
        '▶ build started',
        '✗ run failed: no way on',
        expect.stringMatching(/^FAILED, after 31\.00s/) as string,
      ])
    } finally {
      await proxy.close()
    }
  })

  test('shows its nodes in columns, rows with their head, and nothing that could steer a terminal', async () => {
    const said = { runId: 'run-looks', timestamp: time(START) }
    await store.storeLogs([
      logEntry({ ...said, nodeRef: 'a', message: 'one\ntwo \u001b]0;title\u0007' }),
      logEntry({ ...said, nodeRef: 'longer', attempt: 2, message: '\u001b[32mthree\u001b[0m' }),
      logEntry({ ...said, nodeRef: 'a', message: 'four' }),
    ])
    const { out } = await runlight(['logs', 'run-looks'], env())
    expect(linesOf(out)).toEqual(['a one', 'a two \\x1b]0;title\\x07', 'longer#2 three', 'a        four'])
    expect(linesOf((await runlight(['logs', 'run-looks', '--no-log-prefix', '-n', '1'], env())).out)).toEqual(['four'])
    const nodes = ['-c', 'none', '-c', 'longer', '--attempt', '2']
    expect(linesOf((await runlight(['logs', 'run-looks', ...nodes], env())).out)).toEqual(['longer#2 three'])
    const both = await runlight(['logs', 'run-looks', '-c', 'longer', '-c', 'a', '-n', '2'], env())
    expect(linesOf(both.out)).toEqual(['longer#2 three', 'a        four'])
  })

  test('that has ended while lines of it may be under way: 7, with what to do, and what came is kept', async () => {
    const sent = account({ producerId: 'late', count: 2, lastSeq: 2, positions: [{ partition: 0, offset: '1000000' }] })
    const data = { logs: sent, events: account({ producerId: 'late' }) }
    await endLongAgo('run-short', closed('run-short', data, { timestamp: time(START) }))
    const folder = mkdtempSync(join(tmpdir(), 'runlight-export-'))
    const file = join(folder, 'run.json')
    const { code, err } = await runlight(['logs', 'run-short', '-f', '--export', 'json', '-o', file], env())
    const open =
      'run-short has ended, but not all that it sent is known to have arrived (postgres arriving, loki unknown)'
    const may = 'some may be missing here, or still be under way.'
    const see = '`runlight status run-short` says what is missing.\n'
    const since = 'The same command without -f gives the lines that have come since.'
    expect([code, err]).toEqual([7, `${open}: ${may} ${since} ${file} holds those that had come. ${see}`])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1)
    rmSync(folder, { recursive: true })
    const watched = await runlight(['watch', 'run-short'], env())
    const events = '`runlight watch run-short` gives the events that have come since.'
    expect([watched.code, watched.err]).toEqual([0, `${open}: ${may} ${events} ${see}`])
  })

  test('that has ended, and is not known to be in Loki: 0, and it is said', async () => {
    const data = { logs: account({ producerId: 'a', positions: [{ partition: 0, offset: '0' }] }) }
    const events = account({ producerId: 'b' })
    await endLongAgo('run-lokiless', closed('run-lokiless', { ...data, events }, { timestamp: time(START) }))
    for (const command of [['logs', '-f'], ['watch']]) {
      const { code, err } = await runlight([...command, 'run-lokiless'], env())
      const here = 'run-lokiless has ended, and all that it sent has arrived; not all is known to be in Loki'
      const see = '`runlight status run-lokiless` says what is missing.\n'
      expect([code, err]).toEqual([0, `${here} (postgres complete, loki unknown): ${see}`])
    }
  })

  /** A run with one line whose time to arrive is over. */
  async function endLongAgo(runId: string, close: TraceEvent): Promise<void> {
    const data = { attempts: [{ nodeRef: 'build', attempt: 1 }] }
    const timestamp = time(START)
    await store.storeLogs([logEntry({ runId, timestamp })])
    await store.storeEvents([
      traceEvent({ runId, type: 'RUN_STARTED', timestamp }),
      close,
      traceEvent({ runId, type: 'RUN_COMPLETED', timestamp, data }),
    ])
  }

  test('that has ended is printed, and that is all', async () => {
    const { code, out } = await runlight(['logs', RUN, '-f', '-n', '2'], env())
    expect([code, linesOf(out).length]).toEqual([0, 2])
    expect((await runlight(['watch', RUN, '--json'], env())).code).toBe(3)
    expect((await runlight(['watch', 'run-none'], env())).code).toBe(1)
  })
})

describe('exports', () => {
  test('as CSV, JSON and JSON lines', async () => {
    const [head, ...rows] = (await runlight(['logs', RUN, '--export', 'csv', '-n', '7'], env())).out.split('\n')
    expect(head).toMatch(/^effectiveTs,timestamp,type,component,runId,/)
    expect(rows.slice(0, 2).join('\n')).toContain(',info,stdout,"say ""hi"",\nplease","{""a"":1}",')
    const all = JSON.parse((await runlight(['logs', RUN, '--export', 'json'], env())).out) as LogEntry[]
    const lines = linesOf((await runlight(['logs', RUN, '--export', 'ndjson'], env())).out)
    expect(lines.map((line) => JSON.parse(line) as LogEntry)).toEqual(all)
    expect(all).toHaveLength(7)
    const none = (await runlight(['logs', RUN, '--export', 'json', '-g', 'never said'], env())).out
    expect(JSON.parse(none)).toEqual([])
  })

  test('into a file that is there when it is whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runlight-export-'))
    const file = join(folder, 'run.ndjson')
    expect(await runlight(['logs', RUN, '--export', 'ndjson', '-o', file], env())).toMatchObject({ code: 0, out: '' })
    expect(linesOf(readFileSync(file, 'utf8'))).toHaveLength(7)
    const refused = await runlight(['logs', RUN, '-g', '(', '-o', join(folder, 'none')], env())
    expect(refused.code).toBe(1)
    expect(readdirSync(folder)).toEqual(['run.ndjson'])
    rmSync(folder, { recursive: true })
  })

  test('into something that cannot be written: 1, with the reason', async () => {
    for (const file of ['/dev/full', '/dev/null/none']) {
      const { code, err } = await runlight(['logs', RUN, '-o', file], env())
      expect([code, err]).toEqual([1, expect.stringMatching(new RegExp(`^${file} cannot be written: E[A-Z]+`))])
    }
    expect(await runlight(['logs', RUN, '-o', ''], env())).toMatchObject({ code: 2, out: '' })
  })

  test('of what is followed: whole when Ctrl-C ends it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runlight-export-'))
    const command = follow('logs', 'bus', '-f', '-n', '1', '--export', 'json', '-o', join(folder, 'bus.json'))
    const size = () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    await vi.waitFor(() => expect(size()).toBeGreaterThan(10), WAIT)
    expect(await command.end('SIGINT')).toMatchObject({ code: 130, err: '' })
    expect(readdirSync(folder)).toEqual(['bus.json'])
    expect(JSON.parse(readFileSync(join(folder, 'bus.json'), 'utf8'))).toHaveLength(1)
    rmSync(folder, { recursive: true })
  })
})

describe('a large run', () => {
  const [SMALL, LARGE] = ['run-small', 'run-large']
  const folder = mkdtempSync(join(tmpdir(), 'runlight-large-'))
  const file = join(folder, 'out.ndjson')

  beforeAll(async () => {
    for (const [runId, count] of [
      [SMALL, 10_000],
      [LARGE, 100_000],
    ] as const) {
      for (let from = 0; from < count; from += 5_000) {
        await store.storeLogs(
          Array.from({ length: 5_000 }, (_, index) =>
            logEntry({ runId, message: `${from + index} ${'x'.repeat(100)}`, timestamp: time(START, from + index) }),
          ),
        )
      }
    }
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function exported(runId: string, ...filters: string[]) {
    const args = ['logs', runId, '--export', 'ndjson', '-o', file, ...filters]
    const command = (started = startMeasured(args, env(), join(folder, 'peak')))
    expect(await command.ended).toMatchObject({ code: 0, err: '' })
    const lines = linesOf(readFileSync(file, 'utf8'))
    const numbers = lines.map((line) => Number((JSON.parse(line) as LogEntry).message.split(' ')[0]))
    return { numbers, memory: command.peakMemory() }
  }

  test('is exported in order, whole or filtered, by about the memory that a small one takes', async () => {
    const small = await exported(SMALL)
    const large = await exported(LARGE)
    const filtered = await exported(LARGE, '-g', '^[0-9]*7 ')
    expect(large.numbers).toEqual([...Array(100_000).keys()])
    expect(filtered.numbers).toEqual([...Array(100_000).keys()].filter((number) => number % 10 === 7))
    // Ten times as many lines, which are 40 MB of text: the pages are let go of.
    expect(large.memory).toBeLessThan(small.memory + 40)
    expect(filtered.memory).toBeLessThan(small.memory + 40)
  })

  test('is not half there when Ctrl-C ends an export', async () => {
    rmSync(file, { force: true })
    const command = follow('logs', LARGE, '--export', 'csv', '-o', file)
    await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(1), WAIT)
    expect((await command.end('SIGINT')).code).toBe(130)
    expect(readdirSync(folder)).toEqual([])
  })
})
