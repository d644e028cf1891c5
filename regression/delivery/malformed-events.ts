// Events that are wrong in every way we could think of, and what must become of each. Loki takes no events.

import type { Random } from '../oracle/random.ts'
import type { Fate, MalformedRecord } from './malformed-records.ts'
import { runEvent } from './run-records.ts'
import { ODD } from './malformed-records.ts'

interface EventKind {
  name: string
  postgres: Fate
  /** @param number different for each event; those that are stored carry it as their seq */
  make: (number: number) => Buffer | null
}

const RUNS = 5
const type = (number: number) => (number % 2 === 0 ? 'NODE_PROGRESS' : 'NODE_STARTED')

/** A good event, to be spoilt. */
function event(number: number, extra: object = {}): object {
  const producer = { id: ODD.producer, seq: number }
  return { ...runEvent(`odd-events-${number % RUNS}`, type(number), number, { orgId: ODD.org, producer }), ...extra }
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const spoilt = (extra: object) => (number: number) => json(event(number, extra))

/** A good event with a member written by hand. */
const withMember =
  (member: string, extra: object = {}) =>
  (number: number) =>
    Buffer.from(`${JSON.stringify(event(number, extra)).slice(0, -1)},${member}}`)

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

const WRONG_FIELDS: Readonly<Record<string, object>> = {
  'no run': { runId: undefined },
  'a run of a wrong type': { runId: 7 },
  'a type that is none': { type: 'NODE_EXPLODED' },
  'a type of a wrong type': { type: ['NODE_STARTED'] },
  'a node event without its node': { nodeRef: undefined },
  'attempt 0': { attempt: 0 },
  'half an execution': { execution: 1.5 },
  'an error that is a text': { error: 'boom' },
  'an error without its type': { error: { message: 'boom', retryable: true } },
  'causes that are no texts': { causes: [1, null, {}] },
  'causes that are no list': { causes: 'RUN_STARTED' },
  'data that is a list': { data: [1] },
  'data that is a text': { data: 'text' },
  'a start without data': { type: 'RUN_STARTED', data: undefined },
  'a start whose graph is a text': { type: 'RUN_STARTED', data: { graph: 'a → b' } },
  'a start whose nodes have no names': { type: 'RUN_STARTED', data: { graph: { nodes: [{ after: [] }] } } },
  'a close without its account': { type: 'PRODUCER_CLOSED', data: {} },
  'a close that counts below zero': { type: 'PRODUCER_CLOSED', data: { logs: { count: -1 } } },
  'a time that is none': { timestamp: 'yesterday' },
  'a producer with a fraction': { producer: { id: ODD.producer, seq: 0.5 } },
}

const KINDS: readonly EventKind[] = [
  ...Object.entries(WRONG_FIELDS).map(([name, extra]): EventKind => {
    return { name, postgres: 'schema', make: spoilt(extra) }
  }),
  { name: 'an organisation that is none', postgres: 'org', make: spoilt({ orgId: '../x' }) },
  { name: 'JSON that ends too early', postgres: 'json', make: (number) => json(event(number)).subarray(0, -1) },
  { name: 'a tombstone', postgres: 'json', make: () => null },
  {
    name: 'no UTF-8',
    postgres: 'encoding',
    make: (number) => Buffer.concat([json(event(number)), Buffer.from([0xff])]),
  },
  { name: 'a NUL as an escape', postgres: 'unrepresentable', make: spoilt({ data: { 'a\0b': 1 } }) },
  { name: 'half of a surrogate pair', postgres: 'unrepresentable', make: withMember('"outputSummary":"\\ud83d"') },
  { name: 'a number beyond every number', postgres: 'refused', make: withMember('"outputSummary":1e999999') },
  {
    name: 'nesting that no server reads',
    postgres: 'refused',
    make: withMember(`"data":{"details":${nested(50_000)}}`),
  },
  { name: 'nesting of 6,000', postgres: 'stored', make: withMember(`"data":{"details":${nested(6_000)}}`) },
  {
    name: 'a failure that nests',
    postgres: 'stored',
    make: withMember(`"data":{"details":${nested(6_000)},"nodeRef":["fetch"]}`, { type: 'NODE_FAILED' }),
  },
  {
    name: 'a graph that nests, and has more than it should',
    postgres: 'stored',
    make: withMember(`"data":{"graph":{"nodes":[],"more":${nested(6_000)}}}`, { type: 'RUN_STARTED' }),
  },
  {
    name: 'names of JavaScript',
    postgres: 'stored',
    make: withMember(
      '"__proto__":{"type":"RUN_FAILED"},"data":{"__proto__":{"nodeRef":"x"},"constructor":{"prototype":1}}',
    ),
  },
  { name: 'an end whose list of attempts is none', postgres: 'stored', make: spoilt({ data: { attempts: 'all' } }) },
  { name: 'causes that nobody knows', postgres: 'stored', make: spoilt({ causes: ['', '9/x/9/NOTHING', '"},{\\'] }) },
  { name: 'a megabyte of data', postgres: 'stored', make: spoilt({ data: { large: 'x'.repeat(1024 * 1024) } }) },
  { name: 'a label that looks like a query', postgres: 'stored', make: spoilt({ nodeRef: '{{.}} "} |= `x` 😀' }) },
]

/** So many of each kind, in a random order. */
export function malformedEvents(random: Random, each: number): MalformedRecord[] {
  const kinds = KINDS.flatMap((kind) => Array.from({ length: each }, () => kind))
  return random.shuffle(kinds).map(({ name, postgres, make }, index) => ({
    ...{ kind: `event: ${name}`, postgres, value: make(index + 1) },
    key: Buffer.from(`odd-events-${(index + 1) % RUNS}`),
  }))
}
