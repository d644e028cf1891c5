// What lines say: short and long, of one script and of many, the same again and again.

import type { LogEntry } from '@runlight/contracts/log-entry'
import type { Random } from './random.ts'

const IDENTICAL = ['ok', 'heartbeat', '', 'Waiting for the lock…']

const UNICODE = [
  'Grüße aus Köln – 3 × „gut“',
  '処理が完了しました（1件）',
  'السلام عليكم 123',
  '👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 \u202eright to left\u202c',
  'tab\tand \u001b[31mred\u001b[0m and \u2028 line separator',
  'null \\u0000 as text, "quotes", back\\slash, </script>, %s ${x} {{y}} \ufeffBOM',
]

const PHRASES = [
  'reading the lock file',
  'the checksum differs in',
  'version 1.2.3-beta+5 of package',
  'retrying in 250 ms, since the registry answered 503 for',
  'written to disk',
  'waiting for the lock of /var/lib/example/cache',
  'GET /api/v1/items?page=3&size=100 200 17ms',
  'done',
]

const WORDS = 'reading writing package lock file of version from registry with checksum that differs in time'.split(' ')

/** The message of a line; mostly 40 to 250 bytes, one in two hundred several thousands. */
export function messageOf(random: Random, number: number): string {
  const kind = random.below(1000)
  if (kind < 100) return random.pick(IDENTICAL)
  if (kind < 200) return `${random.pick(UNICODE)} ${number}`
  if (kind < 205) return longLine(random, number)
  const few = `${random.pick(PHRASES)} ${random.pick(PHRASES)} ${number}`
  return kind < 700 ? few : `${random.pick(PHRASES)}: ${random.pick(PHRASES)}, ${random.pick(PHRASES)}; ${few}`
}

function longLine(random: Random, number: number): string {
  return `${random.pick(UNICODE)} ${'0123456789abcdef'.repeat(random.between(100, 1_000))} ${number}`
}

/** Structured context of one line in five. */
export function metadataOf(random: Random): LogEntry['metadata'] {
  if (!random.chance(0.2)) return undefined
  return {
    file: `src/${random.pick(WORDS)}.ts`,
    line: random.below(2_000),
    ...(random.chance(0.3) ? { nested: { ratio: 0.1 + random.below(100), list: [1, null, 'ß', { deep: true }] } } : {}),
    ...(random.chance(0.1) ? { 'key with "quotes" and .dots': [] } : {}),
  }
}
