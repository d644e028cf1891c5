// The command as a person runs it, against the real API.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startTestApi } from '@runlight/api/test/api.fixture'
import type { TestApi } from '@runlight/api/test/api.fixture'
import { logEntry, time, traceEvent } from '@runlight/api/test/records.fixture'
import { startTraceStore } from '@runlight/api/test/trace-store.fixture'
import type { TraceStore } from '@runlight/api/test/trace-store.fixture'
import { freePorts } from '../../../regression/fixtures/server-process.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { completionScript } from './commands/completion.ts'
import { BIN, linesOf, runlight as runCommand } from './runlight.fixture.ts'

const RUN = 'run-shown'
const START = Date.now() - 60_000

let store: TraceStore
let api: TestApi

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  const node = { nodeRef: 'build', runId: RUN }
  await store.storeEvents([
    traceEvent({ runId: RUN, type: 'RUN_STARTED', workflowId: 'audit', timestamp: time(START) }),
    traceEvent({ ...node, type: 'NODE_SCHEDULED', timestamp: time(START), causes: ['1//1/RUN_STARTED'] }),
    traceEvent({ ...node, type: 'NODE_STARTED', timestamp: time(START + 100), causes: ['1/build/1/NODE_SCHEDULED'] }),
    traceEvent({ ...node, type: 'NODE_COMPLETED', timestamp: time(START + 1_100), causes: ['1/build/1/NODE_STARTED'] }),
    traceEvent({ runId: RUN, type: 'RUN_COMPLETED', timestamp: time(START + 1_250), data: { attempts: [] } }),
  ])
  await store.storeLogs(
    Array.from({ length: 20_000 }, (_, index) =>
      logEntry({
        runId: RUN,
        timestamp: time(START, index),
        message: `line ${index}`,
        ...(index === 7 && { level: 'error' as const, stream: 'stderr' }),
      }),
    ),
  )
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

const environment = () => ({ ...process.env, RUNLIGHT_API_URL: api.url })

const runlight = (args: readonly string[], env: NodeJS.ProcessEnv = {}, lines?: number) =>
  runCommand(args, { RUNLIGHT_API_URL: api.url, ...env }, lines)

test('runs', async () => {
  const { code, out } = await runlight(['runs'])
  expect(code).toBe(0)
  expect(out).toBe(`${time(START)}  COMPLETED  ${RUN}  audit  1/1  1.25s\n`)
  expect(JSON.parse((await runlight(['runs', '--json', '-n', '1'])).out)).toMatchObject({ runId: RUN })
  expect((await runlight(['runs', '--since', '1h30m', '--status', 'COMPLETED'])).out).toBe(out)
  expect(await runlight(['runs', '--until', '2020-01-01'])).toMatchObject({ code: 0, out: '' })
})

test('status', async () => {
  const { code, out } = await runlight(['status', RUN])
  expect(code).toBe(0)
  expect(out).toMatch(/^status +COMPLETED$/m)
  expect(out).toMatch(/^progress +1 of 1 nodes$/m)
  expect(out).toMatch(/^postgres +complete$/m)
  expect(JSON.parse((await runlight(['status', RUN, '--json'])).out)).toMatchObject({ status: 'COMPLETED' })
})

test('status of the components', async () => {
  const { code, out } = await runlight(['status'])
  expect(code).toBe(0)
  const [head, ...rows] = linesOf(out)
  expect(head).toMatch(/^component +health +version +behind +last line +lines$/)
  expect(rows.find((row) => row.startsWith('postgres'))).toMatch(/^postgres +ok +18\.\d/)
  expect(JSON.parse((await runlight(['status', '--json'])).out)).toHaveProperty('components')
})

test('doctor', async () => {
  // Of this stack there is nothing but PostgreSQL.
  const { code, out } = await runlight(['doctor'])
  expect(code).toBe(1)
  expect(out).toMatch(/^✔ postgres 18\.\d+ answers\.$/m)
  expect(out).toMatch(/^✖ loki does not answer: .*\n {2}next: See `runlight logs loki -n 50`/m)
  expect(out).toMatch(/^! No line of the log collector has arrived/m)
  const [nobody] = await freePorts(1)
  const away = await runlight(['doctor', '--json'], { RUNLIGHT_API_URL: `http://127.0.0.1:${nobody}` })
  expect(away.code).toBe(1)
  expect(JSON.parse(away.out)).toMatchObject([{ state: 'bad' }])
})

test('completion', async () => {
  // What asks the API is given up after two seconds, so on a busy machine it may take another try.
  const complete = async (...words: string[]) => linesOf((await runlight(['__complete', ...words])).out)
  expect(await complete('l')).toEqual(['logs'])
  await expect.poll(() => complete('status', 'run-')).toEqual([RUN])
  expect(await complete('logs', '-l', 'w')).toEqual(['warn'])
  expect(await complete('logs', RUN, '--export', '')).toEqual(['json', 'csv', 'ndjson'])
  expect(await complete('logs', '--ti')).toEqual(['--timestamps'])
  expect(await complete('dlq', 's')).toEqual(['show'])
  expect(await complete('completion', 'z')).toEqual(['zsh'])
  const elsewhere = { RUNLIGHT_API_URL: 'http://127.0.0.1:1' }
  for (const named of [['--api', api.url], ['--api', '=', api.url], [`--api=${api.url}`]]) {
    const args = ['__complete', ...named, 'status', 'run-']
    await expect.poll(async () => linesOf((await runlight(args, elsewhere)).out)).toEqual([RUN])
  }
  expect(await complete('--api', '=', 'x', 'l')).toEqual(['logs'])
  expect(await complete('logs', '-l', 'warn,')).toEqual(['warn,debug', 'warn,info', 'warn,error'])
  expect(await complete('logs', '--level=w')).toEqual(['--level=warn'])
  expect(await complete('logs', '--level', '=', 'w')).toEqual(['warn'])
  await expect.poll(() => complete('logs', RUN, '-c', '')).toEqual(['build'])
  expect((await runlight(['completion', 'bash'])).out).toBe(completionScript('bash'))
})

describe('completion in bash', () => {
  /** What bash puts in the place of the last word; it has parted the words at colons. */
  const completed = async (line: string, ...words: string[]) => {
    const program = `
      runlight() { "${process.execPath}" "${BIN}" "$@"; }
      ${completionScript('bash')}
      COMP_WORDS=(runlight "$@") COMP_CWORD=$# COMP_LINE=$LINE COMP_POINT=\${#LINE}
      _runlight
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { ...environment(), LINE: line }
    const { stdout } = await promisify(execFile)('bash', ['-c', program, 'bash', ...words], { env })
    return linesOf(stdout)
  }

  test('words, options, and the address that is asked', async () => {
    await expect.poll(() => completed('runlight tr', 'tr')).toEqual(['trace'])
    await expect.poll(() => completed('runlight logs --level=w', 'logs', '--level', '=', 'w')).toEqual(['warn'])
    const { port } = new URL(api.url)
    const elsewhere = ['--api', 'http', ':', '//127.0.0.1', ':', port, 'status', 'run-']
    await expect.poll(() => completed(`runlight --api ${api.url} status run-`, ...elsewhere)).toEqual([RUN])
  })

  test('a run with colons in its name, and one that a shell would take for a command', async () => {
    await store.storeEvents([
      traceEvent({ runId: 'acme:nightly:1', type: 'RUN_STARTED' }),
      traceEvent({ runId: 'evil $(id)', type: 'RUN_STARTED' }),
    ])
    await expect.poll(() => completed('runlight logs acme:', 'logs', 'acme', ':')).toEqual(['nightly:1'])
    await expect.poll(() => completed('runlight logs acme:ni', 'logs', 'acme', ':', 'ni')).toEqual(['nightly:1'])
    await expect.poll(() => completed('runlight logs acme: ac', 'logs', 'acme', ':', 'ac')).toEqual(['acme:nightly:1'])
    await expect.poll(() => completed('runlight logs ev', 'logs', 'ev')).toEqual(['evil\\ \\$\\(id\\)'])
  })
})

test('trace', async () => {
  const { code, out } = await runlight(['trace', RUN])
  expect(code).toBe(0)
  expect(out).toMatch(/completed in 1\.25/)
  expect(out).toMatch(/✓ build .*█/)
  expect(linesOf((await runlight(['trace', RUN, '--format', 'events'])).out)[2]).toMatch(/^ +3 .* NODE_STARTED build: /)
  const events = linesOf((await runlight(['trace', RUN, '--format', 'json'])).out)
  expect(events.map((line) => (JSON.parse(line) as { sequence: number }).sequence)).toEqual([1, 2, 3, 4, 5])
})

describe('logs', () => {
  test('all of them, in order', async () => {
    const { code, out } = await runlight(['logs', RUN])
    expect(code).toBe(0)
    expect(linesOf(out).map((line) => line.split(' ').at(-1))).toEqual([...Array(20_000).keys()].map(String))
  })

  test('the last ones, with times', async () => {
    const { out } = await runlight(['logs', RUN, '-n', '2', '-t'])
    expect(linesOf(out)).toEqual([`${time(START, 19_998)} build line 19998`, `${time(START, 19_999)} build line 19999`])
    expect((await runlight(['logs', RUN, '-n', '0'])).out).toBe('')
  })

  test('filtered', async () => {
    const { out } = await runlight(['logs', RUN, '-l', 'warn,error', '--stream', 'stderr', '-c', 'build', '--json'])
    expect(linesOf(out).map((line) => JSON.parse(line) as object)).toMatchObject([{ message: 'line 7' }])
    const between = ['--since', time(START, 3), '--until', time(START, 4)]
    expect((await runlight(['logs', RUN, ...between])).out).toBe('build line 3\nbuild line 4\n')
  })

  test('a reader that has enough ends the command quietly', async () => {
    expect(await runlight(['logs', RUN], {}, 3)).toMatchObject({ code: 0, err: '' })
  })

  test('colour only where it is wanted', async () => {
    const error = ['logs', RUN, '-l', 'error']
    const coloured = '\u001b[31m'
    expect((await runlight(error)).out).not.toContain(coloured)
    expect((await runlight(error, { FORCE_COLOR: '1' })).out).toContain(coloured)
    expect((await runlight(error, { FORCE_COLOR: '1', NO_COLOR: '1' })).out).not.toContain(coloured)
    expect((await runlight(['--no-color', ...error], { FORCE_COLOR: '1' })).out).not.toContain(coloured)
  })
})

describe('what goes wrong', () => {
  test('what a failure says cannot steer a terminal, and stays in its line', async () => {
    const error = { message: 'no \u001b]0;gotcha\u0007\n  way \u202eon', type: 'Error\u009b2J', retryable: false }
    const failed = { runId: 'evil', error, message: error.message }
    await store.storeEvents([
      traceEvent({ runId: 'evil', type: 'RUN_STARTED' }),
      traceEvent({ ...failed, type: 'NODE_FAILED', nodeRef: 'build' }),
      traceEvent({ ...failed, type: 'RUN_FAILED', data: { attempts: [] } }),
    ])
    const commands = [
      ['status', 'evil'],
      ['trace', 'evil'],
      ['trace', 'evil', '--format', 'events'],
      ['watch', 'evil'],
    ]
    for (const command of commands) {
      const { out } = await runlight(command)
      expect(out).toContain('no \\x1b]0;gotcha\\x07 way \\u202eon')
      // eslint-disable-next-line no-control-regex -- these must not be there
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    }
  })

  test('Temporal is not there: no run is started or cancelled', async () => {
    const start = await runlight(['start', '--inputs', '{"shards":2}'])
    expect([start.code, start.out, start.err]).toEqual([1, '', expect.stringMatching(/Temporal/)])
    expect(await runlight(['cancel', 'run-none'])).toMatchObject({ code: 1, out: '' })
    expect((await runlight(['start', '--inputs', '{'])).code).toBe(2)
  })

  test('the API refuses: 1, with its words', async () => {
    const { code, out, err } = await runlight(['status', 'run-none'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('"run-none"')
  })

  test('the API is not there: 1, with what to do', async () => {
    const [nobody] = await freePorts(1)
    const { code, err } = await runlight(['runs', '--api', `http://127.0.0.1:${nobody}`])
    expect(code).toBe(1)
    expect(err).toMatch(/ECONNREFUSED.*npm run up/)
  })

  test('an output that takes nothing is told, whatever is written there', async () => {
    for (const command of ['--help', 'completion bash', 'runs', 'nonsense 2>']) {
      const program = `"${process.execPath}" "${BIN}" ${command}>/dev/full || echo "$?" >&2`
      const { stderr } = await promisify(execFile)('bash', ['-c', program], { env: environment() })
      if (command.endsWith('2>')) expect(stderr).toBe('2\n')
      else expect(stderr).toMatch(/^The output cannot be written: ENOSPC.*\n1\n$/)
    }
  })

  test.each([
    [['logs', '--export', 'xml']],
    [['logs', RUN, '-n', 'ten']],
    [['trace', RUN, '--format', 'xml']],
    [['status', RUN, 'another']],
  ])('a wrong command line is 2: %j', async (args) => {
    const { code, out, err } = await runlight(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^error: /)
  })

  test('an address that is none is 2, and is not repeated', async () => {
    for (const address of ['secret', 'http://me:secret@127.0.0.1:1', 'me:secret@127.0.0.1']) {
      const { code, out, err } = await runlight(['runs', '--api', address])
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/^--api must [^:]*(: no command sends them)?\.\n$/)
    }
  })
})
