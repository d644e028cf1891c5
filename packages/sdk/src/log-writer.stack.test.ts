// What leaves the process, and what doesn't: on a real bus.

import { TOPICS } from '@runlight/contracts/topics'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { CLOSE_MS, accountOf, startBus } from './bus.fixture.ts'
import type { TestBus } from './bus.fixture.ts'
import { openTelemetry } from './telemetry.ts'

let bus: TestBus
beforeAll(async () => {
  bus = await startBus()
})
afterAll(() => bus?.stop())

test('no secret is on the bus, wherever it was put, and what was replaced is counted', async () => {
  const counts: Record<string, number> = {}
  const { telemetry } = bus.open({
    redact: { keys: ['pin'] },
    onRedact: (topic, rule, count) => (counts[`${topic} ${rule}`] = (counts[`${topic} ${rule}`] ?? 0) + count),
  })
  const secret = 'hunter2hunter2'
  const url = `postgres://app:${secret}@db/x`
  const context = telemetry.context({ runId: 'secrets', nodeRef: 'n' })
  context.logger.info(`password=${secret}`, { pin: secret, nested: [{ token: secret }], url })
  context.logger.error('failed', new Error(url))
  context.stdout(`connecting to ${url}\n-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`)
  context.emitProgress({ message: `secret: ${secret}`, data: { password: secret } })
  context.failed(new Error(url))
  context.completed({ apiKey: secret })
  telemetry.logs.append({ type: 'system', component: 'c', level: 'info', message: url, metadata: { token: secret } })
  telemetry.events.record({
    runId: 'secrets',
    execution: 1,
    attempt: 1,
    type: 'RUN_FAILED',
    level: 'error',
    message: url,
    error: { message: url, type: 'Error', retryable: false, stack: `Error: ${url}` },
    producer: { id: 'observer', seq: 1 },
  })
  expect(await context.close(CLOSE_MS)).toBe(true)
  const { redacted } = telemetry.logs.stats()
  expect(await telemetry.close(CLOSE_MS)).toBe(true)
  for (const topic of [TOPICS.logs, TOPICS.events]) {
    const values = await bus.text(topic)
    expect(values).not.toContain(secret)
    expect(values).toContain('[redacted]')
  }
  const account = accountOf(await bus.eventsOf('secrets'))
  expect(account.logs.redacted).toBe(10)
  expect(account.events.redacted).toBe(6)
  expect(redacted).toBe(12)
  const sum = (topic: string): number =>
    Object.entries(counts).reduce((total, [key, count]) => total + (key.startsWith(topic) ? count : 0), 0)
  expect([sum(TOPICS.logs), sum(TOPICS.events)]).toEqual([12, 9])
  expect(counts[`${TOPICS.logs} private-key`]).toBe(3)
})

test('a run above its limit: what is left out is told with exact counts, in the log and in the accounts', async () => {
  const levels: Record<string, number> = {}
  const limits = { run: { linesPerSecond: 0.001, burst: 100 }, windowMs: 600_000 }
  const { telemetry } = bus.open({ limits, onLimit: (_, level) => (levels[level] = (levels[level] ?? 0) + 1) })
  const [one, two] = ['1', '2'].map((nodeRef) => telemetry.context({ runId: 'flood', nodeRef }))
  const other = telemetry.context({ runId: 'calm', nodeRef: '1' })
  if (!one || !two) throw new Error('two contexts')
  for (let i = 0; i < 100; i++) one.logger.info(`line ${i}`)
  for (let i = 0; i < 50; i++) two.logger.debug(`line ${i}`)
  for (let i = 0; i < 12; i++) two.logger.error(`line ${i}`)
  for (let i = 0; i < 95; i++) one.emitProgress({ message: `step ${i}` })
  other.logger.info('not concerned')
  one.completed()
  for (const context of [one, two, other]) expect(await context.close(CLOSE_MS)).toBe(true)

  const logs = await bus.logsOf('flood')
  const told = logs.filter(({ metadata }) => metadata?.['leftOut'])
  expect(told.map(({ nodeRef, level, message, metadata }) => ({ nodeRef, level, message, ...metadata }))).toEqual([
    {
      nodeRef: '1',
      level: 'warn',
      message: '5 steps of progress left out by the rate limit of the run.',
      leftOut: { count: 5, countInAll: 5, byLevel: { debug: 0, info: 5, warn: 0, error: 0 }, windowMs: 600_000 },
    },
    {
      nodeRef: '1',
      level: 'warn',
      message: '10 lines were left out by the rate limit of 0.001 lines a second.',
      leftOut: { count: 10, countInAll: 10, byLevel: { debug: 0, info: 10, warn: 0, error: 0 }, windowMs: 600_000 },
    },
    {
      nodeRef: '2',
      level: 'warn',
      message: '52 lines were left out by the rate limit of 0.001 lines a second.',
      leftOut: { count: 52, countInAll: 52, byLevel: { debug: 50, info: 0, warn: 0, error: 2 }, windowMs: 600_000 },
    },
  ])
  // 90 of the first, then the tenth that is kept for errors.
  expect(logs.length - told.length).toBe(90 + 10)
  const closed = (await bus.eventsOf('flood')).filter(({ type }) => type === 'PRODUCER_CLOSED')
  const account = (nodeRef: string) => closed.find((event) => event.nodeRef === nodeRef)?.data as unknown
  expect(account('1')).toMatchObject({
    logs: { limited: 10, count: 92, lastSeq: 92, dropped: [] },
    events: { limited: 5 },
  })
  expect(account('2')).toMatchObject({
    logs: { limited: 52, count: 11, lastSeq: 11, dropped: [] },
    events: { limited: 0 },
  })
  expect(levels).toEqual({ info: 15, debug: 50, error: 2 })
  expect(telemetry.logs.stats().limited).toBe(62)
  expect(await bus.logsOf('calm')).toHaveLength(1)
})

test('a component above its limit says so in each window, while it goes on', async () => {
  const { telemetry } = bus.open({ limits: { component: { linesPerSecond: 0.001, burst: 10 }, windowMs: 50 } })
  const log = telemetry.component('noisy')
  const counts: number[] = []
  for (let window = 1; window <= 2; window++) {
    for (let i = 0; i < 20; i++) log.logger.info('noise')
    await vi.waitFor(async () => {
      await log.flush(1_000)
      const told = (await bus.logsOf('noisy')).flatMap(
        ({ metadata }) => (metadata?.['leftOut'] as { count: number }) ?? [],
      )
      expect(told).toHaveLength(window)
      counts.push(told.at(-1)?.count ?? 0)
    }, CLOSE_MS)
  }
  expect(counts).toEqual([11, 20])
})

test('hostile values neither throw nor break a record', async () => {
  const { telemetry } = bus.open()
  const context = telemetry.context({ runId: 'hostile', nodeRef: 'n' })
  const fail = (): never => {
    throw new Error('mine')
  }
  const cycle: Record<string, unknown> = { big: 1n }
  cycle['self'] = cycle
  const trap = new Proxy(
    {},
    { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail },
  )
  const getter = Object.defineProperty({}, 'x', { enumerable: true, get: fail })
  const error = Object.defineProperty(new Error('x'), 'message', { get: fail })
  const values = [
    cycle,
    trap,
    getter,
    error,
    { toJSON: fail },
    { toString: fail },
    Symbol('s'),
    () => 1,
    2n ** 70n,
    null,
    Number.NaN,
    Object.create(null),
    '\ud800',
    'a\u0000b',
    new Map([[1, 2]]),
    new Date(Number.NaN),
    'x'.repeat(9_000_000),
    new Uint8Array(9),
  ]
  for (const value of values) {
    context.logger.info(value as string, value)
    context.logger.error('m', { value })
    context.log({
      level: value as 'info',
      message: 'm',
      stream: value as 'stdout',
      timestamp: value as string,
      trace: value as never,
    })
    context.emitProgress(value as { message: string })
    context.emitProgress({ message: value as string, data: value as Record<string, unknown> })
    context.failed(value)
    context.completed(value)
    context.stdout(value as string)
    telemetry.logs.append(value as never)
    telemetry.logs.append({
      type: 'system',
      component: 'hostile',
      level: value as 'info',
      message: value as string,
      metadata: value as never,
    })
    telemetry.events.record(value as never)
  }
  context.logger.info('still here')
  expect(await context.close(CLOSE_MS)).toBe(true)
  const logs = await bus.logsOf('hostile')
  expect(logs.some(({ message }) => message === 'still here')).toBe(true)
  expect(logs.length).toBeGreaterThan(values.length * 2)
  const events = await bus.eventsOf('hostile')
  const { count, lastSeq, dropped } = accountOf(events).logs
  expect(count + dropped.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(lastSeq)
  expect(telemetry.logs.stats().dropped.invalid).toBeGreaterThan(0)
  expect(events.filter(({ type }) => type === 'NODE_COMPLETED')).toHaveLength(values.length)
})

test('custom streams are written to by name; one that nobody registered is refused when it is asked for', async () => {
  const { telemetry, diagnostics } = bus.open({ streams: ['build'] })
  const context = telemetry.context({ runId: 'streams', nodeRef: 'n' })
  context.stream('terminal').write('$ ls\nfi')
  context.stream('agent').write('thinking\n')
  context.stream('build' as 'agent').write('compiled\n')
  context.stream('terminal').write('le\n')
  expect(() => context.stream('nowhere' as 'agent')).toThrow(
    expect.objectContaining({ code: 'RL_STREAM_UNREGISTERED' }),
  )
  for (let i = 0; i < 2; i++) context.log({ level: 'info', stream: 'elsewhere' as 'agent', message: 'kept' })
  expect(await context.close(CLOSE_MS)).toBe(true)
  expect((await bus.logsOf('streams')).map(({ stream, message }) => `${stream} ${message}`)).toEqual([
    'terminal $ ls',
    'agent thinking',
    'build compiled',
    'terminal file',
    'system kept',
    'system kept',
  ])
  expect(diagnostics.map(({ message }) => message)).toEqual([expect.stringContaining('"elsewhere"')])
  expect(() => openTelemetry({ brokers: bus.brokers, streams: ['No'] })).toThrow('stream "No" must match')
})
