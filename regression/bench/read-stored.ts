// Reading what is stored: pages, a trace, a search, an export, and readers who wait for more.

import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LogPage, StoredLog, TracePage } from '@runlight/contracts/api'
import { ROLES } from '@runlight/contracts/tables'
import { temporaryFolder } from '../fixtures/server-process.ts'
import { residentMiB, startApiProcess } from '../reading/api-process.ts'
import type { ApiProcess } from '../reading/api-process.ts'
import { RARE, idleRun, startFullStore } from './full-store.ts'
import { startFollowers } from './followers.ts'
import { percentile, timings } from './reading.ts'
import type { Reading, ReadingFigure } from './reading.ts'

export interface ReadStoredOptions {
  /** Lines of the long run. */
  lines: number
  /** Readers who wait. */
  followers: number
  /** Heap of the API, in MiB. */
  heapMiB: number
}

const LONG = 'run-long'
const SHORT = 'run-short'
const TRACED = 'run-traced'
const PAGE = 100
const EVENTS = 10_000
/** How often each request is repeated where its time counts. */
const REPEATS = 300
/** How long nothing is done while the CPU of waiting readers is taken, in milliseconds. */
const QUIET_MS = 15_000

export async function measureStored({ lines, followers, heapMiB }: ReadStoredOptions): Promise<Reading> {
  const before = loadavg()[0] ?? 0
  const store = await startFullStore({
    lines: { [LONG]: lines, [SHORT]: Math.ceil(lines / 10) },
    events: { [TRACED]: EVENTS },
    idleRuns: followers,
  })
  const api = await startApiProcess({ postgresUrl: store.server.url(ROLES.reader), heapMiB })
  try {
    const figures = [
      ...(await idle(api)),
      ...(await pages(api, lines)),
      ...(await trace(api)),
      ...(await search(api, lines)),
      ...(await exports(api, lines)),
      ...(await waiting(store.server.url(ROLES.reader), followers, heapMiB)),
    ]
    const load: [number, number] = [before, loadavg()[0] ?? 0]
    const about = `a run of ${lines} lines, one of ${EVENTS} events`
    return { name: 'Reading what is stored', about, load, cpus: cpus().length, figures }
  } finally {
    await api.stop()
    await store.stop()
  }
}

async function get<T>(
  api: ApiProcess,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<T> {
  const address = new URL(path, api.url)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, value)
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** The first page beside the last one that is reached by going on, in turns. */
async function pages(api: ApiProcess, lines: number): Promise<ReadingFigure[]> {
  const path = `/workflows/runs/${LONG}/logs`
  const page = (cursor?: string) => get<LogPage>(api, path, { cursor, limit: String(PAGE) })
  let [cursor, last, number, seen] = [undefined as string | undefined, undefined as string | undefined, 0, 0]
  const begun = performance.now()
  for (let more = true; more; number++) {
    const { logs, hasMore, nextCursor } = await page(cursor)
    seen += logs.length
    last = cursor
    ;[cursor, more] = [nextCursor, hasMore]
  }
  const walk = performance.now() - begun
  if (seen !== lines) throw new Error(`${seen} lines of ${lines} were read.`)
  const [firsts, lasts]: [number[], number[]] = [[], []]
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    firsts.push(await timed(() => page()))
    lasts.push(await timed(() => page(last)))
  }
  return [
    ...timings(`first page of ${PAGE} lines`, firsts, 50),
    ...timings(`page ${number}`, lasts),
    { what: `page ${number} over page 1, medians`, value: ratio(lasts, firsts), unit: 'times', target: 1.2 },
    { what: `all pages one after another, each`, value: walk / number, unit: 'ms' },
    await cpuOf(api, 'a first page', REPEATS, () => page()),
  ]
}

const ratio = (some: readonly number[], others: readonly number[]) => percentile(some, 0.5) / percentile(others, 0.5)

/** The longest that a machine can hold up an answer without any work. */
async function idle(api: ApiProcess): Promise<ReadingFigure[]> {
  const times: number[] = []
  for (let repeat = 0; repeat < REPEATS; repeat++)
    times.push(await timed(async () => (await fetch(`${api.url}/healthz`)).text()))
  return timings('an answer without work, for what the machine adds', times)
}

/** CPU that the API takes for one of so many requests, one after another. */
async function cpuOf(
  api: ApiProcess,
  what: string,
  repeats: number,
  request: () => Promise<unknown>,
): Promise<ReadingFigure> {
  const before = api.cpu()
  for (let repeat = 0; repeat < repeats; repeat++) await request()
  return { what: `CPU of the API for ${what}`, value: ((api.cpu() - before) / repeats) * 1000, unit: 'ms' }
}

async function trace(api: ApiProcess): Promise<ReadingFigure[]> {
  const path = `/workflows/runs/${TRACED}/trace`
  const whole = async (limit: number) => {
    let seen = 0
    for (let cursor: string | undefined, more = true; more;) {
      const page = await get<TracePage>(api, path, { cursor, limit: String(limit) })
      seen += page.events.length
      ;[cursor, more] = [page.nextCursor, page.hasMore]
    }
    if (seen !== EVENTS) throw new Error(`${seen} events of ${EVENTS} were read.`)
  }
  const [first, paged, once, folded]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let repeat = 0; repeat < REPEATS / 10; repeat++) {
    first.push(await timed(() => get(api, path, { limit: '1000' })))
    paged.push(await timed(() => whole(1_000)))
    once.push(await timed(() => whole(EVENTS)))
    folded.push(await timed(() => get(api, `/workflows/runs/${TRACED}/timeline`)))
  }
  return [
    ...timings(`trace of ${EVENTS} events, its first 1000`, first),
    ...timings(`trace of ${EVENTS} events, all of it in one page`, once, 100),
    await cpuOf(api, 'all of a trace in one page', 20, () => whole(EVENTS)),
    ...timings(`all of it in pages of 1000`, paged),
    await cpuOf(api, 'all of a trace in pages of 1000', 20, () => whole(1_000)),
    ...timings(`timeline of ${EVENTS} events`, folded),
    await cpuOf(api, 'a timeline', 20, () => get(api, `/workflows/runs/${TRACED}/timeline`)),
  ]
}

async function search(api: ApiProcess, lines: number): Promise<ReadingFigure[]> {
  const times: number[] = []
  let found = 0
  for (let cursor: string | undefined, more = true; more;) {
    let page: LogPage | undefined
    const query = { grep: RARE.word, limit: String(PAGE), cursor }
    times.push(await timed(async () => (page = await get<LogPage>(api, `/workflows/runs/${LONG}/logs`, query))))
    found += page?.logs.length ?? 0
    ;[cursor, more] = [page?.nextCursor, page?.hasMore ?? false]
  }
  const wanted = Math.floor((lines + RARE.every / 2 - 1) / RARE.every)
  if (found !== wanted) throw new Error(`The rare word was found ${found} times instead of ${wanted}.`)
  const whole = times.reduce((sum, time) => sum + time, 0)
  return [
    { what: `a rare word in ${lines} lines, all requests`, value: whole / 1000, unit: 's' },
    { what: 'lines searched a second', value: (lines / whole) * 1000, unit: 'lines/s' },
    { what: `requests for that`, value: times.length, unit: '' },
    ...timings('one of them', times),
  ]
}

async function exports(api: ApiProcess, lines: number): Promise<ReadingFigure[]> {
  const folder = await temporaryFolder('export')
  try {
    const few = await exportOf(api, SHORT, join(folder.path, 'short.ndjson'))
    const many = await exportOf(api, LONG, join(folder.path, 'long.ndjson'))
    if (many.lines !== lines) throw new Error(`${many.lines} lines of ${lines} were exported.`)
    return [
      { what: `export of ${few.lines} lines by the command, peak memory`, value: few.peakMiB, unit: 'MiB' },
      { what: `export of ${lines} lines, peak memory`, value: many.peakMiB, unit: 'MiB' },
      { what: 'the one over the other', value: many.peakMiB / few.peakMiB, unit: 'times', target: 1.2 },
      { what: `export of ${lines} lines`, value: lines / many.seconds, unit: 'lines/s' },
    ]
  } finally {
    await folder.remove()
  }
}

async function exportOf(api: ApiProcess, runId: string, file: string) {
  const bin = fileURLToPath(new URL('../../packages/cli/bin/runlight.mjs', import.meta.url))
  const args = ['logs', runId, '--export', 'ndjson', '-o', file]
  const begun = performance.now()
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, RUNLIGHT_API_URL: api.url },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  let [peakMiB, done] = [0, false]
  void ended.then(() => (done = true))
  while (!done) {
    peakMiB = Math.max(peakMiB, peakOf(child.pid as number))
    await Promise.race([ended, sleep(50)])
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`The export ended with ${code}.`)
  const seconds = (performance.now() - begun) / 1000
  let lines = 0
  let [previous, inOrder] = [0, true]
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const time = Date.parse((JSON.parse(text) as StoredLog).effectiveTs)
    if (time < previous) inOrder = false
    previous = time
    lines++
  }
  if (!inOrder) throw new Error('The lines of the export are not in their order.')
  return { peakMiB, seconds, lines }
}

/** 0 for a process that has ended. */
function peakOf(pid: number): number {
  try {
    return residentMiB(pid, 'VmHWM') || 0
  } catch {
    return 0
  }
}

/** What the API takes for readers to whom nothing happens: all of one run, and each of a run of its own. */
async function waiting(postgresUrl: URL, count: number, heapMiB: number): Promise<ReadingFigure[]> {
  const figures: ReadingFigure[] = []
  for (const [what, runOf] of [
    ['of one run', () => idleRun(0)],
    ['of a run each', idleRun],
  ] as const) {
    const api = await startApiProcess({ postgresUrl, heapMiB })
    const addresses = Array.from({ length: count }, (_, index) => `${api.url}/workflows/runs/${runOf(index)}/stream`)
    try {
      // What the first stream needs in any case is not theirs.
      const first = await startFollowers({ addresses: addresses.slice(0, 1), parsing: 0 })
      await first.stop()
      const before = api.memory()
      const followers = await startFollowers({ addresses, parsing: 0 })
      const [cpu, at] = [api.cpu(), performance.now()]
      await sleep(QUIET_MS)
      const share = (api.cpu() - cpu) / ((performance.now() - at) / 1000)
      const after = api.memory()
      await followers.stop()
      figures.push(
        { what: `memory of the API before ${count} readers ${what}`, value: before, unit: 'MiB' },
        { what: `with them`, value: after, unit: 'MiB', target: 286 },
        { what: 'CPU of the API a second while nothing happens', value: share, unit: 'CPU s' },
      )
    } finally {
      await api.stop()
    }
  }
  return figures
}
