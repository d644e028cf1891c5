// Records that are wrong in every way we could think of, and what must become of each.

import type { DeadLetterReason } from '@runlight/contracts/dead-letter'
import type { Random } from '../oracle/random.ts'

/** What a sink does with a record. */
export type Fate = DeadLetterReason | 'stored'

export interface MalformedRecord {
  kind: string
  key: Buffer | null
  value: Buffer | null
  headers?: Record<string, string>
  /** Undefined where the sink does not take its topic. */
  loki?: Fate
  postgres: Fate
}

export interface MalformedKind {
  name: string
  /** Of all malformed records; those without take what is left. */
  count?: number
  loki: Fate
  postgres: Fate
  /** @param number different for each record; those that are stored carry it as their seq */
  make: (number: number, random: Random) => Pick<MalformedRecord, 'value'> & Partial<MalformedRecord>
}

/** The organisation and the producer of those that are stored. */
export const ODD = { org: 'odd', producer: 'odd' } as const

/** A good entry to be spoilt. */
function entry(number: number, extra: object = {}): Record<string, unknown> {
  return {
    schemaVersion: 1,
    type: 'task',
    orgId: ODD.org,
    runId: `odd-${number % 7}`,
    execution: 1,
    nodeRef: 'fetch',
    attempt: 1,
    timestamp: new Date().toISOString(),
    level: 'info',
    stream: 'stdout',
    message: `odd line ${number}`,
    producer: { id: ODD.producer, seq: number },
    ...extra,
  }
}

const json = (value: unknown) => ({ value: Buffer.from(JSON.stringify(value)) })
const text = (value: string) => ({ value: Buffer.from(value) })
const good = (number: number, extra: object = {}) => json(entry(number, extra))
const both = (fate: Fate) => ({ loki: fate, postgres: fate })

/** The text of a good entry with a member written by hand. */
function withMember(number: number, member: string): string {
  return `${JSON.stringify(entry(number)).slice(0, -1)},${member}}`
}

const WRONG_FIELDS: readonly ((number: number) => object)[] = [
  (number) => ({ message: number }),
  () => ({ message: null }),
  () => ({ message: undefined }),
  () => ({ timestamp: Date.now() }),
  () => ({ timestamp: 'yesterday' }),
  () => ({ timestamp: '2026-02-30T00:00:00Z' }),
  () => ({ timestamp: '0001-01-01T00:00:00Z' }),
  () => ({ timestamp: '9999-12-31T23:59:59Z' }),
  () => ({ level: 'fatal' }),
  () => ({ level: ['info'] }),
  () => ({ stream: 'Std Out' }),
  () => ({ type: 'other' }),
  () => ({ type: 'job', runId: undefined }),
  () => ({ type: 'system', component: 'c' }),
  () => ({ nodeRef: undefined }),
  () => ({ attempt: 0 }),
  () => ({ execution: 1.5 }),
  () => ({ execution: 2 ** 31 }),
  () => ({ metadata: ['a', 'list'] }),
  () => ({ metadata: 'text' }),
  () => ({ schemaVersion: '1' }),
  () => ({ runId: 'r'.repeat(257) }),
  () => ({ runId: 'line\nfeed' }),
  () => ({ runId: '' }),
  () => ({ producer: { id: '', seq: 1 } }),
  () => ({ producer: { id: 'p'.repeat(201), seq: 1 } }),
  () => ({ producer: { id: 'p', seq: 0 } }),
  () => ({ producer: { id: 'p', seq: -5 } }),
  () => ({ producer: { id: 'p', seq: 2 ** 53 } }),
  () => ({ trace: { traceId: 'xyz', spanId: '0'.repeat(16) } }),
]

const NOT_UTF8 = [
  [0xff],
  [0xc0, 0xaf],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xfe, 0xff, 0x00, 0x41],
]

const DEEP = 200_000
const MEGABYTE = 1024 * 1024

export const MALFORMED_KINDS: readonly MalformedKind[] = [
  {
    name: 'JSON that ends too early',
    ...both('json'),
    make: (number, random) => {
      const whole = JSON.stringify(entry(number))
      return text(whole.slice(0, random.between(1, whole.length - 1)))
    },
  },
  {
    name: 'JSON with something after it',
    ...both('json'),
    make: (number) => text(`${JSON.stringify(entry(number))} and ${number}`),
  },
  {
    name: 'JSON after a byte order mark',
    ...both('json'),
    make: (number) => text(`\ufeff${JSON.stringify(entry(number))}`),
  },
  { name: 'plain text', ...both('json'), make: (number) => text(`ERROR 2026-11-21 something went wrong ${number}`) },
  { name: 'a bare NUL in a text', ...both('json'), make: (number) => text(`{"message":"\0 ${number}"}`) },
  { name: 'an empty value', count: 2_000, ...both('json'), make: () => ({ value: Buffer.alloc(0) }) },
  { name: 'a tombstone', count: 2_000, ...both('json'), make: () => ({ value: null }) },
  {
    name: 'JSON that is no object',
    ...both('schema'),
    make: (number, random) => json(random.pick([[number], `text ${number}`, number + 0.5, [[{ number }]]])),
  },
  { name: 'an object that is no entry', ...both('schema'), make: (number) => json({ log: 'from elsewhere', number }) },
  {
    name: 'a field of a wrong type or value',
    ...both('schema'),
    make: (number, random) => good(number, { note: number, ...random.pick(WRONG_FIELDS)(number) }),
  },
  {
    name: 'an organisation that is none',
    ...both('org'),
    make: (number, random) => good(number, { orgId: random.pick(['a b', '', 'ü', '../x', 'o'.repeat(129)]) }),
  },
  {
    name: 'bytes that are no UTF-8',
    ...both('encoding'),
    make: (number, random) => ({
      value: Buffer.concat([
        Buffer.from(`{"message":"${number} `),
        Buffer.from(random.pick(NOT_UTF8)),
        Buffer.from('"}'),
      ]),
    }),
  },
  {
    name: 'a NUL as an escape',
    loki: 'stored',
    postgres: 'unrepresentable',
    make: (number) => good(number, { message: `before\0after ${number}` }),
  },
  {
    name: 'a NUL in a key of the metadata',
    count: 500,
    loki: 'stored',
    postgres: 'unrepresentable',
    make: (number) => good(number, { metadata: { 'a\0b': number } }),
  },
  {
    name: 'half of a surrogate pair',
    loki: 'stored',
    postgres: 'unrepresentable',
    make: (number) => text(withMember(number, `"metadata":{"half":"\\ud83d ${number}"}`)),
  },
  {
    name: 'a number beyond every number',
    count: 20,
    loki: 'stored',
    postgres: 'refused',
    make: (number) => text(withMember(number, `"metadata":{"n":1e999999,"m":${number}}`)),
  },
  {
    name: 'deep nesting',
    count: 10,
    loki: 'stored',
    postgres: 'refused',
    make: (number) => text(withMember(number, `"metadata":{"deep":${'['.repeat(DEEP / 4)}${']'.repeat(DEEP / 4)}}`)),
  },
  {
    name: 'nesting of 500',
    count: 500,
    ...both('stored'),
    make: (number) => text(withMember(number, `"metadata":{"deep":${'['.repeat(500)}${']'.repeat(500)}}`)),
  },
  {
    // Deeper than JSON.stringify goes.
    name: 'nesting of 6,000',
    count: 100,
    ...both('stored'),
    make: (number) => text(withMember(number, `"metadata":{"deep":${'['.repeat(6_000)}${']'.repeat(6_000)}}`)),
  },
  {
    name: 'a line of 5 MB',
    count: 10,
    ...both('stored'),
    make: (number) => good(number, { message: `${'five megabytes '.repeat((5 * MEGABYTE) / 15)}${number}` }),
  },
  {
    name: 'a line of 300 KB with a character of four bytes everywhere',
    count: 20,
    ...both('stored'),
    make: (number) => good(number, { message: `${'😀'.repeat(75_000)}${number}` }),
  },
  {
    name: 'a label of its own',
    count: 2_000,
    ...both('stored'),
    make: (number) => good(number, { runId: `explosion-${number}`, nodeRef: `node-${number}` }),
  },
  {
    name: 'a label that looks like a query',
    ...both('stored'),
    make: (number) => good(number, { runId: 'odd"} |= `x` \\ {a=~".*"', nodeRef: '{{.}} 😀 %2F/' }),
  },
  {
    name: 'a time of 1970 or 2100',
    ...both('stored'),
    make: (number, random) =>
      good(number, {
        timestamp: random.pick([
          '1970-01-01T00:00:00Z',
          '2100-12-31T23:59:59.999999999Z',
          '1700-01-01T00:00:00.5+14:00',
        ]),
      }),
  },
  {
    name: '__proto__ as a key',
    ...both('stored'),
    make: (number) =>
      text(
        withMember(
          number,
          `"__proto__":{"level":"error"},"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":1}}`,
        ),
      ),
  },
  {
    name: 'a key that is there twice',
    ...both('stored'),
    make: (number) => text(withMember(number, `"message":"the second one ${number}"`)),
  },
  {
    name: 'digits that a double loses',
    ...both('stored'),
    make: (number) =>
      text(withMember(number, `"metadata":{"big":12345678901234567890123,"small":0.1000000000000000000001}`)),
  },
  { name: 'no key', ...both('stored'), make: (number) => ({ ...good(number), key: null }) },
  {
    name: 'a key of 600 KB',
    count: 20,
    ...both('stored'),
    make: (number) => ({ ...good(number), key: Buffer.alloc(600 * 1024, 'k') }),
  },
  {
    name: 'a key that is no text',
    ...both('stored'),
    make: (number, random) => ({ ...good(number), key: Buffer.from([0, 255, random.below(256)]) }),
  },
  {
    name: 'headers of a replay',
    ...both('stored'),
    make: (number) => ({
      ...good(number),
      headers: { 'runlight-origin': '{"offset":"1"}', 'x-other': 'ü'.repeat(100) },
    }),
  },
]

/** Exactly `count` records, of every kind, in a random order. */
export function malformedRecords(random: Random, count: number): MalformedRecord[] {
  const counted = MALFORMED_KINDS.reduce((sum, kind) => sum + (kind.count ?? 0), 0)
  const open = MALFORMED_KINDS.filter((kind) => kind.count === undefined)
  const kinds = MALFORMED_KINDS.flatMap((kind) => Array.from({ length: kind.count ?? 0 }, () => kind))
  for (let number = counted; number < count; number++) kinds.push(open[number % open.length] as MalformedKind)
  return random.shuffle(kinds).map(({ name, loki, postgres, make }, index) => ({
    kind: name,
    key: Buffer.from(`odd-${index % 7}`),
    loki,
    postgres,
    ...make(index + 1, random),
  }))
}
