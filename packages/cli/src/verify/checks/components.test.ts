// An API as its OpenAPI document has it, that finds a component dead.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApiClient } from '@runlight/sdk/client/api-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkComponents } from './components.ts'

let server: Server
let apiUrl: string

beforeEach(async () => {
  const answers: Record<string, object> = {
    '/components': { components: [] },
    '/readyz': { checks: { loki: { ok: false, detail: 'connect ECONNREFUSED' } } },
  }
  server = createServer(({ url = '' }, response) => {
    const headers = { 'content-type': 'application/json', connection: 'close' }
    response.writeHead(answers[url] ? 200 : 404, headers).end(JSON.stringify(answers[url] ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

test.each([
  ['dev', '`npm run up -- --stack dev` starts'],
  ['local', '`npm run up` starts'],
  [undefined, '`npm run up` or `npm run up -- --stack <name>` starts'],
])('what is dead in the stack %s is started again by %s', async (name, advice) => {
  const { signal } = new AbortController()
  const outputs = { addresses: {}, components: {} }
  const stack = name === undefined ? undefined : { name, outputs, readSecret: () => Promise.resolve('') }
  const api = createApiClient({ baseUrl: apiUrl, signal })
  const finding = await checkComponents({ environment: { apiUrl, stack } }, { api, signal, say: () => undefined })
  expect(finding).toMatchObject({ state: 'failed', seen: 'loki: connect ECONNREFUSED.' })
  expect(finding.next).toContain(`${advice} what has died.`)
})
