import { describe, expect, it } from 'vitest'
import { decodeRecords } from './decode.ts'
import type { BusRecord } from './sink.ts'

const APPENDED_AT = Date.parse('2026-03-01T12:00:00.250Z')

const entry = {
  schemaVersion: 1,
  type: 'task',
  runId: 'run-1',
  nodeRef: 'fetch',
  timestamp: '2026-03-01T12:00:00.123456789Z',
  level: 'info',
  stream: 'stdout',
  message: 'hello',
}

function record(value: Buffer | string | null, offset = 7n): BusRecord {
  return { offset, appendedAt: APPENDED_AT, key: null, value: typeof value === 'string' ? Buffer.from(value) : value }
}

const reasons = (values: (Buffer | string | null)[]) =>
  decodeRecords(
    'logs',
    values.map((value) => record(value)),
  ).refused.map(({ reason, detail }) => `${reason}: ${detail}`)

describe('decodeRecords', () => {
  it('gives the entry with its own and its effective time, and the value byte for byte', () => {
    const text = JSON.stringify({ ...entry, message: 'grüße 🎉' })
    const { decoded, refused } = decodeRecords('logs', [record(text)])
    expect(refused).toEqual([])
    expect(decoded[0]?.body.message).toBe('grüße 🎉')
    expect(decoded[0]?.text).toBe(text)
    expect(decoded[0]?.own.nanos).toBe(123_456_789)
    expect(decoded[0]?.effective).toEqual({ instant: decoded[0]?.own, skewed: false })
  })

  it('orders a record whose clock is off by its append time', () => {
    const { decoded } = decodeRecords('logs', [record(JSON.stringify({ ...entry, timestamp: '1970-01-01T00:00:00Z' }))])
    expect(decoded[0]?.effective).toEqual({
      instant: { seconds: APPENDED_AT / 1000 - 0.25, nanos: 250_000_000 },
      skewed: true,
    })
  })

  it('refuses each kind of malformed value with its reason, and keeps the good ones between them', () => {
    const good = JSON.stringify(entry)
    const { decoded, refused } = decodeRecords(
      'logs',
      [good, Buffer.from([0x7b, 0xff, 0x7d]), good, '{"broken', good].map((value, index) =>
        record(value, BigInt(index)),
      ),
    )
    expect(decoded.map(({ offset }) => offset)).toEqual([0n, 2n, 4n])
    expect(refused.map(({ record: own, reason }) => [own.offset, reason])).toEqual([
      [1n, 'encoding'],
      [3n, 'json'],
    ])
  })

  it.each([
    [null, 'json: The value is empty.'],
    ['', 'json: The value is empty.'],
    ['[]', 'schema: The value must be object'],
    [JSON.stringify({ ...entry, level: 'loud' }), 'schema: level must be one of debug, info, warn, error'],
    [JSON.stringify({ ...entry, orgId: 'no/slash' }), 'org: orgId'],
    [JSON.stringify({ ...entry, timestamp: '2026-02-30T00:00:00Z' }), 'schema: timestamp is not a day'],
    [JSON.stringify({ ...entry, timestamp: '2900-01-01T00:00:00Z' }), 'schema: timestamp is not a day'],
  ])('says what is wrong with %s', (value, expected) => {
    expect(reasons([value])[0]).toContain(expected)
  })

  it('is not fooled by a __proto__ key', () => {
    const { decoded } = decodeRecords('logs', [
      record(`{"__proto__":{"level":"error"},${JSON.stringify(entry).slice(1)}`),
    ])
    expect(decoded[0]?.body.level).toBe('info')
    expect(Object.getPrototypeOf(decoded[0]?.body)).toBe(Object.prototype)
  })

  it('takes a record that nests deeper than a recursive reader could go', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    const { decoded } = decodeRecords('logs', [
      record(`${JSON.stringify(entry).slice(0, -1)},"metadata":{"deep":${deep}}}`),
    ])
    expect(decoded).toHaveLength(1)
  })
})
