import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createLokiClient } from './client.ts'
import type { LokiClient } from './client.ts'

// What gateways and overloaded Lokis answer can't be had from a healthy one: here the answers come from a plain server.
let server: Server
let client: LokiClient

async function answering(listener: RequestListener): Promise<LokiClient> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = createLokiClient(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`), 1)
  return client
}

afterEach(async () => {
  await client.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const push = (own: LokiClient) => own.push('acme', Buffer.from([2, 4, 10, 0]), new AbortController().signal)

describe('push', () => {
  it('names the tenant, and says what the body is', async () => {
    let seen: object = {}
    const own = await answering((request, response) => {
      const { method, url, headers } = request
      seen = { method, url, tenant: headers['x-scope-orgid'], type: headers['content-type'] }
      response.writeHead(204).end()
    })
    await push(own)
    expect(seen).toEqual({
      method: 'POST',
      url: '/prefix/loki/api/v1/push',
      tenant: 'acme',
      type: 'application/x-protobuf',
    })
  })

  it.each([
    [429, 'rate_limited'],
    [500, 'server_error'],
    [502, 'server_error'],
    [503, 'server_error'],
    [401, 'not_authorised'],
    [403, 'not_authorised'],
    [404, 'not_authorised'],
    // A blocked tenant, as Loki reports it by default: not an error to HTTP, and nothing is stored.
    [260, 'other'],
    [408, 'other'],
  ])('is to be repeated after %i', async (status, reason) => {
    const own = await answering((_, response) => response.writeHead(status).end('in its own words'))
    await expect(push(own)).rejects.toMatchObject({
      name: 'DeliveryError',
      reason,
      message: `Loki answered ${status}: in its own words`,
    })
  })

  it.each([400, 413])('is refused for good with %i', async (status) => {
    const own = await answering((_, response) => response.writeHead(status).end('entry too far behind\n'))
    await expect(push(own)).rejects.toMatchObject({ name: 'PushRefused', status, message: 'entry too far behind' })
  })

  it('passes on how long Loki asks to wait, in seconds or as a date', async () => {
    const own = await answering((_, response) => response.writeHead(429, { 'retry-after': '7' }).end())
    await expect(push(own)).rejects.toMatchObject({ retryAfter: 7_000 })
    server.removeAllListeners('request')
    server.on('request', (_, response) => {
      response.writeHead(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).end()
    })
    const failure = (await push(own).catch((cause: unknown) => cause)) as { retryAfter: number }
    expect(failure.retryAfter).toBeGreaterThan(55_000)
    expect(failure.retryAfter).toBeLessThanOrEqual(60_000)
  })

  it('is to be repeated after a connection that was reset or refused', async () => {
    const own = await answering((request) => request.socket.destroy())
    await expect(push(own)).rejects.toMatchObject({ name: 'DeliveryError', reason: 'unreachable' })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(push(own)).rejects.toMatchObject({ name: 'DeliveryError', reason: 'unreachable' })
  })
})
