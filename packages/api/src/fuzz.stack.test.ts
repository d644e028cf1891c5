// Hostile requests at every route that the OpenAPI document names: no mistake of the server, no answer that is not
// documented; offers that are not taken, and readers that take nothing.

import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import type { RunPage } from '@runlight/contracts/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApi } from './test/api.fixture.ts'
import type { TestApi } from './test/api.fixture.ts'
import { readDocument } from './test/document.fixture.ts'
import type { DocumentedParameter, Operation } from './test/document.fixture.ts'
import { hostileRequests } from './test/hostile-requests.fixture.ts'
import { logEntry, traceEvent } from './test/records.fixture.ts'
import { startTraceStore } from './test/trace-store.fixture.ts'
import type { TraceStore } from './test/trace-store.fixture.ts'

/** To repeat a failure: FUZZ_SEED=… FUZZ_REQUESTS=… */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
/** Requests at each operation. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 60)

const RUN = 'run-fuzzed'

let store: TraceStore
let api: TestApi
let operations: Operation[]

beforeAll(async () => {
  store = await startTraceStore()
  api = await startTestApi(store.postgres)
  await store.storeEvents([traceEvent({ runId: RUN, type: 'RUN_STARTED' })])
  await store.storeLogs([logEntry({ runId: RUN }), logEntry({ runId: RUN, type: 'job' })])
  operations = (await readDocument(api.url)).operations
})

afterAll(async () => {
  await api?.stop()
  await store?.stop()
})

interface Sent {
  path: string
  method: string
  headers: Record<string, string>
  body: string | undefined
}

const HOSTILE = [
  ...['', '0', '-1', '1.5', '1e400', 'NaN', '9'.repeat(30), 'null', 'true', '[]', '{}', '\u0000', '\uFFFD', '💩'],
  ...[
    '..',
    '../../etc/passwd',
    "' OR 1=1 --",
    '%',
    '%00',
    '%25',
    '\\',
    '$(id)',
    '{{7*7}}',
    '(?:a+)+$',
    '(',
    '[a-',
    '.*',
  ],
  ...['now', '15m', '999999d', '2026-02-30T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '0001-01-01T00:00:00Z'],
  ...['-1000', 'start', 'end', 'AAAA', 'x'.repeat(300), 'A'.repeat(12_000), '{run_id="x"}', '{} |~ "("', RUN],
]

/** Values for a parameter: those that its schema allows, those that stand near them, and anything else. */
function valueOf(schema: Record<string, unknown>): fc.Arbitrary<string> {
  const {
    type,
    pattern,
    minimum = 0,
    maximum = 1_000,
  } = schema as { type?: string; pattern?: string; minimum?: number; maximum?: number }
  const allowed = (schema['enum'] as unknown[] | undefined)?.map(String)
  const fitting =
    allowed && allowed.length > 0
      ? fc.constantFrom(...allowed)
      : type === 'integer'
        ? fc.integer({ min: minimum - 1, max: Math.min(maximum + 1, 2 ** 53) }).map(String)
        : pattern !== undefined
          ? fc.oneof(fc.constant(RUN), simplePattern(pattern))
          : fc.constant(RUN)
  return fc.oneof(
    { weight: 3, arbitrary: fitting },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  )
}

/** What a pattern allows, where it is one that can be turned round. */
function simplePattern(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern), { size: 'small' })
  } catch {
    return fc.constant(RUN)
  }
}

function requests(operation: Operation): fc.Arbitrary<Sent> {
  const { method, path, parameters, body } = operation
  const ofKind = (kind: DocumentedParameter['in']) => parameters.filter((one) => one.in === kind)
  const record = (kind: DocumentedParameter['in'], requiredKeys: string[]) =>
    fc.record(Object.fromEntries(ofKind(kind).map(({ name, schema }) => [name, valueOf(schema)])), {
      requiredKeys,
    } as object) as fc.Arbitrary<Record<string, string>>
  // Half of the requests have nothing strange besides, so that they get further than the first check.
  const strange = fc.option(
    fc.tuple(fc.constantFrom('page', '__proto__', 'limit', 'cursor'), fc.constantFrom(...HOSTILE)),
    { freq: 1 },
  )
  const json = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
    fc
      .record(
        { runId: valueOf({}), orgId: valueOf({}), workflowId: valueOf({}), inputs: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '',
      '{',
      '{"inputs":{"faults":{"__proto__":{}}}}',
      `${'['.repeat(20_000)}`,
      '"'.padEnd(70_000, 'x'),
    ),
  )
  const media = fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', 'x', '')
  return fc
    .tuple(
      record(
        'path',
        ofKind('path').map(({ name }) => name),
      ),
      fc.oneof(fc.constant({}), record('query', [])),
      strange,
      method === 'POST'
        ? fc.option(fc.tuple(json, media), { nil: undefined, freq: body ? 10 : 2 })
        : fc.constant(undefined),
    )
    .map(([inPath, inQuery, extra, content]) => {
      const query = new URLSearchParams(inQuery)
      if (extra) query.append(...extra)
      // What is no whole character can't be written into an address.
      const segment = (text: string) => encodeURIComponent(Buffer.from(text).toString())
      const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(inPath[name] ?? ''))
      const text = query.toString()
      return {
        method,
        path: text === '' ? address : `${address}?${text}`,
        headers: content && content[1] !== '' ? { 'content-type': content[1] } : {},
        body: content?.[0],
      }
    })
}

interface Answer {
  status: number
  type: string
  body: string
}

/** Sends it as it is: fetch would tidy the address up. A stream is read as far as its head. */
function send({ method, path, headers, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${api.url}/`, { method, path, headers, agent: false }, (response) => {
      const type = response.headers['content-type'] ?? ''
      const status = response.statusCode ?? 0
      if (type.startsWith('text/event-stream')) {
        response.destroy()
        return resolve({ status, type, body: '' })
      }
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.on('end', () => resolve({ status, type, body: text })).on('error', reject)
    })
    sent.on('error', reject).end(body)
  })
}

/** An address that is none of the operation's, since a parameter was left empty or is a dot. */
const ELSEWHERE = ['RL_ROUTE_NOT_FOUND', 'RL_METHOD_NOT_ALLOWED']

function faultOf(operation: Operation, answer: Answer): string | undefined {
  const { status, body } = answer
  const code = answer.type.startsWith('application/problem+json') ? (JSON.parse(body) as { code: string }).code : ''
  if (ELSEWHERE.includes(code)) return undefined
  // Loki, Temporal and the bus are away here; nothing else excuses a 5xx.
  if (status >= 500 && status !== 503) return `${status}: ${body}`
  if (status === 400 && !(JSON.parse(body) as { parameter?: string }).parameter)
    return `a 400 without its parameter: ${body}`
  return operation.fault(answer)
}

test(`no request at any route makes the server fail or answer what it does not document (FUZZ_SEED=${SEED})`, async () => {
  expect(operations.length).toBeGreaterThan(20)
  const seen = new Map<number, number>()
  for (const operation of operations) {
    await fc.assert(
      fc.asyncProperty(requests(operation), async (sent) => {
        const answer = await send(sent)
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
        const fault = faultOf(operation, answer)
        if (fault !== undefined) throw new Error(`${operation.method} ${operation.path}: ${fault}`)
      }),
      { seed: SEED, numRuns: REQUESTS, interruptAfterTimeLimit: 60_000 },
    )
  }
  // It has seen good answers as well as refusals.
  for (const status of [200, 400, 404, 503]) expect(seen.get(status), `${status}`).toBeGreaterThan(0)
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200)
})

hostileRequests(() => api, RUN)

test('an offer of HTTP/2 is turned down: the request is answered as if there were none', async () => {
  const asked = (method: string, path: string, body = '') =>
    new Promise<[status: number | undefined, text: string]>((resolve, reject) => {
      const headers = {
        ...{ connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA' },
        ...(body && { 'content-type': 'application/json', 'content-length': body.length }),
      }
      request(new URL(path, api.url), { method, headers, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece) => (text += piece))
        response.on('end', () => resolve([response.statusCode, text]))
      })
        .on('error', reject)
        .end(body)
    })
  const [status, text] = await asked('GET', '/workflows/runs?limit=3')
  expect(status).toBe(200)
  // Who is away, and why, may be told otherwise the next time.
  const { degraded: _, ...page } = JSON.parse(text) as RunPage
  const { degraded: __, ...same } = await api.get<RunPage>('/workflows/runs', { limit: 3 })
  expect(page).toEqual(same)
  expect(page.runs.length).toBeGreaterThan(0)
  const [refused, problem] = await asked('POST', '/workflows/runs', '{"nothing":"of the kind"}')
  expect([refused, (JSON.parse(problem) as { detail: string }).detail]).toEqual([
    400,
    expect.stringContaining('nothing'),
  ])
  expect((await asked('GET', `/workflows/runs/${RUN}/stream/ws`))[0]).toBe(426)
})

test('a reader that takes nothing of its answer is let go of', async () => {
  const pad = 'x'.repeat(200_000)
  for (let part = 0; part < 3; part++) {
    await store.storeLogs(Array.from({ length: 30 }, () => logEntry({ runId: 'run-large', metadata: { pad } })))
  }
  const hasty = await startTestApi(store.postgres, { stalledMs: 300 })
  const { hostname, port } = new URL(hasty.url)
  const reader = connect(Number(port), hostname)
  try {
    // Without a listener for its data nothing is taken but the first piece.
    reader.write('GET /workflows/runs/run-large/logs?limit=1000 HTTP/1.1\r\nhost: api\r\n\r\n')
    await once(reader, 'readable')
    await expect.poll(() => hasty.connections(), { timeout: 20_000 }).toBe(0)
  } finally {
    reader.destroy()
    await hasty.stop()
  }
})
