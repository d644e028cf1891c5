// Lines and failures that must cost no line: files are real, the failures too, but for a redactor's.

import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkLogEntry } from '@runlight/contracts/log-entry'
import type { LogEntry } from '@runlight/contracts/log-entry'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ComponentLog } from './component-log.ts'
import type { LeftOutReason } from './component-log.ts'
import { createRedactor } from './records/redact.ts'
import type { LogRedactor } from './records/redact.ts'
import { LogFile } from './source/log-file.ts'
import { MAX_LINE_BYTES } from './source/lines.ts'

const READ = 256 * 1024

let folder: string
let path: string
let log: ComponentLog
let leftOut: LeftOutReason[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlight-log-'))
  path = join(folder, 'worker.log')
  writeFileSync(path, '')
  leftOut = []
})
afterEach(async () => {
  await log.source.close()
  rmSync(folder, { recursive: true })
})

const redactor = (): LogRedactor => createRedactor(['credential-0123456789'], () => undefined)

function follow(own: Partial<LogRedactor> = {}): void {
  log = new ComponentLog({
    component: 'worker',
    open: (from) => new LogFile({ path, from: from && 'inode' in from ? from : undefined }),
    progress: { producerId: 'p', seq: 0, position: undefined },
    rate: { perSecond: 1_000, burst: 1_000 },
    shippingPath: false,
    redactor: { ...redactor(), ...own },
    onLeftOut: (reason) => leftOut.push(reason),
  })
}

/** Reads until a record says the text; each is what the bus would take. */
async function collectUntil(text: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  await vi.waitFor(
    async () => {
      const { messages } = await log.collect(READ)
      for (const { value } of messages) {
        const checked = checkLogEntry(JSON.parse(value))
        if (!checked.ok) throw new Error(`${checked.refusal.field} ${checked.refusal.message}: ${value.slice(0, 200)}`)
        entries.push(checked.value)
      }
      expect(entries.at(-1)?.message).toContain(text)
    },
    { timeout: 20_000, interval: 20 },
  )
  expect(entries.map(({ producer }) => producer?.seq)).toEqual(entries.map((_, index) => index + 1))
  return entries
}

const TIME = '2026-11-21T12:00:00Z'
const line = (fields: string): string => `{"level":"warn","time":"${TIME}","msg":"hard"${fields}}`
const nested = (depth: number, core = ''): string => `${'['.repeat(depth)}${core}${']'.repeat(depth)}`

it.each([100, 101, 3_000, 5_000, 100_000])('ships a line with a field that is nested %i deep', async (depth) => {
  const hard = line(`,"deep":${nested(depth)}`)
  writeFileSync(path, ['{"msg":"one"}', hard, '{"msg":"three"}', '{"msg":"four"}', '{"msg":"five"}', ''].join('\n'))
  follow()
  const [one, two, ...rest] = await collectUntil('five')
  expect([one, ...rest].map((entry) => entry?.message)).toEqual(['one', 'three', 'four', 'five'])
  // What is too deep to be taken apart stays a text, with the level and the time that it has.
  expect(two).toMatchObject({ level: 'warn', timestamp: TIME, message: depth === 100 ? 'hard' : hard })
  expect(leftOut).toEqual([])
})

it('finds a secret in a line that stays a text', async () => {
  const secrets = '"password":"hunter2hunter2","with":"credential-0123456789"'
  writeFileSync(path, `${line(`,"deep":${nested(5_000, `{${secrets}}`)}`)}\n`)
  follow()
  const [entry] = await collectUntil('hard')
  expect(entry?.message).not.toMatch(/hunter2|0123456789/)
  expect(entry?.message.match(/\[redacted\]/g)).toHaveLength(2)
})

it.each([
  ['names of the prototype', ',"__proto__":{"constructor":1},"toString":2', { metadata: { toString: 2 } }],
  ['a lone surrogate', String.raw`,"a":"\ud800","b":"\udc00x"`, { metadata: { a: '\ud800', b: '\udc00x' } }],
  ['NUL', String.raw`,"a":"\u0000"`, { metadata: { a: '\u0000' } }],
  ['a level without a text', ',"level":{"toString":1,"valueOf":1}', { level: 'info' }],
  ['a deep time', `,"time":${nested(20_000)}`, { level: 'warn' }],
  ['a number past what a double holds', ',"n":12345678901234567890', { metadata: { n: '12345678901234567890' } }],
])('ships a line with %s', async (_, fields, expected) => {
  writeFileSync(path, `${line(fields)}\n{"msg":"next"}\n`)
  follow()
  const [hard, next] = await collectUntil('next')
  expect(hard).toMatchObject({ message: 'hard', ...expected })
  if (fields.includes('__proto__')) expect(Object.entries(hard?.metadata ?? {})).toHaveLength(2)
  expect(next?.producer?.seq).toBe(2)
})

it('ships what is no text, and cuts a line of 5 MB with a mark', async () => {
  const long = `{"msg":"${'x'.repeat(5_000_000)}"}`
  const bytes = [Buffer.from([0x61, 0xff, 0xc3, 0x28, 0x00, 0xed, 0xa0, 0x80, 0x0a]), Buffer.from(`${long}\n`)]
  writeFileSync(path, Buffer.concat([...bytes, Buffer.from('{"msg":"next"}\n')]))
  follow()
  const entries = await collectUntil('next')
  const all = entries.map(({ message }) => message).join('\n')
  expect(all.startsWith('a\uFFFD\uFFFD(\uFFFD\uFFFD')).toBe(true)
  expect(all).toContain(`x… [cut: ${long.length - MAX_LINE_BYTES} more bytes]`)
  expect(entries.at(-1)?.message).toBe('next')
})

it('does not search what is no JSON for numbers: the cost would grow with the square of the length', async () => {
  writeFileSync(path, `{"1234567890123456":"${String.raw`\"`.repeat(120_000)}}\n{"msg":"next"}\n`)
  follow()
  expect(await collectUntil('next')).toHaveLength(2)
})

it('tells of a line, and of fields, that cannot be searched for secrets', async () => {
  const fail = (): never => {
    throw new RangeError('Maximum call stack size exceeded')
  }
  writeFileSync(path, '{"msg":"one"}\npoison\n{"msg":"fields","a":1,"b":2}\n{"msg":"four"}\n')
  follow({
    line: (text) => (text === 'poison' ? fail() : text),
    metadata: (fields) => ('a' in fields ? fail() : fields),
  })
  const entries = await collectUntil('four')
  expect(entries.map(({ message }) => message)).toEqual([
    'one',
    'A line is missing here: its 6 bytes could not be searched for secrets.',
    'fields',
    'four',
  ])
  expect(entries[1]).toMatchObject({ level: 'error', metadata: { leftOut: { reason: 'unreadable', bytes: 6 } } })
  expect(entries[2]?.metadata).toEqual({ leftOut: { reason: 'unreadable', fields: 2 } })
  expect(leftOut).toEqual(['unreadable', 'unreadable'])
})

it('reads again what it had read when reading on fails', async () => {
  writeFileSync(path, '{"msg":"one"}\n')
  follow()
  expect(await collectUntil('one')).toHaveLength(1)
  appendFileSync(path, '{"msg":"two"}\n{"msg":"three"}\n')
  // Behind the two lines comes what can't be read.
  renameSync(path, `${path}.1`)
  mkdirSync(path)
  for (let times = 0; times < 5; times++) await expect(log.collect(READ)).rejects.toThrow('EISDIR')
  rmdirSync(path)
  writeFileSync(path, '{"msg":"four"}\n')
  const messages: string[] = []
  await vi.waitFor(
    async () => {
      const collected = await log.collect(READ)
      messages.push(...collected.messages.map(({ value }) => (JSON.parse(value) as LogEntry).message))
      expect(messages).toEqual(['two', 'three', 'four'])
    },
    { timeout: 20_000, interval: 50 },
  )
})
