import { describe, expect, it } from 'vitest'
import { logBatch, logEntries } from '@runlight/bridge-core/batch.fixture'
import type { LogRecord } from './entry.ts'
import { cutLine } from './line.ts'

const LIMIT = 4_096

function record(extra: object): LogRecord {
  const [entry] = logEntries(1)
  return logBatch([{ ...entry, ...extra }]).records[0] as LogRecord
}

const line = (extra: object, lines: 'json' | 'plain' = 'json') =>
  Buffer.from(cutLine(record(extra), { lines, lineLimit: LIMIT }).line).toString()

describe('cutLine', () => {
  it('is the record as it was on the bus, to the byte, up to the limit', () => {
    const own = record({ message: 'x'.repeat(3_000), metadata: { a: 1 } })
    expect(cutLine(own, { lines: 'json', lineLimit: LIMIT })).toEqual({ line: own.value, cut: false })
    expect(line({ message: 'only this' }, 'plain')).toBe('only this')
  })

  it.each([
    ['a long message', { message: 'ü'.repeat(10_000), metadata: { kept: true } }],
    ['a message of nothing but escapes', { message: '\u0001"\\'.repeat(5_000) }],
    ['metadata that is too long', { message: 'short', metadata: { blob: 'x'.repeat(10_000) } }],
    ['both', { message: 'm'.repeat(10_000), metadata: { blob: 'x'.repeat(10_000) } }],
    ['a field nobody knows', { message: 'm', extra: 'x'.repeat(10_000) }],
  ])('cuts %s: still one record below the limit, which says that it is cut', (_, extra) => {
    const text = line(extra)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT)
    const parsed = JSON.parse(text) as { message: string; metadata?: unknown; type: string }
    expect(parsed.type).toBe('task')
    expect(text).toMatch(/\[cut, \d+ bytes more\]|"cut":"\d+ bytes"/)
    expect(text).not.toContain('\ufffd')
  })

  it('keeps the metadata as long as the message alone is at fault', () => {
    const parsed = JSON.parse(line({ message: 'm'.repeat(10_000), metadata: { kept: true } })) as { metadata: unknown }
    expect(parsed.metadata).toEqual({ kept: true })
  })

  it('reads no more of huge metadata than it takes to know that they are too long', () => {
    const own = record({ message: 'm', metadata: { list: Array.from({ length: 100_000 }, () => 'x') } })
    let read = 0
    const watched = (value: object) =>
      new Proxy(value, {
        get: (target, key): unknown => {
          if (key !== 'length') read += 1
          return Reflect.get(target, key)
        },
      })
    const { list } = own.body.metadata as { list: object }
    const members = watched(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, 1])))
    for (const metadata of [{ list: watched(list) }, { members }]) {
      Object.assign(own.body, { metadata })
      expect(JSON.parse(Buffer.from(cutLine(own, { lines: 'json', lineLimit: LIMIT }).line).toString())).toMatchObject({
        message: 'm',
        metadata: { cut: `${own.value.length} bytes` },
      })
    }
    expect(read).toBeLessThan(LIMIT)
  })

  it('counts what is missing, on the border of a character', () => {
    const text = line({ message: '🎉'.repeat(2_000) }, 'plain')
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT)
    const [kept, missing] = [/^🎉*/u.exec(text)?.[0] ?? '', /\[cut, (\d+) bytes more\]$/.exec(text)?.[1]]
    expect(Buffer.byteLength(kept) + Number(missing)).toBe(8_000)
  })
})
