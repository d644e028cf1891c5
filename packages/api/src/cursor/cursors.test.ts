import { createHash } from 'node:crypto'
import { RunlightError } from '@runlight/contracts/errors'
import { describe, expect, test } from 'vitest'
import {
  openLogCursor,
  openRunsCursor,
  openTraceCursor,
  sealLogCursor,
  sealRunsCursor,
  sealTraceCursor,
} from './cursors.ts'
import type { LogCursor } from './cursors.ts'

const LIST = ['run-1', 'forward', undefined, 'error']
const MAX = 2n ** 63n - 1n

const history: LogCursor = {
  segment: 'history',
  bounds: { since: -1n, until: undefined },
  vector: {
    generation: '0a1b2c3d',
    partitions: [{ nextOffset: 0n, sinceMs: 0 }, undefined, { nextOffset: MAX - 1n, sinceMs: 1_795_260_000_123 }],
    otherwise: { nextOffset: 0n, sinceMs: 253_402_300_799_999 },
  },
  after: { effectiveNs: 1_795_260_000_123_456_789n, partition: 3, offset: 9_007_199_254_740_993n },
  end: { effectiveNs: -(2n ** 63n), partition: 2_147_483_647, offset: MAX },
}
const arrivals: LogCursor = { segment: 'arrivals', bounds: { since: MAX, until: 0n }, vector: history.vector }

/** A small generator of its own (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function refusalOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof RunlightError) return error.code
    throw error
  }
}

test('every cursor comes back as it was, to the last digit', () => {
  const live = { events: MAX, done: true }
  for (const cursor of [history, arrivals, { ...history, live }, { ...arrivals, live }])
    expect(openLogCursor(sealLogCursor(cursor, LIST), LIST)).toEqual(cursor)
  const runs = { createdMicros: 1_795_260_000_123_456n, runId: 'ein Läuf/💡', bounds: { since: -5n, until: undefined } }
  expect(openRunsCursor(sealRunsCursor(runs, LIST), LIST)).toEqual(runs)
  expect(openTraceCursor(sealTraceCursor(MAX, LIST), LIST)).toBe(MAX)
})

test('a vector of a thousand partitions still fits', () => {
  const partitions = Array.from({ length: 1_000 }, () => ({ nextOffset: 2n ** 40n, sinceMs: 1_795_260_000_123 }))
  const cursor: LogCursor = { ...history, vector: { ...history.vector, partitions } }
  const text = sealLogCursor(cursor, LIST)
  expect(openLogCursor(text, LIST)).toEqual(cursor)
  expect(text.length).toBeLessThan(24_000)
})

describe('a cursor is refused', () => {
  test('by any other list', () => {
    const text = sealLogCursor(history, LIST)
    for (const list of [['run-2', ...LIST.slice(1)], [...LIST, 'x'], LIST.slice(0, 3), ['run-1', 'forward', 'error']]) {
      expect(refusalOf(() => openLogCursor(text, list))).toBe('RL_CURSOR_INVALID')
    }
  })

  test('where another kind is meant', () => {
    expect(refusalOf(() => openTraceCursor(sealLogCursor(history, LIST), LIST))).toBe('RL_CURSOR_INVALID')
    expect(refusalOf(() => openLogCursor(sealTraceCursor(1n, LIST), LIST))).toBe('RL_CURSOR_INVALID')
    expect(refusalOf(() => openRunsCursor(sealTraceCursor(1n, LIST), LIST))).toBe('RL_CURSOR_INVALID')
  })

  test('when any bit of it is changed, or it is cut or made longer', () => {
    const text = sealLogCursor(history, LIST)
    const bytes = Buffer.from(text, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(refusalOf(() => openLogCursor(changed.toString('base64url'), LIST))).toBe('RL_CURSOR_INVALID')
    }
    for (let end = 0; end < text.length; end++) {
      expect(refusalOf(() => openLogCursor(text.slice(0, end), LIST))).toBe('RL_CURSOR_INVALID')
    }
    for (const more of ['A', '=', ' ', '%00', text]) {
      expect(refusalOf(() => openLogCursor(text + more, LIST))).toBe('RL_CURSOR_INVALID')
    }
  })

  test('when it is made up', () => {
    const next = random(1)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= %\u0000é'
    for (let round = 0; round < 5_000; round++) {
      const text = Array.from(
        { length: Math.floor(next() * 120) },
        () => alphabet[Math.floor(next() * alphabet.length)],
      )
      expect(refusalOf(() => openLogCursor(text.join(''), LIST))).toBe('RL_CURSOR_INVALID')
    }
  })

  test('when its fields make no sense, though its seal is right', () => {
    const next = random(2)
    let refused = 0
    for (let round = 0; round < 5_000; round++) {
      const fields = Array.from({ length: Math.floor(next() * 60) }, () => Math.floor(next() * 256))
      const body = Buffer.from([1, 3 + Math.floor(next() * 4), ...fields])
      const seal = createHash('sha256').update(body).update(JSON.stringify(LIST)).digest().subarray(0, 6)
      const code = refusalOf(() => openLogCursor(Buffer.concat([body, seal]).toString('base64url'), LIST))
      if (code !== undefined) refused++
      expect(['RL_CURSOR_INVALID', undefined]).toContain(code)
    }
    expect(refused).toBeGreaterThan(4_900)
  })
})
