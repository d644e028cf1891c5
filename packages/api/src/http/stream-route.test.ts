import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { installStreams } from './stream-route.ts'

test('a connection whose upgrade is refused is closed by the server, whatever its client does', async () => {
  const app = fastify()
  installStreams(app, [], () => undefined)
  const closed = new Promise((resolve) => app.server.on('connection', (socket) => socket.on('close', resolve)))
  await app.listen({ host: '127.0.0.1', port: 0 })
  // It never closes its half, and has sent more than was asked for.
  const client = connect({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  try {
    let answer = ''
    client.setEncoding('utf8').on('data', (piece: string) => (answer += piece))
    client.write('GET /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nmore')
    await Promise.all([closed, once(client, 'end')])
    expect(answer).toMatch(/^HTTP\/1\.1 404 .*RL_ROUTE_NOT_FOUND/s)
  } finally {
    client.destroy()
    await app.close()
  }
})
