import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { logBatch, logEntries } from '@runlight/bridge-core/batch.fixture'
import { toEntries } from './entry.ts'
import type { LokiEntry } from './entry.ts'
import { encodePushRequest, entryBytes } from './push-request.ts'

// The messages as Loki declares them, read by the library rather than by hand.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message PushRequest { repeated Stream streams = 1; }
  message Stream { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
  message Entry { Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3; }
  message LabelPair { string name = 1; string value = 2; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }`)
const PushRequest = root.lookupType('PushRequest')

const settings = { labels: 'perRun', lines: 'json', lineLimit: 256 * 1024 } as const
const appendedAt = Date.parse('2026-03-01T12:00:00Z')

const encode = (entries: readonly LokiEntry[]) => encodePushRequest(entries[0]?.labels ?? '', entries)

function decode(bytes: Uint8Array) {
  return PushRequest.toObject(PushRequest.decode(bytes), { longs: String, defaults: true }) as {
    streams: { labels: string; entries: { timestamp: object; line: string; structuredMetadata: object[] }[] }[]
  }
}

describe('encodePushRequest', () => {
  it('lays out streams and entries as Loki declares them', () => {
    const timestamps = ['2026-03-01T12:00:00.123456789Z', '2026-03-01T12:00:00Z', '1969-12-31T23:59:59.999999999Z']
    const entries = logEntries(3, { message: 'grüße 🎉' }).map((entry, index) => {
      return { ...entry, timestamp: timestamps[index] }
    })
    const own = toEntries(logBatch(entries, { appendedAt, from: 7, partition: 2 }), settings)
    const { streams } = decode(encode(own))
    expect(streams.map(({ labels }) => labels)).toEqual(['{node="fetch",run_id="run-1",shard="2",stream="stdout"}'])
    expect(streams[0]?.entries.map(({ timestamp }) => timestamp)).toEqual([
      { seconds: '1772366400', nanos: 123_456_789 },
      { seconds: '1772366400', nanos: 8 },
      // Its own time is far off: the append time, its empty digits filled from the offset.
      { seconds: '1772366400', nanos: 9 },
    ])
    expect(JSON.parse(streams[0]?.entries[0]?.line ?? '')).toEqual(entries[0])
    expect(streams[0]?.entries[2]?.structuredMetadata).toEqual([
      { name: 'level', value: 'info' },
      { name: 'execution', value: '1' },
      { name: 'attempt', value: '1' },
      { name: 'producer', value: 'producer-1' },
      { name: 'seq', value: '3' },
      { name: 'position', value: '2:9' },
      { name: 'own_time', value: '1969-12-31T23:59:59.999999999Z' },
    ])
  })

  it('gives the same bytes for the same records, in whatever batch they come', () => {
    const values = logEntries(20)
    const whole = toEntries(logBatch(values, { appendedAt }), settings)
    const half = toEntries(logBatch(values.slice(10), { appendedAt, from: 10 }), settings)
    expect(Buffer.from(encode(half))).toEqual(encode(whole.slice(10)))
  })

  it.each([
    ['times before 1970', { seconds: -1, nanos: 5 }, 'x'],
    ['the epoch', { seconds: 0, nanos: 0 }, ''],
    ['names of any script, short and long', { seconds: 1, nanos: 999_999_999 }, 'ü🎉'.repeat(40)],
    ['a line of a megabyte', { seconds: 4_000_000_000, nanos: 1 }, 'x'.repeat(1024 * 1024)],
  ])('is read by the library as it was meant: %s', (_, timestamp, text) => {
    const [own] = toEntries(logBatch(logEntries(1), { appendedAt }), settings)
    const [line, metadata] = [Buffer.from(text), [['name', text.slice(0, 200)]] as const]
    const bytes = entryBytes(timestamp, line, metadata)
    const entry = { ...(own as LokiEntry), timestamp, line, metadata, bytes }
    const { streams } = decode(encodePushRequest(`{a="${text.slice(0, 100)}"}`, [entry, entry]))
    const read = {
      timestamp: { seconds: String(timestamp.seconds), nanos: timestamp.nanos },
      ...{ line: text, structuredMetadata: [{ name: 'name', value: text.slice(0, 200) }] },
    }
    expect(streams).toEqual([{ labels: `{a="${text.slice(0, 100)}"}`, entries: [read, read], hash: '0' }])
  })

  it('grows with what an entry is counted with', () => {
    const entries = toEntries(logBatch(logEntries(100), { appendedAt }), settings)
    const counted = entries.reduce((sum, { bytes }) => sum + bytes, 0)
    const request = encode(entries)
    expect(request.length).toBeGreaterThan(counted)
    expect(request.length).toBeLessThan(counted + entries.length * 4 + 200)
  })
})
