// Pages of other sites: what a browser lets them do here is refused, but for those that are listed.

import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Problem } from '@runlight/contracts/api'
import { METRICS } from '@runlight/contracts/metrics'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, openTab, startChromium } from '../../../../regression/fixtures/chromium.ts'
import { startTestApi } from '../test/api.fixture.ts'
import type { TestApi } from '../test/api.fixture.ts'
import { readEvents } from '../test/event-stream.fixture.ts'
import { logEntry, traceEvent } from '../test/records.fixture.ts'
import { startTraceStore } from '../test/trace-store.fixture.ts'
import type { TraceStore } from '../test/trace-store.fixture.ts'

const RUN = 'run-kept'

let store: TraceStore
let api: TestApi
/** Two sites on other ports. */
let listed: string
let foreign: string
const sites: Server[] = []

beforeAll(async () => {
  store = await startTraceStore()
  await store.storeEvents([traceEvent({ runId: RUN, type: 'RUN_STARTED' })])
  await store.storeLogs([logEntry({ runId: RUN, message: 'a secret' })])
  ;[listed, foreign] = (await Promise.all([startSite(), startSite()])) as [string, string]
  api = await startTestApi(store.postgres, { origins: [listed] })
})

afterAll(async () => {
  for (const site of sites) site.close()
  await api?.stop()
  await store?.stop()
})

async function startSite(): Promise<string> {
  const site = createServer((_, answer) => void answer.writeHead(200, { 'content-type': 'text/html' }).end('<p>A page'))
  sites.push(site)
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`
}

interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  text: string
}

/** Sends these headers, and no others that a browser would. */
function ask(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
    }
    const sent = request(new URL(path, api.url), { method, headers, agent: false }, answered).on('error', reject)
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode, headers: response.headers, text: '' })
    })
    sent.end()
  })
}

const upgrade = {
  ...{ connection: 'Upgrade', upgrade: 'websocket' },
  ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'YSBydW5saWdodCByZWFkZQ==' },
}
const ADDRESSES: [what: string, method: string, path: string, headers: Record<string, string>][] = [
  ['a cancellation', 'POST', `/workflows/runs/${RUN}/cancel`, {}],
  ['lines', 'GET', `/workflows/runs/${RUN}/logs`, {}],
  ['a stream', 'GET', `/workflows/runs/${RUN}/stream`, { accept: 'text/event-stream' }],
  ['a WebSocket', 'GET', `/workflows/runs/${RUN}/stream/ws`, upgrade],
  ['metrics', 'GET', '/metrics', {}],
  ['documentation', 'GET', '/docs', {}],
  ['nothing', 'GET', '/nothing', {}],
  ['another method', 'DELETE', '/workflows/runs', {}],
]

test.each(ADDRESSES)('%s: not for a foreign page, nor under a foreign name', async (_, method, path, headers) => {
  for (const [given, code] of [
    [{ origin: foreign }, 'RL_ORIGIN_REFUSED'],
    [{ origin: 'null' }, 'RL_ORIGIN_REFUSED'],
    [{ host: 'rebound.example', origin: 'http://rebound.example' }, 'RL_HOST_REFUSED'],
    [{ host: 'rebound.example' }, 'RL_HOST_REFUSED'],
  ] as const) {
    const { status, headers: answered, text } = await ask(path, { ...headers, ...given }, method)
    expect([status, (JSON.parse(text) as Problem).code]).toEqual([403, code])
    expect(answered['content-type']).toMatch(/^application\/problem\+json/)
    expect(answered['access-control-allow-origin']).toBeUndefined()
  }
})

test('what is no page is answered as ever, and so is a page of the API itself', async () => {
  for (const headers of [{}, { origin: api.url }, { 'sec-fetch-mode': 'cors', 'user-agent': 'node' }]) {
    const lines = await ask(`/workflows/runs/${RUN}/logs`, headers)
    expect([lines.status, lines.text.includes('a secret')]).toEqual([200, true])
    expect(lines.headers['access-control-allow-origin']).toBeUndefined()
    expect(lines.headers.vary).toBe('origin')
    // Temporal is away here: it was asked.
    expect((await ask(`/workflows/runs/${RUN}/cancel`, headers, 'POST')).status).toBe(503)
    expect((await ask(`/workflows/runs/${RUN}/stream/ws`, { ...upgrade, ...headers })).status).toBe(101)
  }
})

describe('a listed origin', () => {
  const cors = () => expect.objectContaining({ 'access-control-allow-origin': listed }) as unknown

  test('may read what it is answered, refusals too', async () => {
    const lines = await ask(`/workflows/runs/${RUN}/logs`, { origin: listed })
    expect([lines.status, lines.headers, lines.headers.vary]).toEqual([200, cors(), 'origin'])
    const refused = await ask(`/workflows/runs/${RUN}/cancel`, { origin: listed }, 'POST')
    expect([refused.status, refused.headers]).toEqual([503, cors()])
    expect(refused.headers['access-control-expose-headers']).toContain('retry-after')
    expect((await ask('/nothing', { origin: listed })).headers).toEqual(cors())
    expect((await ask(`/workflows/runs/${RUN}/stream/ws`, { ...upgrade, origin: listed })).status).toBe(101)
    const stream = await readEvents(new URL(`/workflows/runs/${RUN}/stream`, api.url), { origin: listed })
    expect([stream.response.headers, stream.response.headers.vary]).toEqual([cors(), 'origin, accept-encoding'])
    stream.cut()
  })

  test('is told what it may send; others are not', async () => {
    const asked = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,traceparent',
    }
    const { status, headers, text } = await ask('/workflows/runs', { origin: listed, ...asked }, 'OPTIONS')
    expect([status, headers, text]).toEqual([204, cors(), ''])
    expect(headers).toMatchObject({
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'content-type,traceparent',
      'access-control-max-age': '600',
    })
    expect((await ask('/workflows/runs', { origin: foreign, ...asked }, 'OPTIONS')).status).toBe(403)
    // Without a question it is a method like others.
    expect((await ask('/workflows/runs', { origin: listed }, 'OPTIONS')).status).toBe(405)
    expect((await ask('/workflows/runs', asked, 'OPTIONS')).status).toBe(405)
  })
})

const executable = findChromium()

describe.skipIf(!executable)('in Chromium', () => {
  let browser: Browser
  let tab: Page
  beforeAll(async () => {
    browser = await startChromium(executable as string, [
      '--host-resolver-rules=MAP rebound.example 127.0.0.1',
      '--no-proxy-server',
    ])
    tab = await openTab(browser)
  })
  afterAll(() => browser?.close())

  /** What became of each of the ways in which a page can ask. */
  const attempt = (): Promise<Record<string, string>> =>
    tab.evaluate(`(async () => {
      const run = ${JSON.stringify(`${api.url}/workflows/runs/${RUN}`)}
      const said = (promise) => promise.then(String, () => 'refused')
      const happened = (target, good) => said(new Promise((resolve, reject) => {
        target.addEventListener(good, () => resolve('let in'))
        target.addEventListener('error', reject)
        target.addEventListener('close', reject)
      }))
      const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
      const events = new EventSource(run + '/stream')
      const socket = new WebSocket(run.replace('http', 'ws') + '/stream/ws')
      const picture = new Image()
      picture.src = run + '/logs'
      const [read, blind, sent, ...rest] = await Promise.all([
        said(fetch(run + '/logs').then(({ status }) => status)),
        said(fetch(run + '/cancel', { method: 'POST', mode: 'no-cors' }).then(({ type }) => type)),
        said(fetch(${JSON.stringify(`${api.url}/workflows/runs`)}, json).then(async (answer) => (await answer.json()).code)),
        happened(events, 'status'),
        happened(socket, 'message'),
        happened(picture, 'load'),
      ])
      events.close()
      socket.close()
      return { read, blind, sent, events: rest[0], socket: rest[1], picture: rest[2] }
    })()`)

  /** How many cancellations went on to Temporal, which is away. */
  const cancellations = async (): Promise<number> => {
    const text = await (await fetch(`${api.url}/metrics`)).text()
    const labels = 'method="POST",route="/workflows/runs/:runId/cancel",status="5xx"'
    const [, count] =
      new RegExp(`^${METRICS.apiRequestSeconds.name}_count\\{${labels}\\} (\\d+)$`, 'm').exec(text) ?? []
    return Number(count ?? 0)
  }

  test('a foreign page reaches nothing, with whatever it tries', async () => {
    const before = await cancellations()
    const statuses = new Set<number>()
    const answered = (response: { url: () => string; status: () => number }) => {
      if (response.url().startsWith(api.url)) statuses.add(response.status())
    }
    await tab.goto(foreign)
    tab.on('response', answered)
    const refused = { read: 'refused', sent: 'refused', events: 'refused', socket: 'refused', picture: 'refused' }
    // A page is told nothing of what it sends blindly.
    expect(await attempt()).toEqual({ ...refused, blind: 'opaque' })
    await expect.poll(() => [...statuses]).toEqual([403])
    tab.off('response', answered)
    expect(await cancellations()).toBe(before)
  })

  test('a listed page reads, follows and sends', async () => {
    const before = await cancellations()
    await tab.goto(listed)
    const outcome = await attempt()
    expect(outcome).toMatchObject({ read: '200', sent: 'RL_ENGINE_UNAVAILABLE', events: 'let in', socket: 'let in' })
    await expect.poll(cancellations).toBe(before + 1)
  })

  test("a page of the API's own may do all of it", async () => {
    await tab.goto(`${api.url}/readyz`)
    const outcome = await attempt()
    expect(outcome).toMatchObject({ read: '200', sent: 'RL_ENGINE_UNAVAILABLE', events: 'let in', socket: 'let in' })
  })

  test('a link from another page leads to the documentation', async () => {
    await tab.goto(foreign)
    await tab.evaluate(`location.href = ${JSON.stringify(`${api.url}/docs`)}`)
    await tab.waitForURL(`${api.url}/docs`)
    expect(await tab.title()).toContain('Runlight')
  })

  test('a name that was moved to this machine reaches nothing', async () => {
    const { port } = new URL(api.url)
    const answer = await tab.goto(`http://rebound.example:${port}/workflows/runs/${RUN}/logs`)
    expect([answer?.status(), ((await answer?.json()) as Problem).code]).toEqual([403, 'RL_HOST_REFUSED'])
  })
})
