// Grafana can't be had where the suite runs: what it answers here is what its HTTP API documents.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkGrafana } from './data-sources.ts'

const PASSWORD = 'word-of-the-test'
const OK = { status: 200, body: { status: 'OK', message: 'Data source is working' } }

let server: Server
let address: string
/** What Grafana tells of each data source by its uid. */
let sources: Record<string, { status: number; body: object }>
/** Status of what is asked through it. */
let through: Record<string, number>

beforeEach(async () => {
  sources = { prometheus: OK, loki: OK, postgres: OK }
  through = {}
  server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
    }
    if (request.url === '/api/health') return answer(200, { database: 'ok', version: '12.0.0' })
    const isAdmin = request.headers.authorization === `Basic ${btoa(`admin:${PASSWORD}`)}`
    if (!isAdmin) return answer(401, { message: 'Invalid username or password' })
    const proxied = /^\/api\/datasources\/proxy\/uid\/(.+)$/.exec(request.url ?? '')?.[1]
    if (proxied !== undefined) return answer(through[proxied] ?? 404, {})
    const uid = /^\/api\/datasources\/uid\/(\w+)\/health$/.exec(request.url ?? '')?.[1] ?? ''
    const { status, body } = sources[uid] ?? { status: 404, body: { message: 'Data source not found' } }
    answer(status, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

async function check(readSecret = () => Promise.resolve(PASSWORD)) {
  const { signal } = new AbortController()
  const outputs = { addresses: { grafana: address }, components: {} }
  const environment = { apiUrl: address, stack: { name: 'dev', outputs, readSecret } }
  const api = createApiClient({ baseUrl: address, signal })
  const finding = await checkGrafana({ environment }, { api, signal, say: () => undefined })
  expect(JSON.stringify(finding)).not.toContain(PASSWORD)
  expect(JSON.stringify(finding)).not.toContain(btoa(`admin:${PASSWORD}`))
  return finding
}

test('Grafana is well when each provisioned data source answers it', async () => {
  expect(await check()).toEqual({
    state: 'ok',
    seen: `Grafana 12.0.0 answers at ${address}, and so do its data sources: prometheus, loki, postgres.`,
  })
})

test('a data source that is missing, and one that does not answer Grafana, are named with the reason', async () => {
  delete sources['loki']
  sources['postgres'] = { status: 400, body: { status: 'ERROR', message: 'pq: password authentication failed' } }
  const { state, seen } = await check()
  expect(state).toBe('failed')
  expect(seen).toContain('loki: Grafana has no such data source')
  expect(seen).toContain('postgres: pq: password authentication failed')
  expect(seen).not.toContain('prometheus:')
})

test('a Grafana that has no question for Loki and Prometheus (9.4) is asked through', async () => {
  const none = { status: 404, body: { message: 'Not found' } }
  sources = { prometheus: none, loki: none, postgres: OK }
  through = { 'prometheus/api/v1/query?query=1': 200, 'loki/loki/api/v1/labels': 200 }
  expect((await check()).state).toBe('ok')
  through['loki/loki/api/v1/labels'] = 502
  const { state, seen } = await check()
  expect(state).toBe('failed')
  expect(seen).toContain('loki: asked through Grafana, it answers 502.')
})

test('a password that Grafana refuses, and one that cannot be read, fail the check', async () => {
  expect((await check(() => Promise.resolve('of yesterday'))).seen).toContain(
    'prometheus: Grafana refuses the password',
  )
  const { state, seen, next } = await check(() => Promise.reject(new Error('passphrase must be set')))
  expect(state).toBe('failed')
  expect(seen).toContain('its data sources were not asked: the password of its user admin cannot be read: passphrase')
  expect(next).toContain('pulumi config get runlight:grafanaAdminPassword --stack dev')
})
