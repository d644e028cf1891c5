import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { RunlightError } from '@runlight/contracts/errors'
import { expect, test } from 'vitest'
import { problemOf, refuseConnection } from './problem.ts'

test.each(['Loki cannot answer: connect ECONNREFUSED', 'Loki cannot answer: connect ECONNREFUSED.'])(
  'what went wrong ends as a sentence before what to do next: %s',
  (message) => {
    const { detail } = problemOf(new RunlightError('RL_STORE_UNAVAILABLE', message), 'request')
    expect(detail).toMatch(/connect ECONNREFUSED\. Try again/)
  },
)

test('a connection whose request does not come is closed, whatever its client does', async () => {
  // As the HTTP server has it.
  const server = createServer({ allowHalfOpen: true })
  const closed = new Promise((resolve) => {
    server.on('connection', (socket: Socket) => {
      socket.on('close', resolve)
      refuseConnection(Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  try {
    let answer = ''
    client.setEncoding('utf8').on('data', (piece: string) => (answer += piece))
    await Promise.all([closed, once(client, 'end')])
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*RL_REQUEST_TIMEOUT/s)
  } finally {
    client.destroy()
    server.close()
  }
})
