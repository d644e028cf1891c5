import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { RecordAssembler } from '../records/assemble.ts'
import type { LogRecord } from '../records/assemble.ts'
import type { Position } from '../source/line-source.ts'
import { MAX_LINE_BYTES } from '../source/lines.ts'
import { lineText, parseLine } from './parse-line.ts'

const NOWHERE: Position = { inode: '1', head: { bytes: 0, digest: '' }, offset: 0, past: [] }

/** Records of a log that a real component has written. */
function recorded(name: string): Omit<LogRecord, 'after'>[] {
  const text = readFileSync(new URL(`../../fixtures/${name}.log`, import.meta.url), 'utf8')
  return records(text.trimEnd().split('\n'))
}

function records(lines: readonly string[]): Omit<LogRecord, 'after'>[] {
  const assembler = new RecordAssembler()
  const whole = lines.flatMap((line) => assembler.push(line, NOWHERE))
  return [...whole, ...assembler.flush()].map(({ after: _, ...record }) => record)
}

it("reads Apache Kafka's log, a table of settings and a stack trace each as one record", () => {
  const [mbean, settings, failure, period] = recorded('kafka')
  expect(mbean).toEqual({
    timestamp: '2026-11-21T14:34:39.598Z',
    level: 'info',
    message: 'Registered `kafka:type=kafka.Log4jController` MBean',
    metadata: { logger: 'kafka.utils.Log4jControllerRegistration$', thread: 'main' },
  })
  expect(settings?.message).toMatch(/^KafkaConfig values:\n\tadd\.partitions.*\n\tadvertised\.listeners = BROKER.*$/s)
  expect(failure).toMatchObject({ level: 'warn', timestamp: '2026-11-21T14:37:50.406Z' })
  expect(failure?.message).toMatch(
    /closing connection\norg\.apache\S+InvalidReceiveException: .*\n\tat java\.base\/java\.lang\.Thread\.run\(Thread\.java:840\)$/s,
  )
  expect(period?.level).toBe('info')
})

it('reads the form of log that the official distribution of Kafka writes', () => {
  expect(parseLine('[2026-11-21 14:34:39,598] ERROR [KafkaServer id=1] Fatal (kafka.server.KafkaServer)')).toEqual({
    timestamp: '2026-11-21T14:34:39.598Z',
    level: 'error',
    message: '[KafkaServer id=1] Fatal',
    metadata: { logger: 'kafka.server.KafkaServer' },
    extent: 'open',
  })
})

it("reads PostgreSQL's log, with what belongs to a message in one record", () => {
  const all = recorded('postgres')
  const about = (text: string) => all.find(({ message }) => message.startsWith(text))
  expect(about('division by zero')).toEqual({
    timestamp: '2026-11-21T14:37:50.308Z',
    level: 'error',
    message: 'division by zero',
    metadata: { severity: 'ERROR', pid: 26805, user: 'runlight_reader', database: 'runlight' },
  })
  expect(about('careful')).toMatchObject({
    level: 'warn',
    message:
      'careful\nDETAIL: some detail\n\tsecond\nHINT: do this\nCONTEXT: PL/pgSQL function inline_code_block line 1 at RAISE',
  })
  // Behind the prompts of single-user mode.
  expect(about('checkpoint starting: shutdown immediate')).toMatchObject({ timestamp: '2026-11-21T14:34:39.847Z' })
  expect(about('PostgreSQL stand-alone backend')).toMatchObject({ level: 'info', timestamp: undefined })
  expect(all.some(({ message }) => message === '')).toBe(false)
})

it("reads Temporal's log: its banner, JSON, and its form for a terminal", () => {
  const [banner, ...rest] = recorded('temporal')
  expect(banner).toEqual({
    timestamp: undefined,
    level: 'info',
    message: 'Temporal CLI 1.9.1 (Server 1.32.0, UI 2.54.1)',
  })
  expect(rest.at(-1)).toEqual({
    timestamp: '2026-11-21T14:36:55.432305231Z',
    level: 'error',
    message: 'long poll to refresh Nexus endpoints returned error',
    metadata: { error: 'error reading from server: connection reset by peer' },
  })
  const [dial] = recorded('temporal-text')
  expect(dial).toMatchObject({
    level: 'warn',
    message: 'network dial error',
    metadata: { service: 'client', totalDuration: '77.44µs', 'error-type': 'net.OpError' },
  })
  expect(Date.parse(dial?.timestamp ?? '')).toBe(new Date('2026-11-21T14:55:00.517').getTime())
})

it("reads Loki's and Prometheus' log", () => {
  expect(recorded('loki')).toEqual([
    {
      timestamp: '2026-11-21T14:37:49.728310782Z',
      level: 'error',
      message: 'write operation failed',
      metadata: {
        caller: 'manager.go:49',
        component: 'distributor',
        path: 'write',
        details:
          'couldn\'t parse push request: loghttp.PushRequest.readFieldHash: expect ", but found b, error found in #2 byte of ...|{bad|..., bigger context ...|{bad|...',
        org_id: 'x',
      },
    },
  ])
  expect(recorded('prometheus').map(({ level, message }) => [level, message])).toEqual([
    ['info', 'See you next time!'],
    ['error', 'Error loading config (--config.file=q.yml)'],
  ])
})

it('reads the log of a service of ours', () => {
  const all = recorded('service')
  expect(all).toHaveLength(6)
  expect(all[0]).toEqual({
    timestamp: '2026-11-21T14:34:46.836Z',
    level: 'info',
    message: 'Health and metrics are served.',
    metadata: { component: 'bridge-loki', instance: '0', port: 23109 },
  })
  expect(all[3]).toMatchObject({ level: 'warn', metadata: { cause: { type: 'KafkaJSProtocolError' } } })
})

it('takes a crash of Node, Go or Java as one record, an error', () => {
  const [crash, version] = recorded('node-crash')
  expect(crash?.level).toBe('error')
  expect(crash?.message).toMatch(/^file:\/\/\/opt\/app\/crash\.mjs:1\n.*Error: no way on\n.*\[cause\].*Node\.js v/s)
  expect(version).toBeUndefined()
  const panic = ['panic: boom', '', 'goroutine 1 [running]:', 'net/http.(*conn).serve(0x0)', '\t/go/server.go:2 +0x28']
  expect(records(panic)).toMatchObject([{ level: 'error', message: panic.join('\n') }])
  const java = [
    'Exception in thread "main" java.lang.Error: x',
    '\tat A.b(A.java:1)',
    'Caused by: java.io.IOException: y',
  ]
  expect(records(java)).toMatchObject([{ level: 'error', message: java.join('\n') }])
})

it('takes a line of no known form whole, as info', () => {
  expect(records(['creating configuration files ... ok', 'running bootstrap script ... ok'])).toEqual([
    { timestamp: undefined, level: 'info', message: 'creating configuration files ... ok' },
    { timestamp: undefined, level: 'info', message: 'running bootstrap script ... ok' },
  ])
  expect(records(['{"no":"log line"}'])).toEqual([
    { timestamp: undefined, level: 'info', message: '{"no":"log line"}' },
  ])
  expect(records(['time=now is not the time', 'level=high water mark'])).toHaveLength(2)
})

it('splits what is too long for one record, and keeps its time and level', () => {
  const assembler = new RecordAssembler({ lines: 3, length: 1000 })
  const lines = ['2026-11-21T14:34:39.598Z [main] ERROR k - failed', '\tat 1', '\tat 2', '\tat 3', '\tat 4']
  const parts = [...lines.flatMap((line) => assembler.push(line, NOWHERE)), ...assembler.flush()]
  expect(parts.map(({ message }) => message)).toEqual(['failed\n\tat 1\n\tat 2', '\tat 3\n\tat 4'])
  expect(parts[1]).toMatchObject({
    timestamp: '2026-11-21T14:34:39.598Z',
    level: 'error',
    metadata: { continued: true, logger: 'k' },
  })
})

it('keeps whole numbers that a double cannot hold', () => {
  expect(
    parseLine('{"level":"info","msg":"m","n":12345678901234567890,"text":"at: 12345678901234567890, so"}'),
  ).toMatchObject({
    metadata: { n: '12345678901234567890', text: 'at: 12345678901234567890, so' },
  })
})

it('reads times as numbers in any unit, and levels as numbers', () => {
  const at = (time: string) => parseLine(`{"level":40,"time":${time},"msg":"m"}`)
  expect(at('1795271679598')).toMatchObject({ level: 'warn', timestamp: '2026-11-21T14:34:39.598Z' })
  expect(at('1795271679.598123')).toMatchObject({ timestamp: '2026-11-21T14:34:39.598123Z' })
  expect(at('"half past two"')?.timestamp).toBeUndefined()
})

it('lets binary garbage survive as replacement characters, and takes colours away', () => {
  expect(lineText(Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x07, 0x62]))).toBe('a\uFFFD\uFFFD\uFFFD\uFFFDb')
  expect(lineText(Buffer.from('\u001b[31mred\u001b[0m\ttab\r'))).toBe('red\ttab')
})

it('reads a line of PostgreSQL that is nothing but @, up to the longest there is, without trying all pairs of them', () => {
  const line = `2026-11-21 12:00:00.000 UTC [12] ${'@'.repeat(MAX_LINE_BYTES)}`
  expect(parseLine(line)).toBeUndefined()
  expect(parseLine('2026-11-21 12:00:00.000 UTC [12] a@b@db ERROR:  no')).toMatchObject({
    metadata: { user: 'a@b', database: 'db' },
  })
})
