// Lines of console, pino and winston, on a real bus.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { TOPICS } from '@runlight/contracts/topics'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import winston from 'winston'
import { CLOSE_MS, accountOf, startBus } from '../bus.fixture.ts'
import type { TestBus } from '../bus.fixture.ts'
import { runInContext } from '../current-context.ts'
import { interceptConsole } from './console.ts'
import { pinoStream } from './pino-stream.ts'
import { RunlightTransport } from './winston-transport.ts'

let bus: TestBus
let uninstall: (() => void) | undefined
beforeAll(async () => {
  bus = await startBus()
})
afterEach(() => uninstall?.())
afterAll(() => bus?.stop())

test('the console: levels, fields, errors, and where it was logged', async () => {
  const { telemetry } = bus.open()
  const component = telemetry.component('console')
  const context = telemetry.context({ runId: 'console-run', nodeRef: 'n' })
  const shown: unknown[][] = []
  const methods = { log: console.log, error: console.error, table: console.table }
  const log = vi.spyOn(console, 'log').mockImplementation((...args) => void shown.push(args))
  const silent = (['debug', 'info', 'warn', 'error', 'trace'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation(() => undefined),
  )
  uninstall = interceptConsole({ to: component })
  console.log('%s is %d', 'x', 5, { a: 1 }, 'and', [2])
  console.debug('quiet')
  console.warn('careful', { b: { c: 1 } })
  console.error('failed:', new TypeError('no'), { password: 'hunter2' })
  console.error(new Error('alone'))
  console.trace('here')
  console.log({ only: 'fields' })
  console.log()
  console.table([{ a: 1 }])
  console.assert(false, 'not so')
  runInContext(context, () => console.info('in a run'))
  uninstall()
  expect(console.log).toBe(log)
  for (const spy of [log, ...silent]) spy.mockRestore()
  expect({ log: console.log, error: console.error, table: console.table }).toEqual(methods)
  expect(await component.close(CLOSE_MS)).toBe(true)
  expect(await context.close(CLOSE_MS)).toBe(true)
  expect(shown[0]).toEqual(['%s is %d', 'x', 5, { a: 1 }, 'and', [2]])
  const logs = await bus.logsOf('console')
  expect(logs.map(({ level, message }) => `${level} ${message.split('\n')[0]}`)).toEqual([
    'info x is 5 and [ 2 ]',
    'debug quiet',
    'warn careful',
    'error failed: no',
    'error alone',
    'debug here',
    "info { only: 'fields' }",
    'info ',
    expect.stringContaining('info ┌'),
    'warn Assertion failed: not so',
  ])
  expect(logs[0]?.metadata).toEqual({ a: 1 })
  expect(logs[2]?.metadata).toEqual({ b: { c: 1 } })
  expect(logs[3]?.metadata).toMatchObject({ error: { name: 'TypeError', message: 'no' }, password: '[redacted]' })
  expect(logs[4]?.metadata).toMatchObject({ error: { stack: expect.stringContaining('intercept.stack.test') } })
  expect(logs[5]?.metadata).toMatchObject({ stack: expect.stringContaining('intercept.stack.test') })
  expect((await bus.logsOf('console-run')).map(({ type, message }) => `${type} ${message}`)).toEqual(['task in a run'])
})

test('what the SDK says itself, and what a value says while it is read, is no entry: nothing loops', async () => {
  const calls: string[] = []
  const { telemetry } = bus.open({
    queueBytes: 2_000,
    onDrop: (_, reason) => console.error(`dropped: ${reason}`),
    onRedact: (_, rule) => console.error(`redacted: ${rule}`),
    onDiagnostic: ({ message }) => {
      process.emitWarning(message)
      console.error(message)
    },
  })
  const component = telemetry.component('loop')
  const spies = (['log', 'error'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...args) => void calls.push(String(args[0]))),
  )
  uninstall = interceptConsole({ to: component })
  for (let i = 0; i < 100; i++) console.log(`line ${i} password=hunter2`)
  console.log('talkative', { toJSON: () => console.log('while it is read') })
  expect(await component.flush(CLOSE_MS)).toBe(true)
  uninstall()
  for (const spy of spies) spy.mockRestore()
  expect(calls.filter((call) => call.startsWith('dropped')).length).toBeGreaterThan(50)
  expect(calls).toContain('redacted: assignment')
  const messages = (await bus.logsOf('loop')).map(({ message }) => message)
  expect(messages).toContain('talkative')
  expect(messages.filter((message) => /^(?:dropped|redacted|Records for|while)/.test(message))).toEqual([])
})

test('another interceptor that came later stays when ours goes', () => {
  const { telemetry } = bus.open()
  const original = console.info
  const seen: unknown[] = []
  const remove = interceptConsole({ to: telemetry.component('first'), show: false })
  const ours = console.info
  console.info = (...args) => {
    seen.push(args[0])
    ours(...args)
  }
  const theirs = console.info
  remove()
  expect(console.info).toBe(theirs)
  console.info = original
  expect(seen).toEqual([])
})

test('pino in the process: levels, fields and errors, in the context of the code that logs', async () => {
  const { telemetry } = bus.open()
  const component = telemetry.component('pino-stream')
  const context = telemetry.context({ runId: 'pino-run', nodeRef: 'n' })
  const log = pino({ level: 'trace', base: null }, pinoStream({ to: component }))
  log.trace('quiet')
  log.child({ request: 7 }).error(new RangeError('no'))
  runInContext(context, () => log.warn({ a: 1 }, 'in a run'))
  pinoStream({ to: component }).write('not from pino\n')
  expect(await component.close(CLOSE_MS)).toBe(true)
  expect(await context.close(CLOSE_MS)).toBe(true)
  expect(await bus.logsOf('pino-stream')).toMatchObject([
    { level: 'debug', message: 'quiet' },
    { level: 'error', message: 'no', metadata: { request: 7, err: { type: 'RangeError', stack: expect.any(String) } } },
    { level: 'info', message: 'not from pino' },
  ])
  expect(await bus.logsOf('pino-run')).toMatchObject([{ level: 'warn', message: 'in a run', metadata: { a: 1 } }])
})

const PROGRAM = fileURLToPath(new URL('./pino-program.fixture.ts', import.meta.url))

async function runProgram(settings: object, env: Record<string, string> = {}) {
  const program = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(settings)], {
    env: { ...process.env, ...env },
  })
  let output = ''
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(program, 'close')) as [number | null]
  return { code, output }
}

test('pino({ transport }): a program that just ends has sent everything, with its own times', async () => {
  const { code, output } = await runProgram({ brokers: bus.brokers, lines: 2_000, component: 'pino-transport' })
  expect({ code, output }).toEqual({ code: 0, output: '' })
  const logs = await bus.logsOf('pino-transport')
  expect(logs).toHaveLength(2_002)
  expect(logs[0]).toMatchObject({
    level: 'warn',
    message: 'starting',
    metadata: { lines: 2_000, password: '[redacted]' },
  })
  expect(logs[0]?.timestamp).toMatch(/\.\d{3}Z$/)
  expect(logs.at(-1)).toMatchObject({
    level: 'error',
    message: 'no more',
    metadata: { err: { stack: expect.any(String) } },
  })
  expect(logs.map(({ producer }) => producer?.seq)).toEqual(Array.from({ length: 2_002 }, (_, i) => i + 1))
})

test('pino({ transport }) of a program whose environment names a run speaks for it, and closes with an account', async () => {
  const run = { RUNLIGHT_RUN_ID: 'pino-env', RUNLIGHT_NODE: 'n', RUNLIGHT_ATTEMPT: '2' }
  await runProgram({ brokers: bus.brokers, lines: 1 }, run)
  expect((await bus.logsOf('pino-env')).map(({ nodeRef, attempt }) => ({ nodeRef, attempt }))).toEqual(
    Array.from({ length: 3 }, () => ({ nodeRef: 'n', attempt: 2 })),
  )
  expect(accountOf(await bus.eventsOf('pino-env')).logs).toMatchObject({ count: 3, lastSeq: 3, redacted: 1 })
})

test('winston: levels, fields and errors, and an end that waits for the bus', async () => {
  const { telemetry } = bus.open({ batchAgeMs: 60_000 })
  const component = telemetry.component('winston')
  const context = telemetry.context({ runId: 'winston-run', nodeRef: 'n' })
  const { combine, errors, colorize, json } = winston.format
  const log = winston.createLogger({
    level: 'silly',
    format: combine(errors({ stack: true }), colorize(), json()),
    defaultMeta: { service: 's' },
    transports: [new RunlightTransport({ to: component, flushTimeoutMs: CLOSE_MS })],
  })
  log.silly('quiet')
  log.warn('careful', { a: 1, token: 'hunter2' })
  log.error(new RangeError('no'))
  runInContext(context, () => log.info('in a run'))
  log.end()
  await vi.waitFor(async () => expect(await bus.logsOf('winston')).toHaveLength(3), CLOSE_MS)
  expect(await context.close(CLOSE_MS)).toBe(true)
  expect(await bus.logsOf('winston')).toMatchObject([
    { level: 'debug', message: 'quiet', metadata: { service: 's' } },
    { level: 'warn', message: 'careful', metadata: { a: 1, token: '[redacted]' } },
    { level: 'error', message: 'no', metadata: { stack: expect.stringContaining('RangeError: no') } },
  ])
  expect(await bus.logsOf('winston-run')).toMatchObject([{ level: 'info', message: 'in a run' }])
  expect(await bus.text(TOPICS.logs)).not.toContain('hunter2')
})
